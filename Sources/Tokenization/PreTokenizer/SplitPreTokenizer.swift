import Diagnostics
import StrictJSON

/// Cuts a text at what a pattern matches.
///
/// The regular expressions that most models use have hand-written scanners.
struct SplitPreTokenizer: PreTokenizer {
  private let scanner: WordScanner?
  private let pattern: TextPattern
  private let behavior: SplitBehavior
  private let isInverted: Bool

  init(_ reader: ComponentReader) throws(GraftError) {
    pattern = try TextPattern(reader)
    behavior = try reader.splitBehavior("behavior", default: nil)
    isInverted = try reader.bool("invert", default: false)
    // Those expressions match all of a text, so that the words are the matches either way.
    let coversAll = behavior == .isolated || (behavior == .removed && isInverted)
    let expression = coversAll ? reader.value["pattern"]?["Regex"]?.string : nil
    scanner = expression.flatMap(WordScanner.init)
  }

  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    try text.splitPieces { (text, piece, pieces) throws(GraftError) in
      if let scanner {
        scanner.split(text, piece, into: &pieces)
      } else {
        let parts = try pattern.parts(of: text, piece, inverted: isInverted)
        behavior.split(parts, into: &pieces)
      }
    }
  }
}

extension ComponentReader {
  /// One of the behaviors at matches; `fallback` where it is absent, or an error if that is nil.
  func splitBehavior(
    _ key: String, default fallback: SplitBehavior?
  ) throws(GraftError) -> SplitBehavior {
    if value[key] == nil, let fallback { return fallback }
    guard let behavior = value[key]?.string.flatMap(SplitBehavior.init) else {
      throw malformed(
        key, "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous")
    }
    return behavior
  }
}
