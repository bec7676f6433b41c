import Diagnostics
import Scoring
import StrictJSON

/// The pairs of a run, encoded.
struct RewardData: Sendable {
  /// What is trained on.
  var train: EncodedPairs
  /// What accuracy is measured on; empty where none was asked for.
  var heldOut: EncodedPairs
  /// The files that the pairs came from.
  var files: [String]

  /// Reads and encodes the data sets of a configuration.
  init(_ config: TrainingConfig, encoder: ConversationEncoder) throws(GraftError) {
    var rows = try PreferenceData.read(
      config.datasets, directory: config.datasetDirectory, limit: config.maxSamples)
    var heldOutRows = try PreferenceData.read(
      config.evalDatasets, directory: config.datasetDirectory, limit: config.maxSamples)
    if config.validationSize > 0 {
      (rows, heldOutRows) = try Self.split(rows, config)
    }
    var files: [String] = []
    for row in rows + heldOutRows where !files.contains(row.file) { files.append(row.file) }
    self.files = files
    train = try EncodedPairs(rows, encoder: encoder, cutoff: config.cutoffLength)
    heldOut = try EncodedPairs(heldOutRows, encoder: encoder, cutoff: config.cutoffLength)
    guard !train.pairs.isEmpty else { throw .noPairs(config.datasets) }
  }

  /// One line a set for the beginning of a run.
  var summary: [String] {
    [("training", train), ("held-out", heldOut)].compactMap { name, set in
      guard !set.pairs.isEmpty else { return nil }
      let tokens = set.pairs.reduce(0) { $0 + $1.tokenCount }
      let shared = set.pairs.reduce(0) { $0 + $1.prompt.count }
      var line = "\(set.pairs.count) \(name) pairs, \(tokens) tokens (\(shared) computed once)"
      if set.truncatedCount > 0 { line += ", \(set.truncatedCount) pairs cut to cutoff_len" }
      if set.droppedCount > 0 { line += ", \(set.droppedCount) left out: both answers the same" }
      return line
    }
  }

  /// A number that changes with any token of the training pairs, in hexadecimal.
  ///
  /// Source: the FNV-1a hash, over ids and lengths.
  var digest: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ value: UInt64) { hash = (hash ^ value) &* 0x0000_0100_0000_01B3 }
    for pair in train.pairs {
      for part in [pair.prompt, pair.chosen, pair.rejected] {
        add(UInt64(part.count))
        for id in part { add(UInt64(truncatingIfNeeded: id)) }
      }
      add(pair.margin.bitPattern)
    }
    return String(hash, radix: 16)
  }

  private static func split(
    _ rows: [PreferencePair], _ config: TrainingConfig
  ) throws(GraftError) -> ([PreferencePair], [PreferencePair]) {
    let size = config.validationSize
    let count = size < 1 ? Int((size * Double(rows.count)).rounded(.up)) : Int(size)
    guard count < rows.count else { throw .validationTooLarge(count, of: rows.count) }
    let order = shuffledIndices(
      rows.count, seed: UInt64(bitPattern: Int64(config.dataSeed)), stream: .max)
    let heldOut = Set(order.prefix(count))
    return (
      rows.indices.filter { !heldOut.contains($0) }.map { rows[$0] },
      rows.indices.filter { heldOut.contains($0) }.map { rows[$0] }
    )
  }
}
