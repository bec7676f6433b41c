import Glibc

/// What a run shows: a bar on a terminal, plain lines in a log.
struct TrainingDisplay {
  private let barDescriptor: Int32?
  private let showsLines: Bool
  private var isBarShown = false

  /// The bar goes to standard error where that is a terminal; lines go to standard output where
  /// that is none, or where there is no bar.
  init() {
    barDescriptor = isatty(STDERR_FILENO) == 1 ? STDERR_FILENO : nil
    showsLines = barDescriptor == nil || isatty(STDOUT_FILENO) == 0
  }

  /// Writes a line that everybody should see.
  mutating func say(_ line: String) {
    clearBar()
    put(line + "\n", STDOUT_FILENO)
  }

  /// Writes a line of the log; a terminal shows the bar instead.
  mutating func log(_ line: String) {
    guard showsLines else { return }
    clearBar()
    put(line + "\n", STDOUT_FILENO)
  }

  /// Draws the bar.
  mutating func bar(_ title: String, done: Int, of total: Int, _ text: String) {
    guard let barDescriptor else { return }
    let width = 24
    let filled = total > 0 ? min(width, width * done / total) : 0
    let bar =
      String(repeating: "━", count: filled) + String(repeating: "─", count: width - filled)
    put("\r\(title) \(bar) \(done)/\(total)  \(text)\u{1B}[K", barDescriptor)
    isBarShown = true
  }

  /// Removes the bar.
  mutating func clearBar() {
    guard isBarShown, let barDescriptor else { return }
    put("\r\u{1B}[K", barDescriptor)
    isBarShown = false
  }

  private func put(_ text: String, _ descriptor: Int32) {
    _ = text.utf8CString.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count - 1) }
  }
}

/// A number with `digits` digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int64((abs(value) * scale).rounded())
  let sign = value < 0 && scaled != 0 ? "-" : ""
  let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
  guard digits > 0 else { return "\(sign)\(whole)" }
  let fraction = String(rest)
  return "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
}
