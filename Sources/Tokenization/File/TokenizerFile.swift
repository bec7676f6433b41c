import Diagnostics
import FileIO
import StrictJSON

/// A `tokenizer.json`: its settings as a value, its vocabulary and merges still as text.
struct TokenizerFile {
  /// The path.
  let path: String
  /// All but the vocabulary and the merges, which are null here.
  let settings: JSONValue
  /// Where the model's vocabulary is, if it is an object.
  let vocabulary: Range<Int>?
  /// Where the model's vocabulary is, if it is a list.
  let vocabularyList: Range<Int>?
  /// Where the model's merges are, if they are a list.
  let merges: Range<Int>?
  let bytes: [UInt8]

  /// Reads the file.
  ///
  /// - Throws: ``GraftError`` with the line, if the file is not valid JSON in UTF-8.
  init(_ path: String) throws(GraftError) {
    try self.init(bytes: readFile(path, limit: 512 << 20), path: path)
  }

  init(bytes: [UInt8], path: String) throws(GraftError) {
    self.path = path
    self.bytes = bytes
    var vocabulary: Range<Int>?
    var vocabularyList: Range<Int>?
    var merges: Range<Int>?
    let isWalkable = Self.findLongLists(bytes, &vocabulary, &vocabularyList, &merges)
    guard isWalkable, String(validating: bytes, as: UTF8.self) != nil else {
      // The strict parser says what is wrong, and where.
      settings = try JSONValue.parse(bytes, file: path)
      throw .malformedTokenizer("is not a JSON object in UTF-8", file: path)
    }
    self.vocabulary = vocabulary
    self.vocabularyList = vocabularyList
    self.merges = merges
    var rest: [UInt8] = []
    var position = 0
    let cuts = [vocabulary, vocabularyList, merges].compactMap { $0 }.sorted {
      $0.lowerBound < $1.lowerBound
    }
    for cut in cuts {
      rest += bytes[position..<cut.lowerBound]
      rest += "null".utf8
      // Keeps line numbers in errors right.
      rest += bytes[cut].filter { $0 == 0x0A }
      position = cut.upperBound
    }
    rest += bytes[position...]
    settings = try JSONValue.parse(rest, file: path)
  }

  private static func findLongLists(
    _ bytes: [UInt8], _ vocabulary: inout Range<Int>?,
    _ vocabularyList: inout Range<Int>?, _ merges: inout Range<Int>?
  ) -> Bool {
    var cursor = JSONCursor(bytes, 0..<bytes.count)
    let isComplete = cursor.walkObject { cursor, key in
      guard key == Array("model".utf8), cursor.peek() == UInt8(ascii: "{") else {
        return cursor.skipValue()
      }
      return cursor.walkObject { cursor, key in
        let first = cursor.peek()
        let start = cursor.position
        guard cursor.skipValue() else { return false }
        if key == Array("vocab".utf8) {
          if first == UInt8(ascii: "{") { vocabulary = start..<cursor.position }
          if first == UInt8(ascii: "[") { vocabularyList = start..<cursor.position }
        }
        if key == Array("merges".utf8), first == UInt8(ascii: "[") {
          merges = start..<cursor.position
        }
        return true
      }
    }
    return isComplete && cursor.isAtEnd()
  }

  /// Reads a component's settings.
  func component(_ key: String) -> ComponentReader? {
    guard let value = settings[key], !value.isNull else { return nil }
    return ComponentReader(value: value, file: path, place: key)
  }
}
