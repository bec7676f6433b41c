public import Diagnostics

/// The examples of a data set, row by row.
public struct DatasetReader: Sendable {
  /// The examples of one or several data sets, and what became of the other rows.
  public struct Contents: Sendable {
    /// The examples, in order.
    public var examples: [Example] = []
    /// The rows that were read.
    public var rowCount = 0
    /// The rows left out.
    public var dropped = DroppedRows()
  }

  private let info: DatasetInfo?
  /// The files, in order.
  public let files: [String]

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

  /// Goes through the rows as they stand in the files, with one in memory at a time.
  ///
  /// - Parameter limit: the rows to read (`max_samples`).
  /// - Throws: ``GraftError`` with file and line for the first row that cannot be read.
  public func forEachRow(
    limit: Int? = nil, _ body: (DataRow, String) throws(GraftError) -> Void
  ) throws(GraftError) {
    var count = 0
    for file in files where limit.map({ count < $0 }) ?? true {
      var rows = try DataRows(file)
      while limit.map({ count < $0 }) ?? true, let next = rows.next() {
        count += 1
        try body(next.get(), file)
      }
    }
  }

  /// Goes through the rows as examples, with one in memory at a time.
  ///
  /// - Parameter limit: the rows to read (`max_samples`).
  /// - Throws: ``GraftError`` with file and line for the first row that is not what it should be.
  public func forEach(
    limit: Int? = nil, _ body: (RowConverter.Outcome, RowPlace) throws(GraftError) -> Void
  ) throws(GraftError) {
    var layout: (RowLayout, file: String)?
    try forEachRow(limit: limit) { (row, file) throws(GraftError) in
      let outcome: RowConverter.Outcome
      if let info {
        outcome = try RowConverter(info).convert(row, file: file)
      } else {
        let known =
          if let layout, layout.file == file { layout.0 } else { try RowLayout(row, file: file) }
        layout = (known, file)
        outcome = try known.convert(row, file: file)
      }
      try body(outcome, RowPlace(file: file, line: row.line))
    }
  }

  /// Converts a row; its layout is told by its own columns where nothing describes it.
  public func convert(_ row: DataRow, file: String) throws(GraftError) -> RowConverter.Outcome {
    if let info { return try RowConverter(info).convert(row, file: file) }
    return try RowLayout(row, file: file).convert(row, file: file)
  }

  /// All examples.
  public func read(limit: Int? = nil) throws(GraftError) -> Contents {
    var contents = Contents()
    try forEach(limit: limit) { (outcome, place) throws(GraftError) in
      contents.rowCount += 1
      switch outcome {
      case .example(let example): contents.examples.append(example)
      case .dropped(let reason): contents.dropped.add(reason, at: place)
      }
    }
    return contents
  }
}
