import Diagnostics
import StrictJSON

/// The normalizer inside a SentencePiece model: its rules, and what it does to spaces.
///
/// Source: `normalizer.cc` of SentencePiece.
struct SentencePieceNormalizer: Normalizer {
  private let rules: PrecompiledNormalizer?
  private let addsPrefix: Bool
  private let removesExtraSpaces: Bool
  /// What users defined: found before any rule, and left as it is.
  private let symbols: TokenTrie
  /// What spaces become.
  private let space: UInt32
  /// A space has three bytes, and so has one that is put first.
  var growth: Int { multiplied(6, rules?.growth ?? 1) }

  init(_ reader: ComponentReader) throws(GraftError) {
    let map = try reader.string("precompiled_charsmap")
    rules = map.isEmpty ? nil : try PrecompiledNormalizer(reader)
    addsPrefix = try reader.bool("add_dummy_prefix", default: true)
    removesExtraSpaces = try reader.bool("remove_extra_whitespaces", default: true)
    var symbols = TokenTrie()
    for (i, symbol) in (reader.value["user_defined_symbols"]?.array ?? []).enumerated() {
      guard let text = symbol.string else {
        throw reader.malformed("user_defined_symbols", "a list of strings")
      }
      symbols.add(Array(text.utf8), value: i)
    }
    self.symbols = symbols
    space = try reader.bool("escape_whitespaces", default: true) ? 0x2581 : 0x20
  }

  func apply(to text: inout AlignedText) {
    text.rewrite { rewriter, characters in
      var changes: [(scalar: UInt32, change: Int)] = []
      var skipped = 0
      var followsSpace = removesExtraSpaces
      var position = 0
      while position < characters.count {
        let (parts, end) = step(characters, position)
        var oldCount = 0
        for i in position..<end where characters[i] & 0xC0 != 0x80 { oldCount += 1 }
        position = end
        var kept = parts[...]
        if followsSpace { kept = kept.drop { $0 == 0x20 } }
        if kept.isEmpty {
          if changes.isEmpty {
            skipped += oldCount
          } else {
            changes[changes.count - 1].change -= oldCount
          }
        }
        for (i, scalar) in kept.enumerated() {
          let isLast = i == kept.count - 1
          let change = i >= oldCount ? 1 : isLast ? kept.count - oldCount : 0
          changes.append((scalar == 0x20 ? space : scalar, min(change, i >= oldCount ? 1 : 0)))
        }
        if removesExtraSpaces, !parts.isEmpty { followsSpace = parts.last == 0x20 }
      }
      while removesExtraSpaces, changes.last?.scalar == space { changes.removeLast() }
      if changes.isEmpty, addsPrefix, !removesExtraSpaces, skipped > 0 {
        // Text of which nothing is left still gets its space.
        return rewriter.put(space, change: 1 - skipped)
      }
      rewriter.skip(skipped)
      guard let first = changes.first else { return }
      if addsPrefix {
        rewriter.put(space, change: first.change)
        changes[0].change = 1
      }
      for (scalar, change) in changes { rewriter.put(scalar, change: change) }
    }
  }

  /// What the text at a position becomes, and where it goes on.
  private func step(_ text: UTF8Text, _ position: Int) -> ([UInt32], Int) {
    if let end = symbols.longestMatch(in: text, from: position) {
      var parts: [UInt32] = []
      var position = position
      while position < end {
        let (scalar, next) = text.scalar(at: position)
        parts.append(scalar)
        position = next
      }
      return (parts, end)
    }
    if let (new, end) = rules?.longestReplacement(in: text, from: position) {
      return (String(decoding: new, as: UTF8.self).unicodeScalars.map(\.value), end)
    }
    let (scalar, end) = text.scalar(at: position)
    return ([scalar], end)
  }
}
