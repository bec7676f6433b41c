import FileIO
import StrictJSON
import TestSupport

import Tokenization

/// What the `tokenizers` package made of one text.
struct TokenizerGolden {
  let text: String
  let ids: [Int32]
  let idsWithSpecial: [Int32]
  let decoded: String
  let decodedPlain: String?

  init(_ value: JSONValue, text: String? = nil) throws {
    self.text = try text ?? value.required("text").string ?? ""
    ids = try Self.ids(value.required("ids"))
    idsWithSpecial = try value["ids_special"].map(Self.ids) ?? ids
    decoded = value["decoded"]?.string ?? self.text
    decodedPlain = value["decoded_plain"]?.string
  }

  private static func ids(_ value: JSONValue) throws -> [Int32] {
    try (value.array ?? []).map { element in
      guard let id = element.int else { throw MissingKey(key: "ids") }
      return Int32(id)
    }
  }
}

struct MissingKey: Error { let key: String }

extension JSONValue {
  func required(_ key: String) throws -> JSONValue {
    guard let value = self[key] else { throw MissingKey(key: key) }
    return value
  }
}

/// The folder of this target's fixtures.
func fixture(_ name: String, from file: String = #filePath) -> String {
  file.prefix(upTo: file.lastIndex(of: "/") ?? file.startIndex) + "/Fixtures/" + name
}

/// A tokenizer from the text of a `tokenizer.json`.
func tokenizer(_ json: String) throws -> Tokenizer {
  try Tokenizer(json: Array(json.utf8), path: "tokenizer.json")
}
