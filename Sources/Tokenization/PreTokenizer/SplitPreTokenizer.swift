import Diagnostics
import StrictJSON

/// Cuts words by a regular expression that a hand-written scanner implements.
struct SplitPreTokenizer: PreTokenizer {
  private let scanner: WordScanner

  init(_ reader: ComponentReader) throws(GraftError) {
    guard let pattern = reader.value["pattern"]?["Regex"]?.string,
      let scanner = WordScanner(pattern: pattern)
    else { throw reader.unsupportedPattern(reader.value["pattern"]) }
    // These expressions match all of a text, so that the words are the matches either way.
    let behavior = reader.value["behavior"]?.string
    let isInverted = try reader.bool("invert", default: false)
    guard behavior == "Isolated" || (behavior == "Removed" && isInverted) else {
      throw reader.unsupportedSetting("behavior", reader.value["behavior"])
    }
    self.scanner = scanner
  }

  func apply(to text: inout PreTokenizedText) {
    text.splitPieces { text, piece, pieces in scanner.split(text, piece, into: &pieces) }
  }
}
