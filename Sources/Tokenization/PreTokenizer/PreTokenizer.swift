import Diagnostics
import StrictJSON

/// Splits a text into words that the model encodes one by one.
///
/// To add a pre-tokenizer: a file of its own in this folder, and a line in
/// ``makePreTokenizer(_:isLast:)``.
protocol PreTokenizer: Sendable {
  /// Whether it asks where a piece begins in the original text.
  var needsOrigins: Bool { get }
  /// How many bytes it can make of one, at most.
  var growth: Int { get }

  /// Splits each piece of `text` further, or respells it.
  ///
  /// - Throws: ``GraftError`` if the search for a regular expression takes too long.
  func apply(to text: inout PreTokenizedText) throws(GraftError)
}

extension PreTokenizer {
  var needsOrigins: Bool { false }
  var growth: Int { 1 }
}

/// A text cut into pieces.
struct PreTokenizedText {
  /// Valid UTF-8.
  private(set) var bytes: [UInt8]
  /// Where each byte comes from in the original text; empty where that is not wanted.
  private(set) var origins: [Origin]
  /// Where the text begins in the original.
  let start: Int
  /// The pieces in order, as byte offsets; a byte in no piece is dropped.
  private(set) var pieces: [Range<Int>]
  /// How the model is to read the bytes.
  var form = WordForm.characters
  private var spare: [Range<Int>] = []

  /// A text of one piece.
  init(_ text: consuming AlignedText) {
    start = text.start
    origins = text.origins
    bytes = text.bytes
    pieces = bytes.isEmpty ? [] : [0..<bytes.count]
  }

  /// Replaces each piece by those that `split` appends; empty ones vanish.
  mutating func splitPieces(
    _ split: (UTF8Text, Range<Int>, inout [Range<Int>]) throws(GraftError) -> Void
  ) throws(GraftError) {
    swap(&pieces, &spare)
    pieces.removeAll(keepingCapacity: true)
    try withCharacters(of: bytes) { (text) throws(GraftError) in
      for piece in spare { try split(text, piece, &pieces) }
    }
  }

  /// Replaces the text of each piece by what `respell` appends.
  ///
  /// - Parameter respell: gets a piece and the list to append to, and for each byte appended
  ///   the place in the piece that it comes from.
  mutating func respellPieces(
    _ respell: (Span<UInt8>, Range<Int>, inout Respelling) -> Void
  ) {
    var respelling = Respelling(origins: origins)
    respelling.bytes.reserveCapacity(bytes.count + bytes.count / 2)
    for i in pieces.indices {
      let start = respelling.bytes.count
      respelling.pieceStart = pieces[i].lowerBound
      respell(bytes.span.extracting(pieces[i]), pieces[i], &respelling)
      pieces[i] = start..<respelling.bytes.count
    }
    bytes = respelling.bytes
    origins = respelling.newOrigins
  }

  /// Where a part of the bytes comes from.
  func origin(of range: Range<Int>) -> Range<Int> {
    Tokenization.origin(of: range, in: origins, else: start)
  }

  /// The new bytes of pieces that are spelled anew.
  struct Respelling {
    fileprivate let origins: [Origin]
    fileprivate var newOrigins: [Origin] = []
    fileprivate var pieceStart = 0
    /// The new bytes.
    var bytes: [UInt8] = []

    fileprivate init(origins: [Origin]) { self.origins = origins }

    /// Gives all new bytes that have none yet the origin of a byte of the piece.
    @inline(__always)
    mutating func place(at offset: Int) {
      guard !origins.isEmpty else { return }
      let origin = origins[pieceStart + offset]
      while newOrigins.count < bytes.count { newOrigins.append(origin) }
    }
  }
}

/// Creates the pre-tokenizer that a component of the file describes.
///
/// - Parameter isLast: whether the model reads what this one leaves, and can read it as bytes.
func makePreTokenizer(
  _ reader: ComponentReader, isLast: Bool = true
) throws(GraftError) -> any PreTokenizer {
  switch try reader.type() {
  case "BertPreTokenizer": BertPreTokenizer()
  case "ByteLevel": try ByteLevelPreTokenizer(reader, isLast: isLast)
  case "CharDelimiterSplit": try CharDelimiterPreTokenizer(reader)
  case "Digits": try DigitsPreTokenizer(reader)
  case "FixedLength": try FixedLengthPreTokenizer(reader)
  case "Metaspace": try MetaspacePreTokenizer(reader)
  case "Punctuation": try PunctuationPreTokenizer(reader)
  case "Sequence": try SequencePreTokenizer(reader, isLast: isLast)
  case "Split": try SplitPreTokenizer(reader)
  case "UnicodeScripts": UnicodeScriptsPreTokenizer()
  case "Whitespace": WhitespacePreTokenizer()
  case "WhitespaceSplit": WhitespaceSplitPreTokenizer()
  case let other:
    throw reader.unsupported(
      other,
      supported: [
        "BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Digits", "FixedLength",
        "Metaspace", "Punctuation", "Sequence", "Split", "UnicodeScripts", "Whitespace",
        "WhitespaceSplit",
      ])
  }
}
