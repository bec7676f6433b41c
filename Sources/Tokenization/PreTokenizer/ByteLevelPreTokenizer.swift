import Diagnostics

/// Cuts words as GPT-2 did and has the model read them byte by byte.
struct ByteLevelPreTokenizer: PreTokenizer {
  private let addsPrefixSpace: Bool
  private let scanner: WordScanner?
  private let isLast: Bool
  var growth: Int { (isLast ? 1 : 2) * (addsPrefixSpace ? 2 : 1) }

  /// - Parameter isLast: whether the model reads the result; if not, the bytes are spelled in the
  ///   byte alphabet at once, because a later pre-tokenizer looks at those characters.
  init(_ reader: ComponentReader, isLast: Bool) throws(GraftError) {
    addsPrefixSpace = try reader.bool("add_prefix_space", default: true)
    scanner = try reader.bool("use_regex", default: true) ? .gpt2 : nil
    self.isLast = isLast
  }

  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    if addsPrefixSpace {
      text.respellPieces { word, _, respelling in
        if word[0] != UInt8(ascii: " ") { respelling.bytes.append(UInt8(ascii: " ")) }
        for i in word.indices {
          respelling.bytes.append(word[i])
          respelling.place(at: i)
        }
      }
    }
    if let scanner {
      try text.splitPieces { text, piece, pieces in scanner.split(text, piece, into: &pieces) }
    }
    if isLast {
      text.form = .bytes
    } else {
      text.respellPieces { word, _, respelling in
        for i in word.indices {
          ByteAlphabet.append(word[i], to: &respelling.bytes)
          respelling.place(at: i)
        }
      }
    }
  }
}
