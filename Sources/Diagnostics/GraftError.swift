/// A failure that a user can act on: what is wrong, where, and what to do about it.
///
/// All of Graft throws this one type. Each target adds its codes and its wording in one file
/// (`extension GraftError`, one static factory per failure), so that the place that detects a
/// failure holds no prose.
public struct GraftError: Error, Sendable, Equatable {
  /// What kind of failure this is; decides the exit code of the command.
  public enum Kind: Int32, Sendable {
    /// A check that was asked for did not hold.
    case checkFailed = 1
    /// The command line, or a configuration file of the user's, is wrong.
    case usage = 2
    /// A file that was read is broken, foreign, or contradicts another.
    case input = 3
    /// The machine lacks something: a library, a right, disk space.
    case environment = 4
  }

  /// A stable name of the failure, for programs and tests.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The stable name, in kebab case.
    public let name: String
    /// The kind of failure, and with it the exit code.
    public let kind: Kind

    /// Declares a code; each target declares its own as static members.
    public init(_ name: String, _ kind: Kind) {
      self.name = name
      self.kind = kind
    }

    /// The stable name.
    public var description: String { name }
  }

  /// The stable name and kind.
  public var code: Code
  /// What is wrong, with what was found and what was expected.
  public var message: String
  /// The file or directory concerned.
  public var file: String?
  /// The line in ``file``, from 1.
  public var line: Int?
  /// The tensor concerned.
  public var tensor: String?
  /// What the user can do.
  public var remedy: String?

  /// Creates an error. Prefer the static factories of the target that detects the failure.
  public init(
    _ code: Code, _ message: String, file: String? = nil, line: Int? = nil,
    tensor: String? = nil, remedy: String? = nil
  ) {
    self.code = code
    self.message = message
    self.file = file
    self.line = line
    self.tensor = tensor
    self.remedy = remedy
  }
}

extension GraftError: CustomStringConvertible {
  /// `FILE:LINE: tensor 'NAME': MESSAGE. REMEDY.`
  public var description: String {
    var text = ""
    if let file {
      text += file
      if let line { text += ":\(line)" }
      text += ": "
    }
    if let tensor { text += "tensor '\(tensor)': " }
    text += GraftError.sentence(message)
    if let remedy { text += " " + GraftError.sentence(remedy) }
    return text
  }

  private static func sentence(_ text: String) -> String {
    guard let last = text.last, !".!?:".contains(last) else { return text }
    return text + "."
  }
}
