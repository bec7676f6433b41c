import Diagnostics
import FileIO
import StrictJSON

/// A SentencePiece `tokenizer.model`: a message in the form of Protocol Buffers.
///
/// Source: `sentencepiece_model.proto`.
struct SentencePieceFile {
  private let file: String
  private(set) var pieces: [(text: [UInt8], score: Float, type: Int)] = []
  private var modelType = 1
  private var fallsBack = false
  private(set) var characterMap: [UInt8] = []
  private(set) var addsPrefix = true
  private(set) var removesExtraSpaces = true
  /// Whether spaces become a visible character.
  private var marksSpaces = true
  /// Whether words end, instead of begin, with their space.
  private var endsWithSpace = false
  /// What an unknown piece is shown as.
  private var unknownSurface = " \u{2047} "
  private var ids: [Int: Int] = [40: 0, 41: 1, 42: 2, 43: -1]

  /// Whether bytes look like such a file: its first field is a piece.
  static func isOne(_ bytes: [UInt8]) -> Bool { bytes.first == 0x0A && bytes.count > 16 }

  init(_ bytes: [UInt8], file: String) throws(GraftError) {
    self.file = file
    var reader = ProtocolReader(bytes[...], file: file)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let piece)): try readPiece(piece)
      case (2, .bytes(let trainer)): try readTrainer(trainer)
      case (3, .bytes(let normalizer)): try readNormalizer(normalizer)
      default: break
      }
    }
    guard !pieces.isEmpty else { throw .malformedTokenizer("has no pieces", file: file) }
  }

  private mutating func readPiece(_ bytes: ArraySlice<UInt8>) throws(GraftError) {
    var piece: (text: [UInt8], score: Float, type: Int) = ([], 0, 1)
    var reader = ProtocolReader(bytes, file: file)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let text)): piece.text = Array(text)
      case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
      case (3, .number(let type)): piece.type = Int(truncatingIfNeeded: type)
      default: break
      }
    }
    guard String(validating: piece.text, as: UTF8.self) != nil, piece.score.isFinite else {
      throw .malformedTokenizer(
        "piece \(pieces.count) is not UTF-8 with a finite score", file: file)
    }
    guard pieces.count < TokenizerFile.idLimit else {
      throw .malformedTokenizer("has more than \(TokenizerFile.idLimit) pieces", file: file)
    }
    pieces.append(piece)
  }

  private mutating func readTrainer(_ bytes: ArraySlice<UInt8>) throws(GraftError) {
    var reader = ProtocolReader(bytes, file: file)
    while let (field, value) = try reader.next() {
      if field == 44, case .bytes(let text) = value {
        unknownSurface = String(decoding: text, as: UTF8.self)
      }
      guard case .number(let number) = value else { continue }
      switch field {
      case 24: endsWithSpace = number != 0
      case 3: modelType = Int(truncatingIfNeeded: number)
      case 35: fallsBack = number != 0
      case 40...43: ids[field] = Int(Int32(truncatingIfNeeded: number))
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ bytes: ArraySlice<UInt8>) throws(GraftError) {
    var reader = ProtocolReader(bytes, file: file)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (2, .bytes(let map)): characterMap = Array(map)
      case (3, .number(let flag)): addsPrefix = flag != 0
      case (4, .number(let flag)): removesExtraSpaces = flag != 0
      case (5, .number(let flag)): marksSpaces = flag != 0
      default: break
      }
    }
  }

  /// The tokens with a role that the model names.
  var special: SpecialTokens {
    func token(_ field: Int) -> String? {
      guard let id = ids[field], pieces.indices.contains(id) else { return nil }
      return String(decoding: pieces[id].text, as: UTF8.self)
    }
    return SpecialTokens(bos: token(41), eos: token(42), pad: token(43), unk: token(40))
  }

  /// Refuses pieces that merges lead through and that are taken apart again in the end: into what
  /// depends on the whole text.
  private func refuseUnusedMerges(_ vocabulary: Vocabulary) throws(GraftError) {
    for piece in pieces where piece.type == 5 {
      let bytes = piece.text.span
      for i in bytes.indices.dropFirst()
      where vocabulary.id(of: bytes.extracting(0..<i)) != nil
        && vocabulary.id(of: bytes.extracting(i..<bytes.count)) != nil
      {
        throw .unsupportedSentencePiece(
          "unused piece '\(String(decoding: piece.text, as: UTF8.self))'", file: file)
      }
    }
  }

  /// The tokenizer's components.
  ///
  /// - Parameter more: tokens that another file adds.
  func parts(adding more: [AddedToken]) throws(GraftError) -> TokenizerParts {
    var vocabulary = Vocabulary(capacity: pieces.count)
    for (id, piece) in pieces.enumerated() {
      if case .token(let first)? = vocabulary.add(piece.text.span, id: id) {
        throw .duplicateToken(String(decoding: piece.text, as: UTF8.self), first, id, file: file)
      }
    }
    guard !endsWithSpace else {
      throw .unsupportedSentencePiece(
        "setting 'treat_whitespace_as_suffix'", file: file)
    }
    let pieces = self.pieces
    let unknownID = pieces.firstIndex { $0.type == 2 }.map { Int32($0) }
    let model: any TokenModel
    switch modelType {
    case 1:
      // What a user defined wins, the longer the surer.
      let scores = pieces.map { piece in
        Double(piece.type == 4 ? Float(0.1) * Float(piece.text.count - 1) : piece.score)
      }
      model = Unigram(
        vocabulary, scores, unknownID: unknownID, fallsBack: fallsBack,
        roundsScores: true, isUsable: { pieces[$0].type == 1 || pieces[$0].type == 4 })
    case 2:
      try refuseUnusedMerges(vocabulary)
      let merges = MergeList(
        joining: vocabulary, scores: pieces.map(\.score),
        mayMerge: { pieces[$0].type == 1 || pieces[$0].type == 4 })
      model = BPE(
        vocabulary, merges, unknownID: unknownID, fusesUnknown: true, fallsBack: fallsBack)
    default:
      throw .unknownTokenizerModel(modelType == 3 ? "word" : "char", file: file)
    }
    let settings: JSONValue = [
      "normalizer": SentencePieceSettings.cleaning(
        characterMap, addsPrefix: addsPrefix, removesExtraSpaces: removesExtraSpaces,
        marksSpaces: marksSpaces,
        symbols: pieces.filter { $0.type == 4 }.map { String(decoding: $0.text, as: UTF8.self) }),
      "decoder": [
        "type": "SentencePiece",
        "unk_piece": .string(
          unknownID.map { String(decoding: pieces[Int($0)].text, as: UTF8.self) } ?? ""),
        "unk_surface": .string(unknownSurface), "byte_fallback": .bool(fallsBack),
        "add_dummy_prefix": .bool(addsPrefix),
        "remove_extra_whitespaces": .bool(removesExtraSpaces),
      ],
    ]
    var added = pieces.indices.compactMap { id -> AddedToken? in
      guard pieces[id].type == 3 || (pieces[id].type == 4 && modelType == 2) else { return nil }
      return AddedToken(
        content: String(decoding: pieces[id].text, as: UTF8.self), id: Int32(id),
        isSpecial: pieces[id].type == 3, isNormalized: pieces[id].type == 4)
    }
    let known = Set(added.map(\.content))
    added += more.filter { !known.contains($0.content) }
    return try TokenizerParts(
      model: model, settings: settings, addedTokens: added, prefix: nil, suffix: nil, file: file,
      normalizesTokens: false)
  }
}

