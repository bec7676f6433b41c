/// Who says something in an example.
public enum TurnRole: String, Sendable, CaseIterable {
  /// A question.
  case user
  /// An answer.
  case assistant
  /// What a tool gives.
  case observation
  /// An answer that calls tools.
  case function
  /// What holds for the whole conversation.
  case system

  /// Whether the model speaks.
  public var isAnswer: Bool { self == .assistant || self == .function }
}

/// One message of an example.
public struct Turn: Sendable, Equatable {
  /// Who speaks.
  public var role: TurnRole
  /// What is said.
  public var content: String

  /// Creates a turn.
  public init(_ role: TurnRole, _ content: String) {
    self.role = role
    self.content = content
  }
}

/// A row of a data set in the one form that every layout is brought to.
public struct Example: Sendable, Equatable {
  /// The conversation up to the answer.
  public var prompt: [Turn]
  /// The answers: one; the preferred and the other; for feedback one that is empty and one that is
  /// not; none for text alone.
  public var response: [Turn]
  /// The system's text.
  public var system: String
  /// The tools, as a JSON list.
  public var tools: String
  /// By how much at least the rewards of two answers are to differ.
  public var margin: Double
  /// The file of the row.
  public var file: String
  /// Where the row begins: a line, or for files without lines the row's number; from 1.
  public var line: Int

  /// Creates an example.
  public init(
    prompt: [Turn], response: [Turn], system: String = "", tools: String = "", margin: Double = 0,
    file: String = "", line: Int = 0
  ) {
    self.prompt = prompt
    self.response = response
    self.system = system
    self.tools = tools
    self.margin = margin
    self.file = file
    self.line = line
  }
}

/// Why a row is left out, as LLaMA-Factory leaves it out in silence.
public enum DropReason: String, Sendable, CaseIterable {
  /// Questions and answers do not take turns.
  case rolesOutOfOrder = "questions and answers do not take turns"
  /// The conversation ends with the wrong side.
  case wrongTurnCount = "the conversation ends with the wrong side"
  /// An answer, or one of two, is missing.
  case missingAnswer = "an answer is missing"
  /// Longer than what is packed.
  case tooLong = "longer than cutoff_len"
  /// Nothing can be learned from two answers that are the same, perhaps because they were cut.
  case sameAnswers = "both answers are the same"
}
