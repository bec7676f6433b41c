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

extension Slice<UnsafeRawBufferPointer> {
  fileprivate var rebased: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self) }
}
