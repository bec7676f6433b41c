import Diagnostics

/// Several pre-tokenizers, one after the other.
struct SequencePreTokenizer: PreTokenizer {
  private let parts: [any PreTokenizer]
  let needsOrigins: Bool
  var growth: Int { parts.reduce(1) { multiplied($0, $1.growth) } }

  init(_ reader: ComponentReader, isLast: Bool) throws(GraftError) {
    let components = try reader.components("pretokenizers")
    var parts: [any PreTokenizer] = []
    for (i, component) in components.enumerated() {
      parts.append(
        try makePreTokenizer(component, isLast: isLast && i == components.count - 1))
    }
    self.parts = parts
    needsOrigins = parts.contains(where: \.needsOrigins)
  }

  func apply(to text: inout PreTokenizedText) throws(GraftError) {
    for part in parts { try part.apply(to: &text) }
  }
}
