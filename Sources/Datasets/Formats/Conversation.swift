public import Diagnostics
public import StrictJSON

/// A conversation in the form that chat formats write: questions and answers in turns.
public struct Conversation: Sendable, Equatable {
  /// Questions and answers; the first is a question.
  public var turns: [Turn] = []
  /// The system's text; empty where there is none.
  public var system = ""
  /// The tools, as a JSON list; empty where there are none.
  public var tools = ""

  /// What stands between the answers of several tools, which become one message.
  static let betweenObservations = "\n</tool_response>\n<tool_response>\n"

  /// Whether the assistant speaks next.
  public var endsWithQuestion: Bool { turns.last.map { !$0.role.isAnswer } ?? false }

  /// Reads messages with `role` and `content`, and the tools beside them.
  ///
  /// Roles are `system` (first only), `user`, `assistant`, `tool`, and LLaMA-Factory's own
  /// `function` and `observation`. An assistant's `tool_calls` are written as the calls they are,
  /// several tools' answers as one.
  ///
  /// - Throws: ``GraftError`` that names the message, if one has another role, is not text, or
  ///   stands where the other side's turn is.
  public init(messages: [JSONValue], tools: JSONValue? = nil) throws(GraftError) {
    var observations: [String] = []
    for (i, message) in messages.enumerated() {
      guard let name = message["role"]?.string else { throw .message(i, "has no 'role' with text") }
      guard let role = Self.roles[name] else { throw .messageRole(i, name) }
      if role == .system {
        guard i == 0 else { throw .message(i, "is the system's, which stands first") }
        system = try Self.text(message, i)
        continue
      }
      if role == .observation {
        observations.append(try Self.text(message, i))
        guard i + 1 == messages.count || !Self.isObservation(messages[i + 1]) else { continue }
      }
      var turn = Turn(role, "")
      if role == .observation {
        turn.content = observations.joined(separator: Self.betweenObservations)
        observations = []
      } else if role.isAnswer, let calls = message["tool_calls"]?.array, !calls.isEmpty {
        turn = Turn(.function, try pythonJSON(.array(calls.map { $0["function"] ?? $0 })))
      } else {
        turn.content = try Self.text(message, i)
      }
      guard turn.role.isAnswer == (turns.count % 2 == 1) else {
        throw .messageOrder(i, name, expectsAnswer: turns.count % 2 == 1)
      }
      turns.append(turn)
    }
    guard !turns.isEmpty else { throw .noQuestion }
    switch tools {
    case nil, .null: break
    case .string(let text): self.tools = text
    case .array(let list): if !list.isEmpty { self.tools = try pythonJSON(.array(list)) }
    case let other?: throw .toolsNoList(other.kindName)
    }
  }

  private static let roles: [String: TurnRole] = [
    "system": .system, "user": .user, "assistant": .assistant, "tool": .observation,
    "observation": .observation, "function": .function,
  ]

  private static func isObservation(_ message: JSONValue) -> Bool {
    message["role"]?.string.flatMap { roles[$0] } == .observation
  }

  private static func text(_ message: JSONValue, _ index: Int) throws(GraftError) -> String {
    guard let content = message["content"] else { throw .message(index, "has no 'content'") }
    guard let text = content.string else {
      throw .message(index, "must have text as 'content', found \(content.kindName)")
    }
    return text
  }
}
