/// Reads the byte alphabet back into bytes.
struct ByteLevelDecoder: TokenDecoder {
  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    var text: [UInt8] = []
    for token in tokens {
      // A token with a character outside the alphabet, such as an added one, stands for itself.
      if let bytes = ByteAlphabet.bytes(of: token) { text += bytes } else { text += token }
    }
    tokens = [text.repaired[...]]
  }
}

extension [UInt8] {
  /// The bytes as valid UTF-8: each broken part becomes U+FFFD.
  fileprivate var repaired: [UInt8] { Array(String(decoding: self, as: UTF8.self).utf8) }
}
