import Diagnostics
import StrictJSON

/// Byte-pair encoding.
struct BPE: TokenModel {
  let vocabulary: Vocabulary
  private let merges: MergeTable
  /// The id of each single byte's character, or -1.
  private let byteIDs: [Int32]
  /// The ids of the tokens `<0x00>` to `<0xFF>`, or -1, where bytes stand in for characters that
  /// the vocabulary lacks.
  private let fallbackIDs: [Int32]?
  private let unknownID: Int32?
  private let fusesUnknown: Bool
  private let ignoresMerges: Bool

  /// Whether bytes have no token, so that they vanish and later tokens move, as in the reference.
  private let lacksBytes: Bool
  private let prefix: [UInt8]
  private let suffix: [UInt8]
  var readsBytes: Bool { prefix.isEmpty && suffix.isEmpty }

  init(_ file: TokenizerFile, _ reader: ComponentReader) throws(GraftError) {
    try reader.require("dropout", isOneOf: [nil, .null, 0, 0.0])
    let prefix = Array((try reader.optionalString("continuing_subword_prefix") ?? "").utf8)
    let vocabulary = try file.readVocabulary()
    let merges = try file.readMerges(of: vocabulary, prefixLength: prefix.count)
    var unknownID: Int32?
    if let unknown = try reader.optionalString("unk_token") {
      guard let id = vocabulary.id(of: unknown) else {
        throw .unknownTokenMissing(unknown, file: reader.file)
      }
      unknownID = id
    }
    self.init(
      vocabulary, merges, unknownID: unknownID,
      fusesUnknown: try reader.bool("fuse_unk", default: false),
      fallsBack: try reader.bool("byte_fallback", default: false),
      ignoresMerges: try reader.bool("ignore_merges", default: false), prefix: prefix,
      suffix: Array((try reader.optionalString("end_of_word_suffix") ?? "").utf8))
  }

