import Glibc

/// A bar on standard error while bytes are written; silent where that is no terminal.
struct Progress {
  private let label: String
  private let isShown = Console.isTerminal(STDERR_FILENO)
  private var shownPercent = -1

  init(_ label: String) { self.label = label }

  mutating func update(_ done: Int, of total: Int) {
    guard isShown, total > 0 else { return }
    let percent = Int(100 * Double(done) / Double(total))
    guard percent != shownPercent else { return }
    shownPercent = percent
    let filled = percent * 30 / 100
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
    Console.writeError("\r\(label) \(bar) \(percent) %")
  }

  /// Clears the line.
  func finish() {
    if shownPercent >= 0 { Console.writeError("\r\u{1B}[K") }
  }
}
