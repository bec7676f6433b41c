import Glibc
@_spi(Proof) import Tokenization

/// A tokenizer.json, and after a NUL a text.
func tokenizer(_ bytes: UnsafeRawBufferPointer) {
  let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
  let folder = InputFile.path + "-tokenizer"
  mkdir(folder, 0o700)
  _ = InputFile.write(parts[0].rebased, to: "\(folder)/tokenizer.json")
  guard let tokenizer = try? Tokenizer(directory: folder) else { return }
  use(tokenizer, parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "Ab é 12\n")
}

/// A SentencePiece model or a tiktoken file.
func vocabulary(_ bytes: UnsafeRawBufferPointer) {
  guard let tokenizer = try? Tokenizer(modelFile: InputFile.write(bytes)) else { return }
  use(tokenizer, "Ab é 12\n a  b")
}

/// Encodes a text both ways and back.
private func use(_ tokenizer: Tokenizer, _ text: String) {
  let ids = try? tokenizer.encode(text)
  let encoding = try? tokenizer.encoding(of: text)
  guard let ids, let encoding else { return }
  guard ids == encoding.ids else { fatalError("two ways to encode differ") }
  let length = text.unicodeScalars.count
  for range in encoding.offsets where range.upperBound > length {
    fatalError("an offset beyond the text")
  }
  _ = tokenizer.decode(ids)
  _ = tokenizer.decode(ids, skippingSpecialTokens: true)
}

private let check = Result { try ScannerCheck() }

/// The input as a text, and a thousand random ones of which it is the seed.
func scanners(_ bytes: UnsafeRawBufferPointer) {
  var seed: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01B3 }
  compare(String(decoding: bytes, as: UTF8.self))
  var texts = ScannerTexts(seed: seed)
  for _ in 0..<1000 { compare(texts.next()) }
}

private func compare(_ text: String) {
  guard let difference = try? check.get().difference(in: text) else { return }
  fatalError("a scanner cuts otherwise: \(difference) in \(text.unicodeScalars.map(\.value))")
}

extension Slice<UnsafeRawBufferPointer> {
  fileprivate var rebased: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self) }
}
