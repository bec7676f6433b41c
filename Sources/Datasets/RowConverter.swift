import ChatTemplate
public import Diagnostics
import StrictJSON

/// Brings the rows of a data set to one form, as LLaMA-Factory's converters do.
public struct RowConverter: Sendable {
  /// What became of a row.
  public enum Outcome: Sendable, Equatable {
    /// An example.
    case example(Example)
    /// Nothing: it is left out, as LLaMA-Factory leaves it out.
    case dropped(DropReason)
  }

  let info: DatasetInfo
  /// Whether the system's text of OpenAI's layout stays as it is, without what LLaMA-Factory adds.
  let keepsSystem: Bool

  /// A converter for the rows of a data set.
  ///
  /// - Parameter keepsSystem: whether the system's text of OpenAI's layout stays as it is;
  ///   LLaMA-Factory adds to it whether thoughts are wanted, for one family of models.
  public init(_ info: DatasetInfo, keepsSystem: Bool = false) {
    self.info = info
    self.keepsSystem = keepsSystem
  }

  /// Converts a row.
  ///
  /// - Throws: ``GraftError`` with file and line, where the row lacks a column that the data set
  ///   names, or a value is of the wrong type.
  public func convert(_ row: DataRow, file: String) throws(GraftError) -> Outcome {
    guard let object = row.value.object else {
      throw .dataRow(
        "a row must be an object, found \(row.value.kindName)", file: file, line: row.line)
    }
    let fields = RowFields(
      object: object, info: info, keepsSystem: keepsSystem, file: file, line: row.line)
    switch info.formatting {
    case .alpaca: return .example(try fields.alpaca())
    case .sharegpt: return try fields.conversation(isOpenAI: false)
    case .openai: return try fields.conversation(isOpenAI: true)
    }
  }
}

/// One row, read by the meaning of its columns.
struct RowFields {
  let object: JSONObject
  let info: DatasetInfo
  let keepsSystem: Bool
  let file: String
  let line: Int

  // MARK: Alpaca

  func alpaca() throws(GraftError) -> Example {
    var prompt: [Turn] = []
    if let history = try value("history"), let turns = history.array {
      for turn in turns {
        guard let texts = turn.array, texts.count == 2, let question = texts[0].string,
          let answer = texts[1].string
        else { throw wrong("history", turn, "a list of [question, answer]") }
        prompt += [Turn(.user, question), Turn(.assistant, answer)]
      }
    }
    var query: [String] = []
    for meaning in ["prompt", "query"] {
      // A column that a data set names may be empty, but not be of another type.
      guard let value = try value(meaning), !value.isNull, value.string != "" else { continue }
      guard let text = value.string else { throw wrong(meaning, value, "text") }
      query.append(text)
    }
    prompt.append(Turn(.user, query.joined(separator: "\n")))
    return try example(prompt, response: alpacaResponse())
  }

  private func alpacaResponse() throws(GraftError) -> [Turn] {
    if let isDesired = try value("kto_tag")?.bool {
      let answer = Turn(.assistant, try text("response"))
      let empty = Turn(.assistant, "")
      return isDesired ? [answer, empty] : [empty, answer]
    }
    if info.isRanking, let chosen = try value("chosen")?.string,
      let rejected = try value("rejected")?.string
    {
      return [Turn(.assistant, chosen), Turn(.assistant, rejected)]
    }
    guard let response = try value("response")?.string else { return [] }
    return [Turn(.assistant, response)]
  }

  // MARK: Conversations

  func conversation(isOpenAI: Bool) throws(GraftError) -> RowConverter.Outcome {
    guard info.columns["messages"] != nil else {
      throw problem("the data set names no column of messages")
    }
    let value = try value("messages") ?? .null
    guard var messages = value.array?[...] else {
      throw wrong("messages", value, "a list of messages")
    }
    var system = ""
    if let tag = info.tags["system_tag"], let first = messages.first,
      try part(first, "role_tag").string == tag
    {
      system = try content(first)
      messages = messages.dropFirst()
    } else if let value = try self.value("system", isOptional: isOpenAI), !value.isNull {
      guard let text = value.string else { throw wrong("system", value, "text") }
      system = text
    }
    var turns: [Turn] = []
    if isOpenAI {
      turns = try openAITurns(messages)
    } else {
      for (i, message) in messages.enumerated() {
        guard let role = try role(message), role != .system, role.isAnswer == (i % 2 == 1) else {
          return .dropped(.rolesOutOfOrder)
        }
        turns.append(Turn(role, try content(message)))
      }
    }
    for (i, turn) in turns.enumerated() where turn.role.isAnswer != (i % 2 == 1) {
      return .dropped(.rolesOutOfOrder)
    }
    guard turns.count % 2 == (info.isRanking ? 1 : 0) else { return .dropped(.wrongTurnCount) }
    guard !turns.isEmpty else { return .dropped(.missingAnswer) }
    let (prompt, response) = try split(turns)
    var example = try example(prompt, response: response, isOpenAI: isOpenAI)
    example.system = system
    if isOpenAI, !keepsSystem {
      example.system = Self.thinkingSystem(system, hasTools: !example.tools.isEmpty)
    }
    return .example(example)
  }

