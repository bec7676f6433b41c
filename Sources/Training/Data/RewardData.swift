import Checkpoint
import Datasets
import Diagnostics
import StrictJSON
import Tokenization

/// The pairs of a run: on the disk, and read when they are used.
struct RewardData: Sendable {
  /// What is trained on.
  let train: PairSet
  /// What accuracy is measured on; empty where none was asked for.
  let heldOut: PairSet
  /// The files that the pairs came from.
  let files: [String]
  /// What was encoded for training, rows that are held out included.
  let account: PairAccount
  /// What to say at the beginning of a run.
  let summary: [String]

  /// Encodes the data sets of a configuration, or finds their tokens in the cache.
  ///
  /// - Throws: ``GraftError`` for what is wrong with the rows, and if a token has no row in the
  ///   model's embedding.
  init(_ config: TrainingConfig, encoder: ConversationEncoder) throws(GraftError) {
    var random = NumPyTwister(seed: UInt32(truncatingIfNeeded: config.seed))
    var files: [String] = []
    var lines: [String] = []
    var account = PairAccount()
    let embeddingRows = try ModelConfig(directory: config.model).vocabularySize
    func mix(_ names: [String], isTraining: Bool) throws(GraftError) -> PairSet {
      var parts: [TokenMix.Part] = []
      for name in names {
        let dataset = try PairDataset(name, directory: config.datasetDirectory)
        let (cache, origin) = try dataset.tokens(config, encoder)
        parts.append(
          TokenMix.Part(
            name: name, cache: cache, sampleCount: dataset.sampleCount, limit: config.maxSamples))
        for file in dataset.files where !files.contains(file) { files.append(file) }
        let part = PairAccount(cache.summary)
        guard part.largestID < embeddingRows else {
          throw .idBeyondEmbedding(
            part.largestID, encoder.tokenizer.token(of: part.largestID), rows: embeddingRows,
            file: part.largestPlace.file, line: part.largestPlace.line)
        }
        lines += part.lines(name, origin)
        if isTraining { account.add(part) }
      }
      var rule = TokenMix.Rule()
      rule.strategy = config.mixStrategy
      rule.probabilities = config.mixProbabilities
      rule.seed = UInt64(bitPattern: Int64(config.seed))
      return PairSet(try TokenMix(parts, rule: rule, random: &random))
    }
    let all = try mix(config.datasets, isTraining: true)
    guard all.count > 0 else { throw .noPairs(config.datasets) }
    if config.validationSize > 0 {
      (train, heldOut) = try Self.split(all, config)
    } else {
      train = all
      heldOut =
        try config.evalDatasets.isEmpty ? .empty : mix(config.evalDatasets, isTraining: false)
    }
    if train.count != account.pairs {
      lines.append("training on \(train.count) pairs, holding out \(heldOut.count)")
    }
    self.files = files
    self.account = account
    summary = lines
  }

  private static func split(
    _ all: PairSet, _ config: TrainingConfig
  ) throws(GraftError) -> (PairSet, PairSet) {
    let size = config.validationSize
    let count = size < 1 ? Int((size * Double(all.count)).rounded(.up)) : Int(size)
    guard count < all.count else { throw .validationTooLarge(count, of: all.count) }
    let order = Permutation(
      count: all.count, seed: UInt64(bitPattern: Int64(config.dataSeed)), stream: .max)
    return (all.part(of: order, count..<all.count), all.part(of: order, 0..<count))
  }
}

extension PairAccount {
  fileprivate mutating func add(_ other: PairAccount) {
    pairs += other.pairs
    truncated += other.truncated
    tokens += other.tokens
    shared += other.shared
    dropped.add(other.dropped)
  }

  /// What to say about a data set: problems first.
  fileprivate func lines(_ name: String, _ origin: TokenCache.Origin) -> [String] {
    var lines: [String] = []
    if case .madeAnew(let why) = origin {
      lines.append("warning: the cached tokens of \(name) were damaged and are made anew: \(why)")
    }
    for (reason, rows) in dropped.reasons {
      let places = rows.places.map { "\($0.file):\($0.line)" }.joined(separator: ", ")
      let more = rows.count > rows.places.count ? ", ..." : ""
      lines.append(
        "warning: \(name): \(rows.count) rows left out: \(reason.rawValue) (\(places)\(more))")
    }
    var line = "\(name): \(pairs) pairs, \(tokens) tokens (\(shared) computed once)"
    if truncated > 0 { line += ", \(truncated) pairs cut to cutoff_len" }
    if origin == .found { line += ", from the cache" }
    return lines + [line]
  }
}
