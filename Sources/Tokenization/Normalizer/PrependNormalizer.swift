import Diagnostics

/// Puts a string before a text that is not empty.
struct PrependNormalizer: Normalizer {
  private let prefix: [UInt8]
  var growth: Int { 1 + prefix.count }

  init(_ reader: ComponentReader) throws(GraftError) {
    prefix = Array(try reader.string("prepend").utf8)
  }

  func apply(to text: inout AlignedText) { text.prepend(prefix) }
}