  /// - Parameters:
  ///   - prefix: what stands before all characters of a word but the first.
  ///   - suffix: what stands behind the last character of a word.
  init(
    _ vocabulary: Vocabulary, _ merges: MergeList, unknownID: Int32? = nil,
    fusesUnknown: Bool = false, fallsBack: Bool = false, ignoresMerges: Bool = false,
    prefix: [UInt8] = [], suffix: [UInt8] = []
  ) {
    self.vocabulary = vocabulary
    self.merges = MergeTable(merges, idCount: vocabulary.idCount)
    self.unknownID = unknownID
    self.fusesUnknown = fusesUnknown
    self.ignoresMerges = ignoresMerges
    self.prefix = prefix
    self.suffix = suffix
    byteIDs = (UInt8.min...UInt8.max).map { byte in
      var character: [UInt8] = []
      ByteAlphabet.append(byte, to: &character)
      return vocabulary.id(of: character.span) ?? -1
    }
    lacksBytes = byteIDs.contains(-1)
    fallbackIDs = fallsBack ? vocabulary.fallbackIDs() : nil
  }

  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch, into ids: inout [Int32]
  ) {
    if ignoresMerges, let id = wholeWord(word, form, &scratch) {
      ids.append(id)
      return
    }
    spell(word, form, &scratch)
    scratch.mergeAll(merges)
    ids.append(contentsOf: scratch.symbols)
  }

  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch,
    into tokens: inout [TokenSpan]
  ) {
    if ignoresMerges, let id = wholeWord(word, form, &scratch) {
      tokens.append(TokenSpan(id: id, range: 0..<word.count))
      return
    }
    scratch.tracksLengths = true
    spell(word, form, &scratch)
    scratch.mergeAll(merges)
    scratch.tracksLengths = false
    let first = tokens.count
    var start = 0
    for (id, length) in zip(scratch.symbols, scratch.lengths) {
      tokens.append(TokenSpan(id: id, range: start..<(start + Int(length))))
      start += Int(length)
    }
    if form == .bytes, lacksBytes {
      Self.convertFromAlphabet(&tokens[first...], word)
    }
  }

  /// Makes ranges of a word as spelled in the byte alphabet ranges of its bytes.
  private static func convertFromAlphabet(
    _ tokens: inout ArraySlice<TokenSpan>, _ word: Span<UInt8>
  ) {
    var bytes: [Int] = []
    for i in word.indices {
      bytes.append(i)
      if ByteAlphabet.scalars[Int(word[i])] >= 0x80 { bytes.append(i) }
    }
    for i in tokens.indices {
      let range = tokens[i].range
      tokens[i].range = bytes[range.lowerBound]..<(bytes[range.upperBound - 1] + 1)
    }
  }

  private func spell(_ word: Span<UInt8>, _ form: WordForm, _ scratch: inout MergeScratch) {
    scratch.symbols.removeAll(keepingCapacity: true)
    scratch.lengths.removeAll(keepingCapacity: true)
    switch form {
    case .bytes: spellBytes(word, &scratch)
    case .characters: spellCharacters(word, &scratch)
    }
  }

  private func wholeWord(
    _ word: Span<UInt8>, _ form: WordForm, _ scratch: inout MergeScratch
  ) -> Int32? {
    guard form == .bytes else { return vocabulary.id(of: word) }
    scratch.spelling.removeAll(keepingCapacity: true)
    for i in word.indices { ByteAlphabet.append(word[i], to: &scratch.spelling) }
    return vocabulary.id(of: scratch.spelling.span)
  }

  private func spellBytes(_ word: Span<UInt8>, _ scratch: inout MergeScratch) {
    var spelling = Spelling(self)
    for i in word.indices {
      let id = byteIDs[Int(word[i])]
      let length = lacksBytes && ByteAlphabet.scalars[Int(word[i])] >= 0x80 ? 2 : 1
      if id >= 0 {
        spelling.append(id, length, &scratch)
      } else {
        spelling.appendUnknown(length, &scratch)
      }
    }
    spelling.finish(&scratch)
  }

  private func spellCharacters(_ word: Span<UInt8>, _ scratch: inout MergeScratch) {
    var spelling = Spelling(self)
    var start = 0
    while start < word.count {
      var end = start + 1
      while end < word.count, word[end] & 0xC0 == 0x80 { end += 1 }
      let character = word.extracting(start..<end)
      let affixed = affixed(character, isFirst: start == 0, isLast: end == word.count)
      if let id = affixed.map({ vocabulary.id(of: $0.span) }) ?? vocabulary.id(of: character) {
        spelling.append(id, end - start, &scratch)
      } else if let fallbackIDs, let affixed, affixed.span.allFallBack(fallbackIDs) {
        for byte in affixed { scratch.append(fallbackIDs[Int(byte)], 1) }
      } else if let fallbackIDs, affixed == nil, character.allFallBack(fallbackIDs) {
        // An unknown token that is pending comes after these, as in the reference.
        for i in character.indices { scratch.append(fallbackIDs[Int(character[i])], 1) }
      } else {
        spelling.appendUnknown(end - start, &scratch)
      }
      start = end
    }
    spelling.finish(&scratch)
  }

  /// A character with what the vocabulary spells before or behind it, or nil if that is nothing.
  private func affixed(_ character: Span<UInt8>, isFirst: Bool, isLast: Bool) -> [UInt8]? {
    if readsBytes { return nil }
    var bytes = isFirst ? [] : prefix
    for i in character.indices { bytes.append(character[i]) }
    if isLast { bytes += suffix }
    return bytes
  }

  /// Appends symbols; a character that has none becomes the unknown token, runs of them one token
  /// where the model fuses them, and nothing where the model names no unknown token.
  private struct Spelling {
    let model: BPE
    /// The bytes of unknown characters that have no symbol yet.
    var pending = 0

    init(_ model: BPE) { self.model = model }

    mutating func append(_ id: Int32, _ length: Int, _ scratch: inout MergeScratch) {
      finish(&scratch)
      scratch.append(id, length)
    }

    mutating func appendUnknown(_ length: Int, _ scratch: inout MergeScratch) {
      if !model.fusesUnknown { finish(&scratch) }
      pending += length
    }

    mutating func finish(_ scratch: inout MergeScratch) {
      if pending > 0, let id = model.unknownID { scratch.append(id, pending) }
      pending = 0
    }
  }
}

extension Span<UInt8> {
  /// Whether every byte has a token of its own.
  func allFallBack(_ ids: [Int32]) -> Bool {
    for i in indices where ids[Int(self[i])] < 0 { return false }
    return true
  }
}

extension Vocabulary {
  /// The ids of the tokens `<0x00>` to `<0xFF>`, or -1.
  func fallbackIDs() -> [Int32] {
    (UInt8.min...UInt8.max).map { byte in
      let hex = String(byte, radix: 16, uppercase: true)
      return id(of: hex.count < 2 ? "<0x0\(hex)>" : "<0x\(hex)>") ?? -1
    }
  }
}
