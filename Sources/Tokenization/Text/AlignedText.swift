/// Where in the original text a byte comes from.
struct Origin: Sendable, Equatable {
  var start: UInt32
  var end: UInt32
}

/// A text on its way through the normalizers, with the place in the original that each byte comes
/// from, where that is wanted.
struct AlignedText {
  /// Valid UTF-8.
  var bytes: [UInt8]
  /// The origin of each byte; empty where origins are not wanted.
  var origins: [Origin]
  /// Whether origins are wanted.
  let isTracked: Bool
  /// Where the text begins in the original.
  let start: Int

  /// A part of the original text.
  init(_ text: [UInt8], _ range: Range<Int>, tracked: Bool) {
    bytes = range.count == text.count ? text : Array(text[range])
    origins = []
    isTracked = tracked
    start = range.lowerBound
    guard tracked else { return }
    origins.reserveCapacity(bytes.count)
    var position = 0
    while position < bytes.count {
      let length = characterLength(bytes[position])
      let first = UInt32(start + position)
      for _ in 0..<length {
        origins.append(Origin(start: first, end: first + UInt32(length)))
      }
      position += length
    }
  }

  /// A part of a text that is already normalized.
  init(_ text: AlignedText, _ range: Range<Int>) {
    bytes = range.count == text.bytes.count ? text.bytes : Array(text.bytes[range])
    isTracked = text.isTracked
    origins = isTracked ? Array(text.origins[range]) : []
    start = isTracked ? origin(of: range, in: text.origins, else: text.start).lowerBound : 0
  }

  /// Rewrites the text by what `body` puts in place of its characters.
  mutating func rewrite(_ body: (inout TextRewriter, UTF8Text) -> Void) {
    var rewriter = TextRewriter(self)
    withCharacters(of: bytes) { body(&rewriter, $0) }
    bytes = rewriter.bytes
    origins = rewriter.origins
  }

  /// Puts `prefix` before the first character of a text that is not empty.
  mutating func prepend(_ prefix: [UInt8]) {
    guard let first = bytes.first else { return }
    bytes.insert(contentsOf: prefix, at: 0)
    guard isTracked else { return }
    // Together with the first character it takes that character's place.
    let length = characterLength(first)
    origins.insert(
      contentsOf: repeatElement(origins[0], count: prefix.count), at: min(length, origins.count))
  }
}

/// The number of bytes of the UTF-8 character that begins with `first`.
@inline(__always)
func characterLength(_ first: UInt8) -> Int {
  first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
}

/// The part of the original that a range of bytes comes from.
func origin(of range: Range<Int>, in origins: [Origin], else start: Int) -> Range<Int> {
  guard !range.isEmpty, range.upperBound <= origins.count else {
    let first = start + range.lowerBound
    return first..<(first + range.count)
  }
  let first = Int(origins[range.lowerBound].start)
  return first..<max(first, Int(origins[range.upperBound - 1].end))
}

/// Writes a new text over an old one, character by character, and carries the origins over.
struct TextRewriter {
  private let old: [UInt8]
  private let oldOrigins: [Origin]
  private let isTracked: Bool
  private let start: Origin
  /// How much of the old text is replaced so far.
  private(set) var position = 0
  /// The new text.
  private(set) var bytes: [UInt8] = []
  /// The origins of the new text.
  private(set) var origins: [Origin] = []

  fileprivate init(_ text: AlignedText) {
    old = text.bytes
    oldOrigins = text.origins
    isTracked = text.isTracked
    start = Origin(start: UInt32(text.start), end: UInt32(text.start))
    bytes.reserveCapacity(old.count)
    if isTracked { origins.reserveCapacity(old.count) }
  }

  /// Writes a character.
  ///
  /// - Parameter change: 1 for one that is new, 0 for one that replaces the next old one, and -n
  ///   for one that replaces it and the n after it.
  mutating func put(_ scalar: UInt32, change: Int = 0) {
    let first = bytes.count
    appendUTF8(scalar, to: &bytes)
    if isTracked {
      let origin =
        change > 0
        ? (position < 1 ? start : oldOrigins[position - 1])
        : position < oldOrigins.count ? oldOrigins[position] : oldOrigins.last ?? start
      for _ in first..<bytes.count { origins.append(origin) }
    }
    if change <= 0 { skip(1 - change) }
  }

  /// Copies the old text up to `end`.
  mutating func copy(to end: Int) {
    guard position < end else { return }
    bytes += old[position..<end]
    if isTracked { origins += oldOrigins[position..<end] }
    position = end
  }

  /// Leaves out characters of the old text.
  mutating func skip(_ count: Int) {
    for _ in 0..<count where position < old.count { position += characterLength(old[position]) }
  }
}

/// Appends a code point as UTF-8.
@inline(__always)
func appendUTF8(_ scalar: UInt32, to out: inout [UInt8]) {
  if scalar < 0x80 {
    out.append(UInt8(scalar))
  } else if scalar < 0x800 {
    out.append(UInt8(0xC0 | scalar >> 6))
    out.append(UInt8(0x80 | scalar & 0x3F))
  } else if scalar < 0x10000 {
    out.append(UInt8(0xE0 | scalar >> 12))
    out.append(UInt8(0x80 | scalar >> 6 & 0x3F))
    out.append(UInt8(0x80 | scalar & 0x3F))
  } else {
    out.append(UInt8(0xF0 | scalar >> 18 & 0x07))
    out.append(UInt8(0x80 | scalar >> 12 & 0x3F))
    out.append(UInt8(0x80 | scalar >> 6 & 0x3F))
    out.append(UInt8(0x80 | scalar & 0x3F))
  }
}
