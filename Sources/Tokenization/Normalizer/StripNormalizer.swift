import Diagnostics

/// Drops white space at the ends of a text.
struct StripNormalizer: Normalizer {
  private let stripsLeft: Bool
  private let stripsRight: Bool

  init(_ reader: ComponentReader) throws(GraftError) {
    stripsLeft = try reader.bool("strip_left", default: true)
    stripsRight = try reader.bool("strip_right", default: true)
  }

  func apply(to text: inout AlignedText) {
    var start = 0
    var end = text.bytes.count
    withCharacters(of: text.bytes) { characters in
      while stripsLeft, start < end {
        let (scalar, next) = characters.scalar(at: start)
        guard RareClasses(of: scalar).contains(.whiteSpace) else { break }
        start = next
      }
      while stripsRight, end > start {
        let before = characters.start(ofCharacterBefore: end)
        guard RareClasses(of: characters.scalar(at: before).value).contains(.whiteSpace) else {
          break
        }
        end = before
      }
    }
    guard end - start < text.bytes.count else { return }
    text.bytes = Array(text.bytes[start..<end])
    if text.isTracked { text.origins = Array(text.origins[start..<end]) }
  }
}
