import TestSupport
import Testing
@_spi(Proof) import Tokenization

/// `make fuzz` does the same with ten million texts.
@Test func scannersCutAsOnigurumaDoes() throws {
  let check = try ScannerCheck()
  let seed = UInt64(testSeed)
  var texts = ScannerTexts(seed: seed)
  for _ in 0..<50_000 {
    let text = texts.next()
    if let difference = try check.difference(in: text) {
      Issue.record("seed \(seed): \(difference) in \(text.unicodeScalars.map(\.value))")
      return
    }
  }
}
