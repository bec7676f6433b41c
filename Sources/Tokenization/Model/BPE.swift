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

  init(_ file: TokenizerFile, _ reader: ComponentReader) throws(GraftError) {
    try reader.require("dropout", isOneOf: [nil, .null, 0, 0.0])
    try reader.require("continuing_subword_prefix", isOneOf: [nil, .null, ""])
    try reader.require("end_of_word_suffix", isOneOf: [nil, .null, ""])
    vocabulary = try file.readVocabulary()
    merges = try file.readMerges(of: vocabulary)
    fusesUnknown = try reader.bool("fuse_unk", default: false)
    ignoresMerges = try reader.bool("ignore_merges", default: false)

    var unknownID: Int32?
    if let unknown = try reader.optionalString("unk_token") {
      guard let id = vocabulary.id(of: unknown) else {
        throw .unknownTokenMissing(unknown, file: reader.file)
      }
      unknownID = id
    }
    self.unknownID = unknownID

    var byteIDs: [Int32] = []
    var fallbackIDs: [Int32] = []
    for byte in UInt8.min...UInt8.max {
      var character: [UInt8] = []
      ByteAlphabet.append(byte, to: &character)
      byteIDs.append(vocabulary.id(of: character.span) ?? -1)
      let hex = String(byte, radix: 16, uppercase: true)
      fallbackIDs.append(vocabulary.id(of: hex.count < 2 ? "<0x0\(hex)>" : "<0x\(hex)>") ?? -1)
    }
    self.byteIDs = byteIDs
    self.fallbackIDs = try reader.bool("byte_fallback", default: false) ? fallbackIDs : nil
  }

  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch, into ids: inout [Int32]
  ) {
    if ignoresMerges, let id = wholeWord(word, form, &scratch) {
      ids.append(id)
      return
    }
    scratch.symbols.removeAll(keepingCapacity: true)
    switch form {
    case .bytes: spellBytes(word, &scratch)
    case .characters: spellCharacters(word, &scratch)
    }
    scratch.mergeAll(merges)
    ids.append(contentsOf: scratch.symbols)
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
      if id >= 0 { spelling.append(id, &scratch) } else { spelling.appendUnknown(&scratch) }
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
      if let id = vocabulary.id(of: character) {
        spelling.append(id, &scratch)
      } else if let fallbackIDs, character.allFallBack(fallbackIDs) {
        // An unknown token that is pending comes after these, as in the reference.
        for i in character.indices { scratch.symbols.append(fallbackIDs[Int(character[i])]) }
      } else {
        spelling.appendUnknown(&scratch)
      }
      start = end
    }
    spelling.finish(&scratch)
  }

  /// Appends symbols; a character that has none becomes the unknown token, runs of them one token
  /// where the model fuses them, and nothing where the model names no unknown token.
  private struct Spelling {
    let model: BPE
    var hasPending = false

    init(_ model: BPE) { self.model = model }

    mutating func append(_ id: Int32, _ scratch: inout MergeScratch) {
      finish(&scratch)
      scratch.symbols.append(id)
    }

    mutating func appendUnknown(_ scratch: inout MergeScratch) {
      if !model.fusesUnknown { finish(&scratch) }
      hasPending = true
    }

    mutating func finish(_ scratch: inout MergeScratch) {
      if hasPending, let id = model.unknownID { scratch.symbols.append(id) }
      hasPending = false
    }
  }
}

extension Span<UInt8> {
  fileprivate func allFallBack(_ ids: [Int32]) -> Bool {
    for i in indices where ids[Int(self[i])] < 0 { return false }
    return true
  }
}
