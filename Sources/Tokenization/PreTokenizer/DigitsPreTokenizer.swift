import Diagnostics

/// Parts digits from the rest: each on its own, or in runs.
struct DigitsPreTokenizer: PreTokenizer {
  private let isolatesEach: Bool

  init(_ reader: ComponentReader) throws(GraftError) {
    isolatesEach = try reader.bool("individual_digits", default: false)
  }

  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    try text.splitPieces { text, piece, pieces in
      var start = piece.lowerBound
      while start < piece.upperBound {
        var end = text.endOfRun(from: start, before: piece.upperBound) { !$0.contains(.digit) }
        if end > start { pieces.append(start..<end) }
        start = end
        end = text.endOfRun(from: start, before: piece.upperBound) { $0.contains(.digit) }
        while isolatesEach, start < end {
          let next = text.character(at: start).end
          pieces.append(start..<next)
          start = next
        }
        if end > start { pieces.append(start..<end) }
        start = end
      }
    }
  }
}
