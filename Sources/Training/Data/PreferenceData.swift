import Datasets
import Diagnostics
import StrictJSON

/// Reads preference pairs as LLaMA-Factory's `dataset_info.json` describes them.
enum PreferenceData {
  /// The pairs of several data sets, one after the other.
  ///
  /// - Parameters:
  ///   - names: entries of `dataset_info.json` in `directory`.
  ///   - limit: the rows taken of each.
  /// - Throws: ``GraftError`` with file, line and row number for the first row that is no
  ///   preference pair.
  static func read(
    _ names: [String], directory: String, limit: Int? = nil
  ) throws(GraftError) -> [PreferencePair] {
    var pairs: [PreferencePair] = []
    for name in names {
      let info = try DatasetInfo(name, directory: directory)
      let before = pairs.count
      for row in try JSONRows(info.file) {
        if let limit, pairs.count - before == limit { break }
        pairs.append(try pair(try row.get(), info))
      }
      guard pairs.count > before else { throw .emptyDataset(name, file: info.file) }
    }
    return pairs
  }

  private static func pair(
    _ row: JSONRows.Row, _ info: DatasetInfo
  ) throws(GraftError) -> PreferencePair {
    guard let object = row.value.object else {
      throw .row("is \(row.value.kindName), expected an object", row, info.file)
    }
    let fields = RowFields(object: object, row: row, info: info)
    return PreferencePair(
      prompt: try info.formatting == .alpaca ? fields.alpacaPrompt() : fields.sharedPrompt(),
      chosen: try fields.answer("chosen"), rejected: try fields.answer("rejected"),
      margin: try fields.margin(), file: info.file, line: row.line)
  }
}

/// One row, read by the meaning of its columns.
private struct RowFields {
  let object: JSONObject
  let row: JSONRows.Row
  let info: DatasetInfo

  func alpacaPrompt() throws(GraftError) -> [JSONValue] {
    var messages: [JSONValue] = []
    if let system = try text("system"), !system.isEmpty {
      messages.append(message("system", system))
    }
    if let history = value("history") {
      guard let turns = history.array else {
        throw wrong("history", history, "a list of [question, answer]")
      }
      for turn in turns {
        guard let texts = turn.array?.compactMap(\.string), texts.count == 2 else {
          throw wrong("history", turn, "a list of [question, answer]")
        }
        messages += [message("user", texts[0]), message("assistant", texts[1])]
      }
    }
    guard let prompt = try text("prompt") else { throw missing("prompt") }
    let parts = [prompt, try text("query") ?? ""].filter { !$0.isEmpty }
    guard !parts.isEmpty else { throw problem("the prompt is empty") }
    return messages + [message("user", parts.joined(separator: "\n"))]
  }

  func sharedPrompt() throws(GraftError) -> [JSONValue] {
    guard let value = value("messages") else { throw missing("messages") }
    guard let turns = value.array else { throw wrong("messages", value, "a list of messages") }
    var messages: [JSONValue] = []
    for turn in turns { messages.append(try convert(turn, in: "messages")) }
    var conversation = messages[...]
    if conversation.first?["role"] == "system" {
      conversation = conversation.dropFirst()
    } else if let system = try text("system"), !system.isEmpty {
      messages.insert(message("system", system), at: 0)
    }
    guard !conversation.isEmpty else { throw problem("there is no message before the answer") }
    for (i, turn) in conversation.enumerated() {
      let isAsking = ["user", "tool"].contains(turn["role"]?.string)
      guard isAsking == (i % 2 == 0) else {
        throw problem(
          "message \(i + 1) is the \(turn["role"]?.string ?? "?")'s; questions and answers must "
            + "take turns, beginning with a question")
      }
    }
    guard conversation.count % 2 == 1 else {
      throw problem("the conversation must end with a question, not with an answer")
    }
    return messages
  }

  func answer(_ meaning: String) throws(GraftError) -> JSONValue {
    guard let value = value(meaning) else { throw missing(meaning) }
    switch value {
    case .string(let text): return message("assistant", text)
    case .object where info.formatting != .alpaca:
      let answer = try convert(value, in: meaning)
      guard answer["role"] == "assistant" else {
        throw problem("'\(column(meaning))' must be the assistant's message")
      }
      return answer
    default:
      throw wrong(meaning, value, info.formatting == .alpaca ? "text" : "a message")
    }
  }

  func margin() throws(GraftError) -> Double {
    guard let value = value("margin") else { return 0 }
    guard let number = value.double, number.isFinite else {
      throw wrong("margin", value, "a number")
    }
    return number
  }

  private func convert(_ turn: JSONValue, in meaning: String) throws(GraftError) -> JSONValue {
    guard turn.object != nil else { throw wrong(meaning, turn, "an object with role and text") }
    let (roleKey, contentKey) = (
      info.tags["role_tag"] ?? "from", info.tags["content_tag"] ?? "value"
    )
    guard let role = turn[roleKey]?.string else {
      throw problem("a message in '\(column(meaning))' has no '\(roleKey)' (its role)")
    }
    guard let content = turn[contentKey]?.string else {
      throw problem("a message in '\(column(meaning))' has no '\(contentKey)' (its text)")
    }
    let roles = [
      (info.tags["user_tag"] ?? "human", "user"),
      (info.tags["assistant_tag"] ?? "gpt", "assistant"),
      (info.tags["system_tag"] ?? "system", "system"),
      (info.tags["observation_tag"] ?? "observation", "tool"),
      (info.tags["function_tag"] ?? "function_call", "assistant"),
    ]
    guard let known = roles.first(where: { $0.0 == role })?.1 else {
      let names = roles.map { "'\($0.0)'" }.joined(separator: ", ")
      throw problem("unknown role '\(role)'; the data set's roles are \(names)")
    }
    return message(known, content)
  }

  private func message(_ role: String, _ content: String) -> JSONValue {
    ["role": .string(role), "content": .string(content)]
  }

  private func column(_ meaning: String) -> String { info.columns[meaning] ?? meaning }

  private func value(_ meaning: String) -> JSONValue? {
    guard let name = info.columns[meaning], let value = object[name], !value.isNull else {
      return nil
    }
    return value
  }

  private func text(_ meaning: String) throws(GraftError) -> String? {
    guard let value = value(meaning) else { return nil }
    guard let text = value.string else { throw wrong(meaning, value, "text") }
    return text
  }

  private func missing(_ meaning: String) -> GraftError {
    let name = column(meaning)
    let meant = suggestion(for: name, among: object.keys)
    return problem("has no '\(name)'" + (meant.map { "; there is '\($0)'" } ?? ""))
  }

  private func wrong(_ meaning: String, _ value: JSONValue, _ expected: String) -> GraftError {
    problem("'\(column(meaning))' must be \(expected), found \(value.kindName)")
  }

  private func problem(_ text: String) -> GraftError { .row(text, row, info.file) }
}
