/// Reads tokens such as `<0x61>` as bytes.
struct ByteFallbackDecoder: TokenDecoder {
  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    var out: [ArraySlice<UInt8>] = []
    var pending: [UInt8] = []
    func flush() {
      guard !pending.isEmpty else { return }
      if String(validating: pending, as: UTF8.self) != nil {
        out.append(pending[...])
      } else {
        // Each byte of what is no text.
        for _ in pending { out.append([0xEF, 0xBF, 0xBD]) }
      }
      pending.removeAll()
    }
    for token in tokens {
      if let byte = Self.byte(of: token) {
        pending.append(byte)
      } else {
        flush()
        out.append(token)
      }
    }
    flush()
    tokens = out
  }

  /// The byte that a token such as `<0x61>` stands for.
  static func byte(of token: ArraySlice<UInt8>) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token.last == UInt8(ascii: ">") else {
      return nil
    }
    return UInt8(String(decoding: token.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
  }
}
