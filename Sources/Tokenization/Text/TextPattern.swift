import Diagnostics
import StrictJSON

/// What Split and Replace look for: a string, or a regular expression.
enum TextPattern: Sendable {
  /// A string, by its bytes; an empty one matches nothing.
  case string([UInt8])
  /// A regular expression.
  case expression(RegularExpression)

  /// Reads the key `pattern` of a component.
  init(_ reader: ComponentReader) throws(GraftError) {
    let pattern = reader.value["pattern"]
    if let string = pattern?["String"]?.string ?? pattern?.string {
      self = .string(Array(string.utf8))
    } else if let expression = pattern?["Regex"]?.string {
      self = .expression(
        try RegularExpression(expression, place: "\(reader.place).pattern", file: reader.file))
    } else {
      throw reader.malformed("pattern", "an object with a String or a Regex")
    }
  }

  /// How many bytes become of one, at most, where matches are replaced.
  func growth(to content: [UInt8]) -> Int {
    switch self {
    case .string(let string):
      string.isEmpty ? 1 : max(1, (content.count + string.count - 1) / string.count)
    case .expression: 1 + content.count
    }
  }

  /// The matches in the piece of a text, in order, and what stands between them.
  ///
  /// - Throws: ``GraftError`` if the search was given up.
  func parts(
    of text: UTF8Text, _ piece: Range<Int>, inverted: Bool = false
  ) throws(GraftError) -> [TextPart] {
    if piece.isEmpty { return [TextPart(range: piece, isMatch: inverted)] }
    var parts: [TextPart] = []
    var previous = piece.lowerBound
    func add(_ match: Range<Int>) {
      if previous != match.lowerBound {
        parts.append(TextPart(range: previous..<match.lowerBound, isMatch: inverted))
      }
      parts.append(TextPart(range: match, isMatch: !inverted))
      previous = match.upperBound
    }
    switch self {
    case .string(let string): Self.find(string, in: text, piece, add)
    case .expression(let expression): try expression.forEachMatch(in: text, piece, add)
    }
    if previous != piece.upperBound {
      parts.append(TextPart(range: previous..<piece.upperBound, isMatch: inverted))
    }
    return parts
  }

  private static func find(
    _ string: [UInt8], in text: UTF8Text, _ piece: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    guard let first = string.first else { return }
    var position = piece.lowerBound
    while position + string.count <= piece.upperBound {
      if text[position] == first,
        (1..<string.count).allSatisfy({ text[position + $0] == string[$0] })
      {
        body(position..<(position + string.count))
        position += string.count
      } else {
        position += 1
      }
    }
  }
}
