public import Diagnostics

/// The examples of a data set, row by row.
public struct DatasetReader: Sendable {
  /// The examples of one or several data sets, and what became of the other rows.
  public struct Contents: Sendable {
    /// The examples, in order.
    public var examples: [Example] = []
    /// The rows that were read.
    public var rowCount = 0
    /// The rows left out, by the reason.
    public var dropped: [DropReason: Int] = [:]
  }

  private let info: DatasetInfo?
  private let files: [String]

  /// A reader of a data set that `dataset_info.json` describes.
  public init(_ info: DatasetInfo) {
    self.info = info
    files = info.files
  }

  /// A reader of files in a layout that their columns tell; see ``RowLayout``.
  public init(files: [String]) {
    info = nil
    self.files = files
  }

  /// Goes through the rows, with one in memory at a time.
  ///
  /// - Parameter limit: the rows to read (`max_samples`).
  /// - Throws: ``GraftError`` with file and line for the first row that is not what it should be.
  public func forEach(
    limit: Int? = nil, _ body: (RowConverter.Outcome) throws(GraftError) -> Void
  ) throws(GraftError) {
    var count = 0
    for file in files {
      var layout: RowLayout?
      var rows = try DataRows(file)
      while limit.map({ count < $0 }) ?? true, let next = rows.next() {
        let row = try next.get()
        count += 1
        if let info {
          try body(RowConverter(info).convert(row, file: file))
        } else {
          let known = if let layout { layout } else { try RowLayout(row, file: file) }
          layout = known
          try body(known.convert(row, file: file))
        }
      }
    }
  }

  /// All examples.
  public func read(limit: Int? = nil) throws(GraftError) -> Contents {
    var contents = Contents()
    try forEach(limit: limit) { (outcome) throws(GraftError) in
      contents.rowCount += 1
      switch outcome {
      case .example(let example): contents.examples.append(example)
      case .dropped(let reason): contents.dropped[reason, default: 0] += 1
      }
    }
    return contents
  }
}

/// How several data sets become one: LLaMA-Factory's `mix_strategy`.
public enum MixStrategy: String, Sendable, CaseIterable {
  /// One after the other.
  case concat
  /// In turns, until the first is used up.
  case interleaveUnder = "interleave_under"
  /// In turns, until all are used up; those that are begin again.
  case interleaveOver = "interleave_over"
  /// In turns, each row once.
  case interleaveOnce = "interleave_once"

  /// The order of rows: for each place the data set and the row in it.
  ///
  /// - Parameter counts: the number of rows of each data set.
  public func order(_ counts: [Int]) -> [(set: Int, row: Int)] {
    switch self {
    case .concat:
      return counts.enumerated().flatMap { set, count in (0..<count).map { (set, $0) } }
    case .interleaveOnce:
      return (0..<(counts.max() ?? 0)).flatMap { row in
        counts.indices.filter { row < counts[$0] }.map { ($0, row) }
      }
    case .interleaveUnder, .interleaveOver:
      guard let shortest = counts.min(), let longest = counts.max(), shortest > 0 else { return [] }
      let rounds = self == .interleaveUnder ? shortest : longest
      return (0..<rounds).flatMap { row in counts.indices.map { ($0, row % counts[$0]) } }
    }
  }
}
