import FileIO
import StrictJSON
import TestSupport
import Testing
import Tokenization

/// Fixtures by Scripts/golden/make_tokenizer_components.py.
@Suite struct `Every component gives what the tokenizers package gives` {
  static let lines: [[UInt8]] =
    ((try? readFile(fixture("components.jsonl"))) ?? []).split(separator: 0x0A).map(Array.init)

  @Test func areAllThere() { #expect(Self.lines.count > 90) }

  @Test(arguments: lines.indices)
  func equals(_ index: Int) throws {
    let line = try JSONValue.parse(Self.lines[index])
    let name = line["name"]?.string ?? ""
    let tokenizer = try tokenizer(line.required("tokenizer").text())
    for entry in try line.required("texts").array ?? [] {
      let golden = try EncodingGolden(entry)
      let text = try entry.required("text").string ?? ""
      let encoding = try tokenizer.encoding(of: text, applyingLimits: true)
      golden.expectEqual(encoding, "\(name): \(text)")
      if let second = entry["second"]?.string {
        let pair = try tokenizer.encoding(of: text, and: second, applyingLimits: true)
        try EncodingGolden(entry.required("pair")).expectEqual(pair, "\(name), pair: \(text)")
      }
      if !name.hasPrefix("limits") {
        let plain = try ids(entry.required("plain"))
        #expect(try tokenizer.encode(text, addingSpecialTokens: false) == plain, "\(name)")
        #expect(try tokenizer.encode(text) == golden.ids, "\(name)")
        try expectDecoded(entry, "decoded", tokenizer.decode(plain), name)
        try expectDecoded(
          entry, "skipped", tokenizer.decode(golden.ids, skippingSpecialTokens: true), name)
      }
    }
  }

  private func expectDecoded(
    _ entry: JSONValue, _ key: String, _ text: String, _ name: String
  ) throws {
    guard let expected = entry[key]?.string else { return }
    #expect(text.utf8.elementsEqual(expected.utf8), "\(name): \(text), \(expected)")
  }
}

/// An encoding as the `tokenizers` package gives it.
struct EncodingGolden {
  let ids: [Int32]
  let tokens: [String]
  let offsets: [[Int]]
  let words: [Int?]
  let types: [Int32]
  let special: [Int32]?
  let attended: [Int32]?

  init(_ value: JSONValue) throws {
    ids = try TokenizationTests.ids(value.required("ids"))
    tokens = try (value.required("tokens").array ?? []).map { $0.string ?? "" }
    offsets = try (value.required("offsets").array ?? []).map { pair in
      (pair.array ?? []).map { $0.int ?? -1 }
    }
    words = try (value.required("words").array ?? []).map(\.int)
    types = try TokenizationTests.ids(value.required("types"))
    special = try value["special"].map(TokenizationTests.ids)
    attended = try value["mask"].map(TokenizationTests.ids)
  }

  func expectEqual(
    _ encoding: Encoding, _ comment: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let comment = Comment(rawValue: comment)
    #expect(encoding.ids == ids, comment, sourceLocation: sourceLocation)
    #expect(encoding.tokens == tokens, comment, sourceLocation: sourceLocation)
    #expect(
      encoding.offsets.map { [$0.lowerBound, $0.upperBound] } == offsets, comment,
      sourceLocation: sourceLocation)
    #expect(encoding.wordIDs == words, comment, sourceLocation: sourceLocation)
    #expect(encoding.typeIDs == types, comment, sourceLocation: sourceLocation)
    if let special {
      #expect(
        encoding.isSpecial.map { $0 ? 1 : 0 } == special, comment, sourceLocation: sourceLocation)
    }
    if let attended {
      #expect(
        encoding.isAttended.map { $0 ? 1 : 0 } == attended, comment,
        sourceLocation: sourceLocation)
    }
  }
}

/// A list of ids.
func ids(_ value: JSONValue) throws -> [Int32] {
  try (value.array ?? []).map { element in
    guard let id = element.int else { throw MissingKey(key: "ids") }
    return Int32(id)
  }
}
