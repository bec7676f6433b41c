import Diagnostics

/// Joins the parts of words and puts spaces between words.
struct WordPieceDecoder: TokenDecoder {
  private let prefix: [UInt8]
  private let cleansUp: Bool

  init(_ reader: ComponentReader) throws(GraftError) {
    prefix = Array((try reader.optionalString("prefix") ?? "##").utf8)
    cleansUp = try reader.bool("cleanup", default: true)
  }

  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    for i in tokens.indices {
      if i > tokens.startIndex {
        if tokens[i].starts(with: prefix) {
          tokens[i] = tokens[i].dropFirst(prefix.count)
        } else {
          tokens[i] = [UInt8(ascii: " ")] + tokens[i]
        }
      }
      if cleansUp { tokens[i] = cleanedUp(tokens[i]) }
    }
  }
}

/// A text without the spaces that tokenization puts before punctuation and English endings.
func cleanedUp(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  let replacements = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ]
  var text = text
  for (old, new) in replacements {
    text = text.replacing(Array(old.utf8), with: Array(new.utf8))
  }
  return text
}
