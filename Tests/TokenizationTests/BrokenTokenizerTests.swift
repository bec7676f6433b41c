import Diagnostics
import Testing
import Tokenization

@Suite struct `Broken tokenizer files are refused` {
  /// A byte-level tokenizer with some parts of the file replaced.
  private func file(
    vocabulary: String = #"{"a": 0, "b": 1, "ab": 2}"#, merges: String = #"["a b"]"#,
    added: String = "[]", normalizer: String = "null",
    preTokenizer: String = #"{"type": "ByteLevel", "add_prefix_space": false}"#,
    postProcessor: String = "null", decoder: String = #"{"type": "ByteLevel"}"#,
    settings: String = ""
  ) -> String {
    """
    {"version": "1.0", "added_tokens": \(added),
     "normalizer": \(normalizer),
     "pre_tokenizer": \(preTokenizer),
     "post_processor": \(postProcessor),
     "decoder": \(decoder),
     "model": {"type": "BPE", \(settings)
       "vocab": \(vocabulary),
       "merges": \(merges)}}
    """
  }

  private func expect(
    _ code: GraftError.Code, _ words: String..., in json: String, line: Int? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: GraftError.self, sourceLocation: sourceLocation) {
      try tokenizer(json)
    }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    #expect(error?.file == "tokenizer.json", sourceLocation: sourceLocation)
    if let line { #expect(error?.line == line, sourceLocation: sourceLocation) }
    for word in words {
      #expect(error?.message.contains(word) == true, sourceLocation: sourceLocation)
    }
  }

  @Test func `a good one is read`() throws {
    let good = try tokenizer(file())
    #expect(try good.encode("abba") == [2, 1, 0])
    #expect(good.decode([2, 1, 0, 99, -1]) == "abba")
  }

