import Diagnostics
import StrictJSON

/// The rows of an Arrow file, as a stream or with a footer: how the `datasets` package saves rows.
///
/// One batch is in memory at a time. Columns of dates, bytes and decimals are not there in the rows.
/// Source: the Arrow columnar format, version 1.
struct ArrowRows {
  private let path: String
  private let window: StreamWindow
  private var fields: [ArrowField]?
  private var dictionaries: [Int64: ArrowColumn] = [:]
  private var columns: [ArrowColumn] = []
  private var batchSize = 0
  private var row = 0
  private var isAtEnd = false

  /// The largest message of a schema or a batch.
  private static let headLimit = 16 << 20
  private static let bodyLimit = 1 << 30

  init(_ stream: ByteStream, path: String) {
    self.path = path
    window = StreamWindow(stream, lengthLimit: Self.bodyLimit)
  }

  /// The next row, or nil after the last.
  mutating func next() throws(GraftError) -> JSONValue? {
    while row == batchSize {
      guard !isAtEnd, try readMessage() else { return nil }
    }
    var object = JSONObject()
    var budget = StreamWindow.lengthLimit
    for (field, column) in zip(fields ?? [], columns) where !column.isOther {
      guard let value = column.value(row, &budget) else {
        guard budget >= 0 else {
          throw .rowTooLong(path, limit: StreamWindow.lengthLimit, line: row + 1)
        }
        throw broken("the column '\(field.name)' is")
      }
      object[field.name] = value
    }
    row += 1
    return .object(object)
  }

  private func broken(_ what: String) -> GraftError {
    .brokenDataFile("\(what) cut short or broken", path)
  }

  // MARK: Messages

  /// Reads one message; false at the end.
  private mutating func readMessage() throws(GraftError) -> Bool {
    if fields == nil, try fill(8) >= 6, take(6, skipping: false) == Array("ARROW1".utf8) {
      window.skip(8)
    }
    guard let first = try word() else {
      // A stream may end without the mark for that, but not before its schema.
      guard fields != nil else { throw broken("the file is") }
      isAtEnd = true
      return false
    }
    // Old files have the size alone, new ones a mark before it.
    let size: UInt32
    if first == .max {
      guard let next = try word() else { throw broken("a message is") }
      size = next
    } else {
      size = first
    }
    guard size > 0 else {
      isAtEnd = true
      return false
    }
    guard size <= Self.headLimit, try fill(Int(size)) >= Int(size),
      let message = FlatTable(root: CheckedBytes(take(Int(size), skipping: true)))
    else { throw broken("a message is") }
    let length: Int64 = message.number(3)
    guard length >= 0, length <= Self.bodyLimit else { throw broken("a message is") }
    guard try fill(Int(length)) >= Int(length) else { throw broken("a batch is") }
    let body = CheckedBytes(take(Int(length), skipping: true))
    guard let header = message.table(2) else { throw broken("a message is") }
    switch message.number(1) as UInt8 {
    case 1: try readSchema(header)
    case 2: try readDictionary(header, body)
    case 3: try readBatch(header, body)
    default: throw broken("a message is of an unknown kind,")
    }
    return true
  }

  private mutating func readSchema(_ header: FlatTable) throws(GraftError) {
    guard fields == nil, header.number(0) as Int16 == 0, let tables = header.tables(1) else {
      throw broken("the schema is")
    }
    var fields: [ArrowField] = []
    for table in tables {
      guard let field = ArrowField(table) else {
        throw .brokenDataFile(
          "the type of the column '\(table.text(0) ?? "?")' is not one of training data", path)
      }
      fields.append(field)
    }
    self.fields = fields
  }

  private mutating func readDictionary(
    _ header: FlatTable, _ body: CheckedBytes
  ) throws(GraftError) {
    let id: Int64 = header.number(0)
    guard header.number(2) as UInt8 == 0, let data = header.table(1), let fields,
      let field = Self.find(id, in: fields)
    else { throw broken("a dictionary is") }
    var plain = field
    plain.dictionary = nil
    var reader = try BatchReader(data, body, dictionaries, path)
    dictionaries[id] = try reader.column(plain)
  }

  private mutating func readBatch(_ header: FlatTable, _ body: CheckedBytes) throws(GraftError) {
    guard let fields else { throw broken("the schema is") }
    var reader = try BatchReader(header, body, dictionaries, path)
    columns = []
    for field in fields { columns.append(try reader.column(field)) }
    let count: Int64 = header.number(0)
    // Every row takes a bit at least, unless all columns are empty.
    guard count >= 0, count <= 8 * body.count + (1 << 16),
      columns.allSatisfy({ $0.count == Int(count) })
    else { throw broken("a batch is") }
    batchSize = Int(count)
    row = 0
  }

