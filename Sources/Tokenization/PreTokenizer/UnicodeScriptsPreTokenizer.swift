import Diagnostics

/// Cuts where the script changes, as SentencePiece does.
struct UnicodeScriptsPreTokenizer: PreTokenizer {
  private static let runs = numbers(UnicodeProperties.scripts)

  /// The number of a character's script; 0 goes with any.
  private static func script(of scalar: UInt32) -> UInt32 {
    var low = 0
    var high = runs.count / 2
    while low + 1 < high {
      let middle = (low + high) / 2
      if runs[2 * middle] <= scalar { low = middle } else { high = middle }
    }
    return runs[2 * low + 1]
  }

  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    try text.splitPieces { text, piece, pieces in
      var last: UInt32?
      var start: Int?
      var position = piece.lowerBound
      while position < piece.upperBound {
        let (scalar, end) = text.scalar(at: position)
        let script = Self.script(of: scalar)
        if script != 0, script != last {
          // What goes with any script and stands before the first is dropped, as in the reference.
          if let start { pieces.append(start..<position) }
          start = position
          last = script
        }
        position = end
      }
      if let start { pieces.append(start..<piece.upperBound) }
    }
  }
}