  @Test func `broken JSON is refused with its line`() {
    let whole = file()
    expect(GraftError.Code("invalid-json", .input), in: String(whole.dropLast(3)))
    expect(
      GraftError.Code("invalid-json", .input), in: file(vocabulary: #"{"a": 0, "b" 1}"#), line: 7)
    expect(
      GraftError.Code("invalid-json", .input), in: file(merges: #"["a b",, "b a"]"#), line: 8)
    expect(.malformedTokenizer, in: "[1, 2]")
  }

  @Test func `a vocabulary that is not one is refused`() {
    expect(.malformedTokenizer, "model.vocab", in: file(vocabulary: "[1]"))
    expect(.malformedTokenizer, in: file(vocabulary: #"{"a": "x"}"#))
    expect(.malformedTokenizer, "-1", "'b'", in: file(vocabulary: #"{"a": 0, "b": -1}"#))
    expect(
      .malformedTokenizer, "99999999999", in: file(vocabulary: #"{"a": 0, "b": 99999999999}"#))
  }

  @Test func `ids and tokens must be unique`() {
    expect(
      .duplicateToken, "'b'", "'a'", in: file(vocabulary: #"{"a": 0, "b": 0, "ab": 2}"#))
    expect(
      .duplicateToken, "'a'", in: file(vocabulary: #"{"a": 0, "b": 1, "a": 2}"#))
    expect(
      .duplicateToken, "'x'", "'ab'",
      in: file(added: #"[{"id": 2, "content": "x", "special": true}]"#))
    expect(
      .duplicateToken, "'a'", in: file(added: #"[{"id": 3, "content": "a", "special": true}]"#))
  }

  @Test func `canonically equivalent tokens are different tokens`() throws {
    let tokenizer = try tokenizer(
      file(
        vocabulary: "{\"\u{E9}\": 0, \"e\": 1, \"\u{301}\": 2, \"e\u{301}\": 3}",
        merges: "[\"e \u{301}\"]", preTokenizer: "null", decoder: "null"))
    #expect(try tokenizer.encode("\u{E9}e\u{301}") == [0, 3])
  }

  @Test func `a hole in the ids is refused`() {
    expect(.vocabularyHole, "id 2", in: file(vocabulary: #"{"a": 0, "b": 1, "ab": 3}"#))
    expect(
      .vocabularyHole, "id 3", in: file(added: #"[{"id": 4, "content": "x", "special": true}]"#))
  }

  @Test func `an id that a file of that size cannot reach is refused`() {
    expect(.vocabularyHole, "9000000", in: file(vocabulary: #"{"a": 0, "b": 9000000}"#))
  }

  @Test func `replacements that fill any memory are refused`() {
    let double = #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#
    func sequence(_ key: String, _ count: Int) -> String {
      let parts = repeatElement(double, count: count).joined(separator: ", ")
      return #"{"type": "Sequence", "\#(key)": [\#(parts)]}"#
    }
    expect(.malformedTokenizer, "times as long", in: file(normalizer: sequence("normalizers", 80)))
    expect(.malformedTokenizer, "times as long", in: file(decoder: sequence("decoders", 80)))
    #expect(throws: Never.self) {
      let doubling = try tokenizer(
        file(normalizer: sequence("normalizers", 3), decoder: sequence("decoders", 3)))
      #expect(try doubling.encode("a") == [0, 0, 0, 0, 0, 0, 0, 0])
    }
  }

  @Test func `a merge must name tokens`() {
    expect(.mergeWithoutToken, "merge 2", "'c'", in: file(merges: #"["a b", "a c"]"#))
    expect(.mergeWithoutToken, "'ba'", in: file(merges: #"[["b", "a"]]"#))
    expect(.malformedTokenizer, "merge 1", in: file(merges: #"["ab"]"#))
    expect(.malformedTokenizer, "merge 1", in: file(merges: #"[7]"#))
  }

  @Test func `a component that is not built in is named`() {
    let strange = #"{"type": "Strange"}"#
    expect(.unsupportedTokenizer, "normalizer", "Strange", in: file(normalizer: strange))
    expect(.unsupportedTokenizer, "pre_tokenizer", "Strange", in: file(preTokenizer: strange))
    expect(.unsupportedTokenizer, "post_processor", "Strange", in: file(postProcessor: strange))
    expect(.unsupportedTokenizer, "decoder", "Strange", in: file(decoder: strange))
    expect(
      .unsupportedTokenizer, "pre_tokenizer.pretokenizers[1]",
      in: file(
        preTokenizer:
          #"{"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "Strange"}]}"#
      ))
    expect(.unsupportedTokenizer, "dropout", in: file(settings: #""dropout": 0.1,"#))
    expect(.malformedTokenizer, "unknown", in: file(settings: #""unk_token": "<unk>","#))
  }

  @Test func `a regular expression that is none is refused with its place`() {
    for pattern in ["(a", "[b-a]", "a{2,1}(", "\\\\p{Nonsense}", "(?<n>a)\\\\k<m>", "*"] {
      expect(
        .invalidPattern, "pre_tokenizer.pattern",
        in: file(
          preTokenizer:
            "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"\(pattern)\"}, "
            + "\"behavior\": \"Isolated\"}"))
    }
    expect(
      .invalidPattern, "normalizer.normalizers[0].pattern",
      in: file(
        normalizer:
          #"{"type": "Sequence", "normalizers": [{"type": "Replace", "pattern": {"Regex": "("}, "content": ""}]}"#
      ))
  }

  @Test func `a regular expression that takes for ever is given up`() throws {
    let slow = try tokenizer(
      file(
        preTokenizer:
          #"{"type": "Split", "pattern": {"Regex": "(x+x+)+[^x][^x]"}, "behavior": "Isolated"}"#))
    let error = #expect(throws: GraftError.self) {
      try slow.encode(String(repeating: "x", count: 60) + "!")
    }
    #expect(error?.code == .invalidPattern)
  }

  @Test func `settings of the wrong kind are refused with their place`() {
    expect(
      .malformedTokenizer, "precompiled_charsmap",
      in: file(normalizer: #"{"type": "Precompiled", "precompiled_charsmap": "!"}"#))
    expect(
      .malformedTokenizer, "precompiled_charsmap",
      in: file(normalizer: #"{"type": "Precompiled", "precompiled_charsmap": "/////w=="}"#))
    expect(
      .malformedTokenizer, "behavior",
      in: file(
        preTokenizer: #"{"type": "Split", "pattern": {"String": "x"}, "behavior": "Strange"}"#))
    expect(
      .malformedTokenizer, "replacement",
      in: file(preTokenizer: #"{"type": "Metaspace", "replacement": "ab"}"#))
    expect(
      .malformedTokenizer, "length",
      in: file(preTokenizer: #"{"type": "FixedLength", "length": 0}"#))
    expect(
      .malformedTokenizer, "single",
      in: file(postProcessor: #"{"type": "TemplateProcessing", "single": [], "pair": []}"#))
    expect(
      .malformedTokenizer, "cls",
      in: file(postProcessor: #"{"type": "BertProcessing", "sep": ["a", 0], "cls": ["b", -7]}"#))
  }

  @Test func `text that is no UTF-8 is refused with its line`() {
    var bytes = Array(file().utf8)
    for bad in [[0xFF], [0xED, 0xA0, 0x80], [0xC0, 0x80]] as [[UInt8]] {
      let place = bytes.firstIndex(of: UInt8(ascii: "b")) ?? 0
      bytes.replaceSubrange(place...place, with: bad)
      #expect(throws: GraftError.self) { try Tokenizer(json: bytes, path: "tokenizer.json") }
    }
    expect(GraftError.Code("invalid-json", .input), in: file(vocabulary: #"{"a\ud800": 0}"#))
  }

  @Test func `a NUL is a character as others`() throws {
    let nul = try tokenizer(
      file(
        vocabulary: #"{"a": 0, "\u0000": 1, "a\u0000": 2}"#, merges: #"[["a", "\u0000"]]"#,
        preTokenizer: "null", decoder: "null"))
    #expect(try nul.encode("a\u{0}\u{0}a") == [2, 1, 0])
  }
}
