import Diagnostics
import FileIO
import Glibc
import StrictJSON

/// `trainer_log.jsonl`: one JSON object a line, with LLaMA-Factory's keys and a few more.
struct TrainingLog {
  /// The file's name in the output directory.
  static let fileName = "trainer_log.jsonl"
  private let path: String

  /// Opens the log of `directory`, keeping the lines up to `step` and dropping those that a run
  /// wrote after the checkpoint that is now resumed.
  init(directory: String, upTo step: Int) throws(GraftError) {
    path = "\(directory)/\(Self.fileName)"
    var kept = ""
    if step > 0, fileExists(path) {
      let text = String(decoding: try readFile(path), as: UTF8.self)
      for line in text.split(separator: "\n") {
        guard let value = try? JSONValue.parse(String(line)), let at = value["current_steps"]?.int,
          at <= step
        else { continue }
        kept += line + "\n"
      }
    }
    try writeFileAtomically(path, kept)
  }

  /// Appends a line.
  func append(_ line: JSONObject) throws(GraftError) {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("opening", path, errno: errno) }
    defer { close(descriptor) }
    let text = JSONValue.object(line).text(.line) + "\n"
    let written = text.utf8CString.withUnsafeBytes {
      write(descriptor, $0.baseAddress, $0.count - 1)
    }
    guard written == text.utf8.count else { throw .system("writing", path, errno: errno) }
  }
}

extension JSONValue.Style {
  /// One line, as Python's `json.dumps` writes by default.
  static var line: JSONValue.Style {
    var style = JSONValue.Style.compact
    style.isSpaced = true
    return style
  }
}

/// Seconds as LLaMA-Factory writes them, `0:01:05`.
func clock(_ seconds: Double) -> String {
  let whole = Int(max(0, min(seconds, 1e9)).rounded())
  func pad(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
  return "\(whole / 3600):\(pad(whole / 60 % 60)):\(pad(whole % 60))"
}