  private func split(_ turns: [Turn]) throws(GraftError) -> ([Turn], [Turn]) {
    if let isDesired = try value("kto_tag")?.bool {
      let empty = Turn(.assistant, "")
      let answer = turns[turns.count - 1]
      return (Array(turns.dropLast()), isDesired ? [answer, empty] : [empty, answer])
    }
    if info.isRanking, let chosen = try value("chosen"), let rejected = try value("rejected"),
      chosen.object != nil, rejected.object != nil
    {
      var response: [Turn] = []
      for answer in [chosen, rejected] {
        guard let role = try role(answer) else {
          throw problem("an answer has an unknown role")
        }
        response.append(Turn(role, try content(answer)))
      }
      return (turns, response)
    }
    return (Array(turns.dropLast()), [turns[turns.count - 1]])
  }

  /// Messages with calls of tools as JSON, and what several tools give as one.
  private func openAITurns(_ messages: ArraySlice<JSONValue>) throws(GraftError) -> [Turn] {
    var turns: [Turn] = []
    var observations: [String] = []
    for message in messages {
      guard var role = try role(message) else {
        let name = try part(message, "role_tag").string ?? "?"
        throw problem("a message has the unknown role '\(name)'")
      }
      if role == .observation {
        observations.append(try content(message))
        continue
      }
      if !observations.isEmpty {
        let text = observations.joined(separator: Conversation.betweenObservations)
        turns.append(Turn(.observation, text))
        observations = []
      }
      var text: String
      if role.isAnswer, let calls = message["tool_calls"]?.array, !calls.isEmpty {
        let functions = calls.map { $0["function"] ?? .null }
        text = try pythonJSON(.array(functions))
        role = .function
      } else {
        text = try content(message)
      }
      turns.append(Turn(role, text))
    }
    return turns
  }

  /// What LLaMA-Factory 0.9.5 makes of a system's text in this layout.
  private static func thinkingSystem(_ system: String, hasTools: Bool) -> String {
    let off = "detailed thinking off"
    if system.isEmpty { return hasTools ? "" : off }
    if hasTools { return system + "\n" }
    let isSet = system.range(of: "detailed thinking on") != nil || system.range(of: off) != nil
    return isSet ? system : system + "\n" + off
  }

  // MARK: Parts

  private func example(
    _ prompt: [Turn], response: [Turn], isOpenAI: Bool = false
  ) throws(GraftError) -> Example {
    var example = Example(prompt: prompt, response: response, file: file, line: line)
    if info.formatting == .alpaca, let value = try value("system"), !value.isNull {
      guard let text = value.string else { throw wrong("system", value, "text") }
      example.system = text
    }
    switch try value("tools", isOptional: isOpenAI) {
    case nil, .null: break
    case .string(let text): example.tools = text
    case let value?:
      guard isOpenAI else { throw wrong("tools", value, "text") }
      example.tools = try pythonJSON(value)
    }
    if let value = try value("margin"), !value.isNull {
      guard let number = value.double, number.isFinite else {
        throw wrong("margin", value, "a number")
      }
      example.margin = number
    }
    return example
  }

  private func role(_ message: JSONValue) throws(GraftError) -> TurnRole? {
    let name = try part(message, "role_tag").string
    let roles: [(String, TurnRole)] = [
      ("user_tag", .user), ("assistant_tag", .assistant), ("observation_tag", .observation),
      ("function_tag", .function), ("system_tag", .system),
    ]
    // As in the reference's table, the last of equal tags counts.
    return roles.last { name != nil && info.tags[$0.0] == name }?.1
  }

  private func content(_ message: JSONValue) throws(GraftError) -> String {
    let value = try part(message, "content_tag")
    guard let text = value.string else {
      throw problem(
        "a message's '\(info.tags["content_tag"] ?? "?")' must be text, found \(value.kindName)")
    }
    return text
  }

  private func part(_ message: JSONValue, _ tag: String) throws(GraftError) -> JSONValue {
    guard let key = info.tags[tag] else { throw problem("the data set names no \(tag)") }
    guard message.object != nil else {
      throw problem("a message must be an object, found \(message.kindName)")
    }
    guard let value = message[key] else { throw problem("a message has no '\(key)'") }
    return value
  }

  /// The value of a column, or nil where the data set names none.
  private func value(_ meaning: String, isOptional: Bool = false) throws(GraftError) -> JSONValue? {
    guard let name = info.columns[meaning] else { return nil }
    if let value = object[name] { return value }
    // A list of objects may leave out what is null in a row.
    if isOptional || !Self.required.contains(meaning) { return .null }
    if meaning == "response", info.isRanking || info.columns["kto_tag"] == nil { return .null }
    let meant = suggestion(for: name, among: object.keys)
    throw problem("has no '\(name)'" + (meant.map { "; there is '\($0)'" } ?? ""))
  }

  private static let required: Set = ["prompt", "messages", "chosen", "rejected", "response"]

  private func text(_ meaning: String) throws(GraftError) -> String {
    let value = try value(meaning) ?? .null
    guard let text = value.string else { throw wrong(meaning, value, "text") }
    return text
  }

  private func wrong(_ meaning: String, _ value: JSONValue, _ expected: String) -> GraftError {
    problem("'\(info.columns[meaning] ?? meaning)' must be \(expected), found \(value.kindName)")
  }

  private func problem(_ text: String) -> GraftError { .dataRow(text, file: file, line: line) }
}

/// A value as Python's `json.dumps` writes it without escaping beyond ASCII.
func pythonJSON(_ value: JSONValue) throws(GraftError) -> String {
  try ChatTemplate("{{ v | tojson }}").render(
    messages: [], addGenerationPrompt: false, variables: ["v": value])
}
