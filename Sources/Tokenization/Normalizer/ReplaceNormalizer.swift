import Diagnostics

/// Replaces what a pattern matches by a string.
struct ReplaceNormalizer: Normalizer {
  private let pattern: TextPattern
  private let content: [UInt8]
  var growth: Int { pattern.growth(to: content) }

  init(_ reader: ComponentReader) throws(GraftError) {
    pattern = try TextPattern(reader)
    content = Array(try reader.string("content").utf8)
  }

  func apply(to text: inout AlignedText) throws(GraftError) {
    if case .string(let string) = pattern, !text.isTracked {
      replace(string, in: &text.bytes)
      return
    }
    var parts: [TextPart] = []
    try withCharacters(of: text.bytes) { (characters) throws(GraftError) in
      parts = try pattern.parts(of: characters, 0..<characters.count)
    }
    guard parts.contains(where: \.isMatch) else { return }
    let scalars = String(decoding: content, as: UTF8.self).unicodeScalars.map(\.value)
    text.rewrite { rewriter, characters in
      for part in parts {
        guard part.isMatch else {
          rewriter.copy(to: part.range.upperBound)
          continue
        }
        while rewriter.position < part.range.upperBound { rewriter.skip(1) }
        for scalar in scalars { rewriter.put(scalar, change: 1) }
      }
    }
  }

  private func replace(_ string: [UInt8], in bytes: inout [UInt8]) {
    guard let first = string.first, bytes.contains(first) else { return }
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + bytes.count / 2)
    var position = 0
    while position < bytes.count {
      if bytes[position] == first, bytes[position...].starts(with: string) {
        out += content
        position += string.count
      } else {
        out.append(bytes[position])
        position += 1
      }
    }
    bytes = out
  }
}

/// The decoder of the same name.
struct ReplaceDecoder: TokenDecoder {
  private let pattern: TextPattern
  private let content: [UInt8]
  var growth: Int { pattern.growth(to: content) }

  init(_ reader: ComponentReader) throws(GraftError) {
    pattern = try TextPattern(reader)
    content = Array(try reader.string("content").utf8)
  }

  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    for i in tokens.indices {
      let token = Array(tokens[i])
      var out: [UInt8] = []
      withCharacters(of: token) { characters in
        // A token on which the search is given up stays as it is.
        let parts = (try? pattern.parts(of: characters, 0..<token.count)) ?? []
        for part in parts { if part.isMatch { out += content } else { out += token[part.range] } }
        if parts.isEmpty { out = token }
      }
      tokens[i] = out[...]
    }
  }
}
