import Diagnostics
import StrictJSON

/// Isolates punctuation, or treats it in another way.
struct PunctuationPreTokenizer: PreTokenizer {
  private let behavior: SplitBehavior

  init(_ reader: ComponentReader) throws(GraftError) {
    behavior = try reader.splitBehavior("behavior", default: .isolated)
  }

  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    try text.splitPieces { text, piece, pieces in
      behavior.split(parts(of: text, piece, where: isPunctuation), into: &pieces)
    }
  }
}

private func isPunctuation(_ scalar: UInt32) -> Bool {
  RareClasses(of: scalar).contains(.punctuation)
}

private func isWhiteSpace(_ scalar: UInt32) -> Bool {
  RareClasses(of: scalar).contains(.whiteSpace)
}

/// Cuts at white space, which is dropped.
struct WhitespaceSplitPreTokenizer: PreTokenizer {
  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    try text.splitPieces { text, piece, pieces in
      SplitBehavior.removed.split(parts(of: text, piece, where: isWhiteSpace), into: &pieces)
    }
  }
}

/// Cuts at white space, which is dropped, and isolates punctuation.
struct BertPreTokenizer: PreTokenizer {
  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    try WhitespaceSplitPreTokenizer().apply(to: &text)
    try text.splitPieces { text, piece, pieces in
      SplitBehavior.isolated.split(parts(of: text, piece, where: isPunctuation), into: &pieces)
    }
  }
}

/// `\w+|[^\w\s]+`: runs of word characters and runs of others, white space dropped.
struct WhitespacePreTokenizer: PreTokenizer {
  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    try text.splitPieces { text, piece, pieces in
      var position = piece.lowerBound
      var start = position
      var kind: RareClasses?
      while position < piece.upperBound {
        let (scalar, end) = text.scalar(at: position)
        let next = RareClasses(of: scalar).intersection([.word, .whiteSpace])
        if next != kind {
          if let kind, !kind.contains(.whiteSpace) || kind.contains(.word), start < position {
            pieces.append(start..<position)
          }
          start = position
          kind = next
        }
        position = end
      }
      if let kind, !kind.contains(.whiteSpace) || kind.contains(.word), start < position {
        pieces.append(start..<position)
      }
    }
  }
}

/// Cuts at one character, which is dropped.
struct CharDelimiterPreTokenizer: PreTokenizer {
  private let delimiter: UInt32

  init(_ reader: ComponentReader) throws(GraftError) {
    delimiter = try reader.character("delimiter")
  }

  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    try text.splitPieces { text, piece, pieces in
      SplitBehavior.removed.split(parts(of: text, piece) { $0 == delimiter }, into: &pieces)
    }
  }
}

/// Cuts into pieces of so many characters.
struct FixedLengthPreTokenizer: PreTokenizer {
  private let length: Int

  init(_ reader: ComponentReader) throws(GraftError) {
    length = try reader.int("length", default: 5)
    guard length > 0 else { throw reader.malformed("length", "a positive integer") }
  }

  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    try text.splitPieces { text, piece, pieces in
      var start = piece.lowerBound
      while start < piece.upperBound {
        var end = start
        var count = 0
        while count < length, end < piece.upperBound {
          end += characterLength(text[end])
          count += 1
        }
        pieces.append(start..<end)
        start = end
      }
    }
  }
}
