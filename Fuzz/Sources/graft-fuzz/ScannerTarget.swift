import Glibc
@_spi(Proof) import Tokenization

private let check = Result { try ScannerCheck() }

/// A text, cut by the scanners and by Oniguruma.
func scanners(_ bytes: UnsafeRawBufferPointer) {
  let text = String(decoding: bytes, as: UTF8.self)
  if let report = report(on: text) { fatalError(report) }
}

/// Cuts random texts and ends the process, with status 1 if a scanner cuts one otherwise: that text
/// is then written to `finding`, as an input of ``scanners``.
func compareRandomTexts(_ count: Int, finding: String) -> Never {
  let seed = UInt64.random(in: 0...UInt64.max)
  var texts = ScannerTexts(seed: seed)
  for number in 1...max(1, count) {
    let text = texts.next()
    guard let report = report(on: text) else { continue }
    print("text \(number) of seed \(seed): \(report)")
    _ = Array(text.utf8).withUnsafeBytes { InputFile.write($0, to: finding) }
    exit(1)
  }
  print("\(count) texts of seed \(seed) compared")
  exit(0)
}

private func report(on text: String) -> String? {
  do {
    guard let difference = try check.get().difference(in: text) else { return nil }
    return "a scanner cuts otherwise: \(difference) in \(text.unicodeScalars.map(\.value))"
  } catch { return "not compared: \(error)" }
}
