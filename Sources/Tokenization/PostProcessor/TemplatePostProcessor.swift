import Diagnostics
import StrictJSON

/// Special tokens around a text by the file's template for a single text.
struct TemplatePostProcessor: PostProcessor {
  let prefix: [Int32]
  let suffix: [Int32]

  init(_ reader: ComponentReader) throws(GraftError) {
    guard let parts = reader.value["single"]?.array else {
      throw reader.malformed("single", "a list")
    }
    var prefix: [Int32] = []
    var suffix: [Int32] = []
    var isAfterText = false
    for part in parts {
      if let name = part["SpecialToken"]?["id"]?.string {
        let ids = try Self.ids(of: name, reader)
        if isAfterText { suffix += ids } else { prefix += ids }
      } else if part["Sequence"]?["id"]?.string == "A", !isAfterText {
        isAfterText = true
      } else {
        throw reader.malformed("single", "special tokens and the sequence A once")
      }
    }
    guard isAfterText else {
      throw reader.malformed("single", "special tokens and the sequence A once")
    }
    self.prefix = prefix
    self.suffix = suffix
  }

  private static func ids(
    of name: String, _ reader: ComponentReader
  ) throws(GraftError) -> [Int32] {
    guard let list = reader.value["special_tokens"]?[name]?["ids"]?.array else {
      throw reader.malformed("special_tokens", "ids of '\(name)'")
    }
    var ids: [Int32] = []
    for element in list {
      guard let id = element.int, let id = Int32(exactly: id) else {
        throw reader.malformed("special_tokens", "ids of '\(name)'")
      }
      ids.append(id)
    }
    return ids
  }
}
