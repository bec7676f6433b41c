/// The tokens of a text, or of a pair of texts, and where they come from.
///
/// All lists are as long as ``ids``.
public struct Encoding: Sendable, Equatable {
  /// The ids.
  public var ids: [Int32] = []
  /// The tokens: spelled as in the vocabulary, and added tokens as they stand in the text.
  public var tokens: [String] = []
  /// The part of the text that each token stands for, counted in Unicode scalars as Python counts
  /// characters; empty for tokens that are put around a text.
  public var offsets: [Range<Int>] = []
  /// Which text of a pair a token belongs to, as the tokenizer's template says.
  public var typeIDs: [Int32] = []
  /// The number of the word, as cut before the model, that each token belongs to.
  public var wordIDs: [Int?] = []
  /// Whether each token was put around the text.
  public var isSpecial: [Bool] = []
  /// Whether each token counts; padding does not.
  public var isAttended: [Bool] = []
  /// What truncation cut off, in parts of the same length.
  public var overflow: [Encoding] = []

  /// No tokens.
  public init() {}

  /// The number of tokens.
  public var count: Int { ids.count }

  /// A token that stands for no part of the text.
  mutating func appendSpecial(
    _ id: Int32, _ token: String, typeID: Int32, isAttended attended: Bool = true
  ) {
    ids.append(id)
    tokens.append(token)
    offsets.append(0..<0)
    typeIDs.append(typeID)
    wordIDs.append(nil)
    isSpecial.append(true)
    isAttended.append(attended)
  }

  /// Appends another encoding; what overflowed of both is combined.
  mutating func append(_ other: Encoding) {
    var combined: [Encoding] = []
    for mine in overflow {
      combined.append(mine.joined(with: other))
      for its in other.overflow { combined.append(mine.joined(with: its)) }
    }
    for its in other.overflow { combined.append(joined(with: its)) }
    self = joined(with: other)
    overflow = combined
  }

  private func joined(with other: Encoding) -> Encoding {
    var result = self
    result.ids += other.ids
    result.tokens += other.tokens
    result.offsets += other.offsets
    result.typeIDs += other.typeIDs
    result.wordIDs += other.wordIDs
    result.isSpecial += other.isSpecial
    result.isAttended += other.isAttended
    result.overflow = []
    return result
  }

  /// A part of the tokens.
  func part(_ range: Range<Int>) -> Encoding {
    var part = Encoding()
    part.ids = Array(ids[range])
    part.tokens = Array(tokens[range])
    part.offsets = Array(offsets[range])
    part.typeIDs = Array(typeIDs[range])
    part.wordIDs = Array(wordIDs[range])
    part.isSpecial = Array(isSpecial[range])
    part.isAttended = Array(isAttended[range])
    return part
  }
}
