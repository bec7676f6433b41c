import Diagnostics
import StrictJSON

/// A token that is found in the text itself, before the text is cut into words.
struct AddedToken: Sendable, Equatable {
  /// The text.
  var content: String
  /// The id.
  var id: Int32
  /// Whether it is left out of decoded text on demand.
  var isSpecial = false
  /// Whether it is found only where no word character touches it.
  var isSingleWord = false
  /// Whether white space before it belongs to it.
  var stripsLeft = false
  /// Whether white space after it belongs to it.
  var stripsRight = false
  /// Whether it is looked for in the normalized text.
  var isNormalized = false
}

extension AddedToken {
  /// Reads an element of `added_tokens`.
  init(_ reader: ComponentReader, id: Int?) throws(GraftError) {
    guard let content = reader.value["content"]?.string else {
      throw reader.malformed("content", "a string")
    }
    guard let id = id ?? reader.value["id"]?.int, id >= 0, id < TokenizerFile.idLimit else {
      throw reader.malformed("id", "an integer from 0 to \(TokenizerFile.idLimit - 1)")
    }
    self.content = content
    self.id = Int32(id)
    isSpecial = try reader.bool("special", default: false)
    isSingleWord = try reader.bool("single_word", default: false)
    stripsLeft = try reader.bool("lstrip", default: false)
    stripsRight = try reader.bool("rstrip", default: false)
    isNormalized = try reader.bool("normalized", default: !isSpecial)
  }
}
