import Diagnostics
import StrictJSON

/// Spells spaces as a visible character and begins words with it, as SentencePiece does.
struct MetaspacePreTokenizer: PreTokenizer {
  /// Before which pieces the character is put.
  enum Prepending: String { case always, first, never }

  private let replacement: [UInt8]
  private let prepending: Prepending
  private let splits: Bool
  var needsOrigins: Bool { prepending == .first }
  var growth: Int { 1 + replacement.count }

  init(_ reader: ComponentReader) throws(GraftError) {
    var character: [UInt8] = []
    appendUTF8(try reader.character("replacement"), to: &character)
    replacement = character
    prepending = try reader.prepending()
    splits = try reader.bool("split", default: true)
  }

  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    let before = text
    text.respellPieces { word, piece, respelling in
      let startsWithIt = word[0] == UInt8(ascii: " ") || word.starts(with: replacement)
      let isPrepended =
        switch prepending {
        case .always: !startsWithIt
        case .first: !startsWithIt && before.origin(of: piece).lowerBound == 0
        case .never: false
        }
      if isPrepended {
        respelling.bytes += replacement
        respelling.place(at: 0)
      }
      for i in word.indices {
        if word[i] == UInt8(ascii: " ") {
          respelling.bytes += replacement
        } else {
          respelling.bytes.append(word[i])
        }
        respelling.place(at: i)
      }
    }
    guard splits else { return }
    let pattern = TextPattern.string(replacement)
    try text.splitPieces { (text, piece, pieces) throws(GraftError) in
      SplitBehavior.mergedWithNext.split(try pattern.parts(of: text, piece), into: &pieces)
    }
  }
}

extension ComponentReader {
  fileprivate func prepending() throws(GraftError) -> MetaspacePreTokenizer.Prepending {
    let scheme = try optionalString("prepend_scheme") ?? "always"
    guard let prepending = MetaspacePreTokenizer.Prepending(rawValue: scheme) else {
      throw malformed("prepend_scheme", "always, first or never")
    }
    guard try !bool("add_prefix_space", default: true) else { return prepending }
    guard prepending == .never || value["prepend_scheme"] == nil else {
      throw malformed("prepend_scheme", "never where add_prefix_space is false")
    }
    return .never
  }
}

/// The decoder of the same name.
struct MetaspaceDecoder: TokenDecoder {
  private let replacement: [UInt8]
  private let dropsFirst: Bool

  init(_ reader: ComponentReader) throws(GraftError) {
    var character: [UInt8] = []
    appendUTF8(try reader.character("replacement"), to: &character)
    replacement = character
    dropsFirst = try reader.prepending() != .never
  }

  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    for i in tokens.indices {
      tokens[i] = tokens[i].replacing(
        replacement, with: i == tokens.startIndex && dropsFirst ? [] : [UInt8(ascii: " ")])
    }
  }
}

extension Span<UInt8> {
  /// Whether these bytes begin with others.
  func starts(with prefix: [UInt8]) -> Bool {
    guard count >= prefix.count else { return false }
    for i in prefix.indices where self[i] != prefix[i] { return false }
    return true
  }
}

extension ArraySlice<UInt8> {
  /// The bytes with each occurrence of `old` replaced.
  func replacing(_ old: [UInt8], with new: [UInt8]) -> ArraySlice<UInt8> {
    guard let first = old.first, contains(first) else { return self }
    var out: [UInt8] = []
    var position = startIndex
    while position < endIndex {
      if self[position] == first, self[position...].starts(with: old) {
        out += new
        position += old.count
      } else {
        out.append(self[position])
        position += 1
      }
    }
    return out[...]
  }
}
