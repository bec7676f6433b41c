public import Diagnostics
import StrictJSON

/// A layout of rows that needs no description: what TRL and OpenRLHF read, messages, and text.
public enum RowLayout: Sendable, Equatable {
  /// `text`
  case text
  /// `messages`: OpenAI's roles.
  case messages
  /// `prompt` and `completion`, as text or messages.
  case completion
  /// `chosen` and `rejected` as text or messages, perhaps with a `prompt`; without one, it is what
  /// both have in common.
  case preference
  /// `prompt` and `completion` (or `response`) with a truth value in `label`.
  case feedback
  /// `conversations` of `from` and `value`, and other tables by LLaMA-Factory's default names.
  case described(DatasetInfo.Formatting, isRanking: Bool)

  /// Tells the layout by the columns of a row.
  ///
  /// - Throws: ``GraftError`` if no layout has these columns.
  public init(_ row: DataRow, file: String) throws(GraftError) {
    guard let object = row.value.object else {
      throw .dataRow(
        "a row must be an object, found \(row.value.kindName)", file: file, line: row.line)
    }
    let isRanking = object["chosen"] != nil && object["rejected"] != nil
    if object["conversations"] != nil {
      self = .described(.sharegpt, isRanking: isRanking)
    } else if object["instruction"] != nil {
      self = .described(.alpaca, isRanking: isRanking)
    } else if isRanking {
      self = .preference
    } else if object["label"]?.bool != nil, object["prompt"] != nil {
      self = .feedback
    } else if object["prompt"] != nil, object["completion"] != nil || object["response"] != nil {
      self = .completion
    } else if object["messages"] != nil {
      self = .messages
    } else if object["text"] != nil {
      self = .text
    } else {
      let names = object.keys.map { "'\($0)'" }.joined(separator: ", ")
      throw .dataRow(
        "no layout is known with the columns \(names)", file: file, line: row.line)
    }
  }

  /// Converts a row.
  public func convert(_ row: DataRow, file: String) throws(GraftError) -> RowConverter.Outcome {
    func problem(_ text: String) -> GraftError { .dataRow(text, file: file, line: row.line) }
    if case .described(let formatting, let isRanking) = self {
      var info = DatasetInfo(name: file, files: [file])
      info.formatting = formatting
      info.isRanking = isRanking
      (info.columns["chosen"], info.columns["rejected"]) = ("chosen", "rejected")
      for column in ["system", "tools", "history"] where row.value[column] != nil {
        info.columns[column] = column
      }
      return try RowConverter(info).convert(row, file: file)
    }
    func value(_ names: String...) throws(GraftError) -> JSONValue {
      for name in names { if let value = row.value[name], !value.isNull { return value } }
      throw problem("has no '\(names[0])'")
    }
    func turns(_ value: JSONValue, as role: TurnRole) throws(GraftError) -> [Turn] {
      if let text = value.string { return [Turn(role, text)] }
      guard let list = value.array else {
        throw problem("a prompt or an answer must be text or messages, found \(value.kindName)")
      }
      var turns: [Turn] = []
      for message in list {
        let roles: [String: TurnRole] = [
          "user": .user, "assistant": .assistant, "system": .system, "tool": .observation,
        ]
        guard let name = message["role"]?.string, let role = roles[name] else {
          throw problem("a message has no known 'role'")
        }
        guard let content = message["content"]?.string else {
          throw problem("a message has no 'content' with text")
        }
        turns.append(Turn(role, content))
      }
      return turns
    }
    var example = Example(prompt: [], response: [], file: file, line: row.line)
    switch self {
    case .text, .described:
      let text = try value("text")
      guard let string = text.string else {
        throw problem("'text' must be text, found \(text.kindName)")
      }
      example.prompt = [Turn(.user, string)]
      return .example(example)
    case .messages:
      let all = try turns(value("messages"), as: .user)
      example.prompt = Array(all.dropLast())
      example.response = Array(all.suffix(1))
    case .completion:
      example.prompt = try turns(value("prompt"), as: .user)
      example.response = try turns(value("completion", "response"), as: .assistant)
    case .feedback:
      example.prompt = try turns(value("prompt"), as: .user)
      guard let answer = try turns(value("completion", "response"), as: .assistant).last,
        let isDesired = row.value["label"]?.bool
      else { throw problem("feedback needs an answer and a truth value in 'label'") }
      let empty = Turn(.assistant, "")
      example.response = isDesired ? [answer, empty] : [empty, answer]
    case .preference:
      var (chosen, rejected) = (try value("chosen"), try value("rejected"))
      if let prompt = row.value["prompt"], !prompt.isNull {
        example.prompt = try turns(prompt, as: .user)
      } else if let a = chosen.string, let b = rejected.string {
        let shared = Self.sharedText(a, b)
        example.prompt = [Turn(.user, shared)]
        let count = shared.unicodeScalars.count
        (chosen, rejected) = (.string(a.dropping(count)), .string(b.dropping(count)))
      }
      let answers = (try turns(chosen, as: .assistant), try turns(rejected, as: .assistant))
      var start = 0
      let isSame = { (i: Int) in i < answers.1.count && answers.0[i] == answers.1[i] }
      while start < answers.0.count - 1, isSame(start) { start += 1 }
      if example.prompt.isEmpty { example.prompt = Array(answers.0[..<start]) }
      guard let first = answers.0.last, let second = answers.1.last else {
        return .dropped(.missingAnswer)
      }
      example.response = [first, second]
      if let margin = row.value["margin"]?.double { example.margin = margin }
    }
    if let first = example.prompt.first, first.role == .system {
      example.system = first.content
      example.prompt.removeFirst()
    }
    for (i, turn) in example.prompt.enumerated() where turn.role.isAnswer != (i % 2 == 1) {
      return .dropped(.rolesOutOfOrder)
    }
    guard example.response.allSatisfy({ $0.role.isAnswer }) else {
      return .dropped(.wrongTurnCount)
    }
    return .example(example)
  }

  /// What two texts have in common at their start, without a space at its end, as TRL takes it for
  /// the prompt.
  private static func sharedText(_ a: String, _ b: String) -> String {
    let (a, b) = (Array(a.unicodeScalars), Array(b.unicodeScalars))
    var count = 0
    while count < min(a.count, b.count), a[count] == b[count] { count += 1 }
    if count > 0, a[count - 1] == " " { count -= 1 }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: a[..<count])
    return String(view)
  }
}

extension String {
  /// The text after so many code points.
  fileprivate func dropping(_ count: Int) -> String {
    String(String.UnicodeScalarView(unicodeScalars.dropFirst(count)))
  }
}
