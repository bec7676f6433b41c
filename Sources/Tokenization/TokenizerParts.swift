import Diagnostics
import StrictJSON

/// What a tokenizer is made of, whichever file it comes from.
struct TokenizerParts {
  var pipeline: Pipeline
  var postProcessor: (any PostProcessor)?
  var truncation: Truncation?
  var padding: Padding?

  /// Builds what a `tokenizer.json` describes.
  ///
  /// - Parameter config: what the files beside it say.
  init(_ file: TokenizerFile, adding config: TokenizerConfig) throws(GraftError) {
    let normalizer: (any Normalizer)? =
      if let part = file.component("normalizer") { try makeNormalizer(part) } else { nil }
    guard let part = file.component("model") else {
      throw .malformedTokenizer("the model is absent", file: file.path)
    }
    let model = try makeModel(file, part)
    let preTokenizer: (any PreTokenizer)? =
      if let part = file.component("pre_tokenizer") {
        try makePreTokenizer(part, isLast: model.readsBytes)
      } else {
        nil
      }
    let decoder: (any TokenDecoder)? =
      if let part = file.component("decoder") { try makeDecoder(part) } else { nil }
    postProcessor =
      if let part = file.component("post_processor") { try makePostProcessor(part) } else { nil }
    truncation = try file.component("truncation").map(Truncation.init)
    padding = try file.component("padding").map(Padding.init)
    var tokens = try Self.readAddedTokens(file)
    let known = Set(tokens.map { Array($0.content.utf8) })
    tokens += config.addedTokens.filter { !known.contains(Array($0.content.utf8)) }
    config.addNamedTokens(to: &tokens, model.vocabulary)
    pipeline = try Pipeline(
      normalizer: normalizer, preTokenizer: preTokenizer, model: model, decoder: decoder,
      addedTokens: tokens, file: file.path)
  }

  /// Puts a model together with components that are described as in a `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - settings: an object with `normalizer`, `pre_tokenizer` and `decoder`.
  ///   - prefix: the id of a token that is put before a text.
  ///   - suffix: the id of one that is put behind it.
  ///   - normalizesTokens: whether added tokens that are found in normalized text are normalized
  ///     themselves.
  init(
    model: any TokenModel, settings: JSONValue, addedTokens: [AddedToken], prefix: Int?,
    suffix: Int?, file: String, normalizesTokens: Bool = true
  ) throws(GraftError) {
    func component(_ key: String) -> ComponentReader? {
      guard let value = settings[key], !value.isNull else { return nil }
      return ComponentReader(value: value, file: file, place: key)
    }
    let normalizer: (any Normalizer)? =
      if let part = component("normalizer") { try makeNormalizer(part) } else { nil }
    let preTokenizer: (any PreTokenizer)? =
      if let part = component("pre_tokenizer") {
        try makePreTokenizer(part, isLast: model.readsBytes)
      } else {
        nil
      }
    let decoder: (any TokenDecoder)? =
      if let part = component("decoder") { try makeDecoder(part) } else { nil }
    postProcessor = TemplatePostProcessor(
      prefix: prefix.flatMap { Int32(exactly: $0) }, suffix: suffix.flatMap { Int32(exactly: $0) })
    pipeline = try Pipeline(
      normalizer: normalizer, preTokenizer: preTokenizer, model: model, decoder: decoder,
      addedTokens: addedTokens, file: file, normalizesTokens: normalizesTokens)
  }

  private static func readAddedTokens(_ file: TokenizerFile) throws(GraftError) -> [AddedToken] {
    guard let list = file.settings["added_tokens"], !list.isNull else { return [] }
    let root = ComponentReader(value: file.settings, file: file.path, place: "tokenizer")
    var tokens: [AddedToken] = []
    for reader in try root.components("added_tokens") {
      tokens.append(try AddedToken(reader, id: nil))
    }
    return tokens
  }
}

extension Truncation {
  /// Reads the key `truncation` of a file.
  init(_ reader: ComponentReader) throws(GraftError) {
    length = try reader.int("max_length", default: 512)
    stride = try reader.int("stride", default: 0)
    cutsLeft = try reader.optionalString("direction") == "Left"
    let name = try reader.optionalString("strategy") ?? "LongestFirst"
    guard let strategy = Strategy(rawValue: name) else {
      throw reader.malformed("strategy", "LongestFirst, OnlyFirst or OnlySecond")
    }
    self.strategy = strategy
  }

  /// Cuts the encodings of one or two texts to the length less `reserved` tokens.
  func apply(to encodings: inout [Encoding], reserving reserved: Int) throws(GraftError) {
    let limit = max(0, length - reserved)
    let counts = encodings.map(\.count)
    let excess = counts.reduce(0, +) - limit
    guard excess > 0 else { return }
    func cut(_ i: Int, to count: Int) {
      encodings[i].truncate(to: count, stride: stride, fromLeft: cutsLeft)
    }
    if limit == 0 {
      for i in encodings.indices { cut(i, to: 0) }
    } else if strategy == .longestFirst {
      guard encodings.count == 2 else { return cut(0, to: limit) }
      let shorter = min(counts[0], counts[1])
      var lengths = shorter > limit ? (shorter, shorter) : (shorter, max(shorter, limit - shorter))
      if lengths.0 + lengths.1 > limit { lengths = (limit / 2, limit / 2 + limit % 2) }
      cut(0, to: counts[0] > counts[1] ? lengths.1 : lengths.0)
      cut(1, to: counts[0] > counts[1] ? lengths.0 : lengths.1)
    } else {
      let i = strategy == .onlyFirst ? 0 : 1
      guard i < encodings.count, counts[i] > excess else {
        throw .cannotTruncate(strategy.rawValue, to: length)
      }
      cut(i, to: counts[i] - excess)
    }
  }
}

extension Padding {
  /// Reads the key `padding` of a file.
  init(_ reader: ComponentReader) throws(GraftError) {
    if let fixed = reader.value["strategy"]?["Fixed"]?.int, fixed >= 0, fixed < 1 << 24 {
      length = fixed
    } else if reader.value["strategy"]?.string != "BatchLongest" {
      throw reader.malformed("strategy", "BatchLongest, or Fixed with a length below 2^24")
    }
    multiple = try reader.int("pad_to_multiple_of", default: 1)
    guard multiple < 1 << 24 else {
      throw reader.malformed("pad_to_multiple_of", "an integer below 2^24")
    }
    fillsLeft = try reader.optionalString("direction") == "Left"
    id = try reader.tokenID(reader.value["pad_id"] ?? 0, "pad_id")
    typeID = Int32(clamping: try reader.int("pad_type_id", default: 0))
    token = try reader.optionalString("pad_token") ?? token
  }
}

extension Optional {
  /// Maps with a closure that throws one type of error.
  fileprivate func map<R>(
    _ body: (Wrapped) throws(GraftError) -> R
  ) throws(GraftError) -> R? {
    if let self { try body(self) } else { nil }
  }
}
