import Diagnostics
import Glibc

/// Writing to the terminal.
enum Console {
  /// Ends the program with an error's message and exit code.
  static func fail(_ error: GraftError) -> Never {
    complain("\(Style.error("error:")) \(error)")
    flushAndExit(error.code.kind.rawValue)
  }

  /// Ends the program with a message, if there is one, on standard error.
  static func fail(_ text: String, code: Int32) -> Never {
    if !text.isEmpty { complain(text) }
    flushAndExit(code)
  }

  /// Ends the program with a message, if there is one, on standard output.
  static func finish(_ text: String) -> Never {
    if !text.isEmpty { print(text) }
    flushAndExit(0)
  }

  /// Writes a line to standard error.
  static func complain(_ text: String) {
    writeError(text + "\n")
  }

  /// Writes to standard error, after what was printed before.
  static func writeError(_ text: String) {
    fflush(nil)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  private static func flushAndExit(_ code: Int32) -> Never {
    fflush(nil)
    exit(code)
  }

  /// Whether a stream is a terminal that a person looks at.
  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
}

/// Colours, on a terminal only, and never where NO_COLOR is set.
enum Style {
  private static let hasColours =
    (getenv("NO_COLOR").map { $0[0] == 0 } ?? true)
    && getenv("TERM").map { String(cString: $0) } != "dumb"
  private static let onOutput = hasColours && Console.isTerminal(STDOUT_FILENO)
  private static let onError = hasColours && Console.isTerminal(STDERR_FILENO)

  static func bold(_ text: String) -> String { paint(text, "1", onOutput) }
  static func dim(_ text: String) -> String { paint(text, "2", onOutput) }
  static func good(_ text: String) -> String { paint(text, "32", onOutput) }
  static func bad(_ text: String) -> String { paint(text, "1;31", onOutput) }
  static func warning(_ text: String) -> String { paint(text, "33", onOutput) }
  static func error(_ text: String) -> String { paint(text, "1;31", onError) }

  private static func paint(_ text: String, _ code: String, _ isOn: Bool) -> String {
    isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