/// Walks through a message in the form of Protocol Buffers.
struct ProtocolReader {
  /// The value of a field.
  enum Value {
    case number(UInt64)
    case fixed32(UInt32)
    case fixed64
    case bytes(ArraySlice<UInt8>)
  }

  private var bytes: ArraySlice<UInt8>
  private let file: String

  init(_ bytes: ArraySlice<UInt8>, file: String) {
    self.bytes = bytes
    self.file = file
  }

  /// The next field, or nil at the end.
  mutating func next() throws(GraftError) -> (field: Int, value: Value)? {
    guard !bytes.isEmpty else { return nil }
    guard let key = number(), key >> 3 > 0, key >> 3 < 1 << 29 else { throw broken() }
    let field = Int(key >> 3)
    switch key & 7 {
    case 0: if let value = number() { return (field, .number(value)) }
    case 1: if take(8) != nil { return (field, .fixed64) }
    case 2:
      if let length = number(), length <= bytes.count, let value = take(Int(length)) {
        return (field, .bytes(value))
      }
    case 5:
      if let value = take(4) {
        return (field, .fixed32(value.reversed().reduce(0) { $0 << 8 | UInt32($1) }))
      }
    default: break
    }
    throw broken()
  }

  private func broken() -> GraftError {
    .malformedTokenizer(
      "is no SentencePiece model: a field breaks off \(bytes.count) bytes before the end",
      file: file)
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard bytes.count >= count else { return nil }
    defer { bytes = bytes.dropFirst(count) }
    return bytes.prefix(count)
  }

  private mutating func number() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
      if byte < 0x80 { return value }
    }
    return nil
  }
}