  private static func find(_ id: Int64, in fields: [ArrowField]) -> ArrowField? {
    for field in fields {
      if field.dictionary?.id == id { return field }
      let inner: [ArrowField] =
        switch field.type {
        case .list(let item, _), .fixedList(let item, _): [item]
        case .object(let fields): fields
        default: []
        }
      if let found = find(id, in: inner) { return found }
    }
    return nil
  }

  // MARK: Bytes

  /// Tries to have so many bytes ready; how many there are.
  private func fill(_ count: Int) throws(GraftError) -> Int {
    while window.count < count, try window.grow(line: 0) {}
    return window.count
  }

  private func take(_ count: Int, skipping: Bool) -> [UInt8] {
    defer { if skipping { window.skip(count) } }
    return Array(window.bytes[window.start..<window.start + count])
  }

  private func word() throws(GraftError) -> UInt32? {
    guard try fill(4) >= 4 else { return nil }
    return CheckedBytes(take(4, skipping: true)).load(UInt32.self, at: 0)
  }
}

/// Takes the parts of a batch one after the other, in the order of the schema.
private struct BatchReader {
  private let body: CheckedBytes
  private let path: String
  private let dictionaries: [Int64: ArrowColumn]
  private var nodes: ArraySlice<(Int, Int)>
  private var buffers: ArraySlice<(Int, Int)>

  init(
    _ header: FlatTable, _ body: CheckedBytes, _ dictionaries: [Int64: ArrowColumn], _ path: String
  ) throws(GraftError) {
    guard header.table(3) == nil else {
      throw .brokenDataFile("is compressed, which is not read; save it uncompressed", path)
    }
    guard let nodes = header.pairs(1), let buffers = header.pairs(2) else {
      throw .brokenDataFile("a batch is cut short or broken", path)
    }
    self.nodes = nodes[...]
    self.buffers = buffers[...]
    self.body = body
    self.path = path
    self.dictionaries = dictionaries
  }

  private var broken: GraftError { .brokenDataFile("a batch is cut short or broken", path) }

  private mutating func buffer() throws(GraftError) -> Range<Int> {
    guard let (start, count) = buffers.popFirst(), body.slice(start, count) != nil else {
      throw broken
    }
    return start..<start + count
  }

  mutating func column(_ field: ArrowField) throws(GraftError) -> ArrowColumn {
    guard let (count, missing) = nodes.popFirst(), count >= 0, missing >= 0, missing <= count else {
      throw broken
    }
    if case .null = field.type, field.dictionary == nil {
      return ArrowColumn(count: count, values: .null)
    }
    let validity = try buffer()
    guard validity.count >= (count + 7) / 8 || missing == 0 else { throw broken }
    var column = ArrowColumn(count: count, values: .other)
    if missing > 0 { column.validity = (body, validity.lowerBound) }
    if let (id, indices) = field.dictionary {
      guard case .integer(let bits, let isSigned) = indices else { throw broken }
      let numbers = try fixed(count, bits)
      let places = ArrowColumn(
        count: count,
        values: .integer(body, start: numbers, bits: bits, isSigned: isSigned))
      // A batch without rows may come before its dictionary.
      let words = dictionaries[id] ?? ArrowColumn(count: 0, values: .null)
      column.values = .dictionary(words, indices: places)
      return column
    }
    switch field.type {
    case .null: column.values = .null
    case .bool: column.values = .bool(body, start: try fixed(count, 1))
    case .integer(let bits, let isSigned):
      column.values = .integer(
        body, start: try fixed(count, bits), bits: bits, isSigned: isSigned)
    case .float(let bits): column.values = .float(body, start: try fixed(count, bits), bits: bits)
    case .text(let bits):
      let offsets = try self.offsets(count, bits)
      column.values = .text(body, offsets: offsets, data: try buffer(), bits: bits)
    case .list(let item, let bits):
      let offsets = try self.offsets(count, bits)
      column.values = .list(body, offsets: offsets, bits: bits, try self.column(item))
    case .fixedList(let item, let size):
      column.values = .fixedList(size: size, try self.column(item))
    case .object(let fields):
      var columns: [(String, ArrowColumn)] = []
      for field in fields {
        let part = try self.column(field)
        guard part.count == count else { throw broken }
        columns.append((field.name, part))
      }
      column.values = .object(columns)
    case .other(let count): for _ in 1..<count { _ = try buffer() }
    }
    return column
  }

  private mutating func fixed(_ count: Int, _ bits: Int) throws(GraftError) -> Int {
    let buffer = try buffer()
    let (size, overflows) = count.multipliedReportingOverflow(by: bits)
    guard !overflows, buffer.count >= size / 8 else { throw broken }
    return buffer.lowerBound
  }

  private mutating func offsets(_ count: Int, _ bits: Int) throws(GraftError) -> Int {
    // Without rows, even the first offset may be absent.
    try count == 0 ? buffer().lowerBound : fixed(count + 1, bits)
  }
}
