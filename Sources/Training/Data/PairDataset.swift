import Datasets
import Diagnostics
import Dispatch
import FileIO
import StrictJSON
import Synchronization

/// One data set of preference pairs: where its rows are, and its tokens on the disk.
struct PairDataset: Sendable {
  /// Its name.
  let name: String
  /// Its files.
  let files: [String]
  /// The rows to choose at random.
  let sampleCount: Int?
  private let info: DatasetInfo?
  private let reader: DatasetReader
  /// The rows that are encoded at the same time.
  private static let batchSize = 256

  /// Finds the data set `name`: an entry of `dataset_info.json` in `directory`, or a path to files.
  ///
  /// - Throws: ``GraftError`` if there is none, or if it holds no preference pairs.
  init(_ name: String, directory: String) throws(GraftError) {
    self.name = name
    if name.contains("/") || fileExists(name) {
      info = nil
      files = try DatasetInfo.files(name)
      sampleCount = nil
      reader = DatasetReader(files: files)
      return
    }
    let info = try DatasetInfo(name, directory: directory)
    guard info.isRanking else { throw .notRanking(name, file: "\(directory)/dataset_info.json") }
    self.info = info
    files = info.files
    sampleCount = info.sampleCount
    reader = DatasetReader(info)
  }

  /// The tokens of all rows, from the cache where they are in it.
  func tokens(
    _ config: TrainingConfig, _ encoder: ConversationEncoder
  ) throws(GraftError) -> (cache: TokenCache, origin: TokenCache.Origin) {
    // Rows that are chosen at random are chosen among all.
    let limit = sampleCount == nil ? config.maxSamples : nil
    var options = JSONObject()
    options["stage"] = "rm"
    options["version"] = JSONValue(PairEncoder.version)
    options["cutoff_len"] = JSONValue(config.cutoffLength)
    if let date = encoder.date { options["date"] = .string(date) }
    if let choice = encoder.choice { options["chat_format"] = choice.json }
    let key = try TokenCacheKey(
      files: files, layout: info, limit: limit, model: config.model, options: options)
    let pairs = try PairEncoder(info, encoder, cutoff: config.cutoffLength)
    return try TokenCache.open(
      key, in: config.tokenizedPath ?? TokenCache.defaultFolder, isRenewed: config.renewsCache
    ) { (writer) throws(GraftError) in
      try encode(with: pairs, limit: limit, to: writer)
    }
  }

  /// Encodes row after row, with ``batchSize`` of them in memory.
  private func encode(
    with encoder: PairEncoder, limit: Int?, to writer: TokenCacheWriter
  ) throws(GraftError) {
    var account = PairAccount()
    var batch: [(row: DataRow, file: String)] = []
    func encodeBatch() throws(GraftError) {
      for ((row, file), outcome) in zip(batch, encodedInParallel(batch, encoder)) {
        switch try outcome.get() {
        case .dropped(let reason):
          account.dropped.add(
            reason, at: RowPlace(file: splitPath(file).name, line: row.line))
        case .pair(let pair, let isCut):
          account.add(
            pair, isCut: isCut, at: RowPlace(file: splitPath(file).name, line: row.line))
          try writer.append(pair.record, row: writer.rowCount)
        }
        writer.rowCount += 1
      }
      batch.removeAll(keepingCapacity: true)
    }
    try reader.forEachRow(limit: limit) { (row, file) throws(GraftError) in
      batch.append((row, file))
      if batch.count == Self.batchSize { try encodeBatch() }
    }
    try encodeBatch()
    guard writer.rowCount > 0 else { throw .emptyDataset(name, file: files[0]) }
    writer.summary = account.json
  }
}

/// Encodes rows on all cores; results are in the order of the rows.
private func encodedInParallel(
  _ batch: [(row: DataRow, file: String)], _ encoder: PairEncoder
) -> [Result<PairEncoder.Outcome, GraftError>] {
  let results = Mutex(
    [Result<PairEncoder.Outcome, GraftError>?](repeating: nil, count: batch.count))
  DispatchQueue.concurrentPerform(iterations: batch.count) { i in
    let result = Result { () throws(GraftError) in
      try encoder.encode(batch[i].row, file: batch[i].file)
    }
    results.withLock { $0[i] = result }
  }
  return results.withLock { $0.compactMap { $0 } }
}

/// What encoding a data set did.
struct PairAccount: Sendable, Equatable {
  var pairs = 0
  var truncated = 0
  /// The tokens of all sequences, counted as if nothing were shared.
  var tokens = 0
  /// The tokens that both sequences of a pair share.
  var shared = 0
  /// The largest token id, and the first row that has it.
  var largestID: Int32 = -1
  var largestPlace = RowPlace(file: "", line: 0)
  var dropped = DroppedRows()

  mutating func add(_ pair: EncodedPair, isCut: Bool, at place: RowPlace) {
    for ids in [pair.prompt, pair.chosen, pair.rejected] {
      if let largest = ids.max(), largest > largestID {
        (largestID, largestPlace) = (largest, place)
      }
    }
    pairs += 1
    truncated += isCut ? 1 : 0
    tokens += pair.tokenCount
    shared += pair.prompt.count
  }
}

extension PairAccount {
  /// As it stands in a cache.
  var json: JSONObject {
    var object = JSONObject()
    object["pairs"] = JSONValue(pairs)
    object["truncated"] = JSONValue(truncated)
    object["tokens"] = JSONValue(tokens)
    object["shared_tokens"] = JSONValue(shared)
    object["largest_id"] = JSONValue(Int(largestID))
    object["largest_id_at"] = [.string(largestPlace.file), JSONValue(largestPlace.line)]
    object["dropped"] = dropped.json
    return object
  }

  init(_ json: JSONObject) {
    pairs = json["pairs"]?.int ?? 0
    truncated = json["truncated"]?.int ?? 0
    tokens = json["tokens"]?.int ?? 0
    shared = json["shared_tokens"]?.int ?? 0
    largestID = Int32(clamping: json["largest_id"]?.int ?? -1)
    let place = json["largest_id_at"]?.array ?? []
    largestPlace = RowPlace(
      file: place.first?.string ?? "", line: place.last?.int ?? 0)
    dropped = DroppedRows(json["dropped"] ?? .null)
  }
}
