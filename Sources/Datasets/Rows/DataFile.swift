public import Diagnostics
import FileIO
import Glibc
public import StrictJSON

/// One row of a data file.
public struct DataRow: Sendable {
  /// What it holds; an object for every kind of file but JSON, where it is checked by who reads it.
  public var value: JSONValue
  /// The line that it begins on, or its number in files without lines; from 1.
  public var line: Int
}

/// Kinds of data files, by the end of their names, as LLaMA-Factory tells them.
public enum DataFileKind: String, Sendable {
  /// JSON: a list, or one value a line.
  case json
  /// Comma-separated values; the first line names the columns.
  case csv
  /// Text: each line is a row with the column `text`.
  case text
  /// Apache Parquet.
  case parquet
  /// Apache Arrow.
  case arrow

  /// The kind of a file, and the program that unpacks it, if it is packed.
  public static func of(_ path: String) throws(GraftError) -> (kind: Self, unpacker: String?) {
    var name = splitPath(path).name.lowercased()
    var unpacker: String?
    for (suffix, program) in [(".gz", "gzip"), (".zst", "zstd")] where name.hasSuffix(suffix) {
      name = String(name.dropLast(suffix.count))
      unpacker = program
    }
    let kinds: [(String, Self)] = [
      (".json", .json), (".jsonl", .json), (".csv", .csv), (".txt", .text),
      (".parquet", .parquet), (".arrow", .arrow),
    ]
    guard let kind = kinds.first(where: { name.hasSuffix($0.0) })?.1,
      unpacker == nil || (kind != .parquet && kind != .arrow)
    else { throw .dataFileType(path) }
    return (kind, unpacker)
  }
}

/// The rows of a data file, one at a time.
public struct DataRows: Sequence, IteratorProtocol {
  private enum Source {
    case json(JSONRows)
    case lines(LineReader)
    case list([JSONValue])
    case text(LineReader)
    case csv(LineReader, columns: [String])
  }

  private let path: String
  private var source: Source
  private var number = 0
  private var line = 0
  private var isAtEnd = false

  /// Opens the file at `path`, whose name says what it is.
  public init(_ path: String) throws(GraftError) {
    self.path = path
    let (kind, unpacker) = try DataFileKind.of(path)
    func reader() throws(GraftError) -> LineReader {
      guard let unpacker else { return try LineReader(path) }
      _ = try MappedFile(path)
      return try LineReader(
        path, through: [unpacker, "-dc", path], remedy: "Install \(unpacker), or unpack the file")
    }
    switch kind {
    case .json where unpacker == nil: source = .json(try JSONRows(path))
    case .json:
      let lines = try reader()
      source = .lines(lines)
      try readPackedList()
    case .text: source = .text(try reader())
    case .csv:
      let lines = try reader()
      line = 1
      var columns: [String] = []
      if let (fields, _) = try Self.record(lines, path, &line) { columns = fields.map { $0 ?? "" } }
      if columns.first?.hasPrefix("\u{FEFF}") == true { columns[0].unicodeScalars.removeFirst() }
      source = .csv(lines, columns: columns)
    case .parquet, .arrow:
      // Checked here, so that a missing file is not taken for a broken one.
      _ = try MappedFile(path)
      source = .lines(try Self.database(path, kind))
    }
  }

  /// DuckDB's command, which prints each row as a line of JSON.
  private static func database(
    _ path: String, _ kind: DataFileKind
  ) throws(GraftError) -> LineReader {
    let program = getenv("GRAFT_DUCKDB").map { String(cString: $0) } ?? "duckdb"
    let quoted = path.split(separator: "'", omittingEmptySubsequences: false).joined(
      separator: "''")
    let function = kind == .arrow ? "read_arrow" : "read_parquet"
    let load = kind == .arrow ? "LOAD nanoarrow; " : ""
    return try LineReader(
      path,
      through: [
        program, "-init", "/dev/null", "-c",
        "\(load)COPY (FROM \(function)('\(quoted)')) TO '/dev/stdout' (FORMAT json)",
      ],
      remedy: "Install it (pip install duckdb-cli), or name it by GRAFT_DUCKDB")
  }

  /// A packed file whose JSON is one list is read as a whole.
  private mutating func readPackedList() throws(GraftError) {
    guard case .lines(let lines) = source else { return }
    var bytes: [UInt8] = []
    while let next = try lines.next() {
      bytes = next
      if next.contains(where: { !isBlank($0) }) { break }
      line += 1
    }
    guard bytes.first(where: { !isBlank($0) }) == UInt8(ascii: "[") else {
      pending = bytes
      return
    }
    while let next = try lines.next() {
      bytes.append(0x0A)
      bytes += next
      guard bytes.count <= LineReader.lengthLimit else {
        throw .brokenDataFile("a packed list is longer than \(LineReader.lengthLimit) bytes", path)
      }
    }
    let value = try JSONValue.parse(bytes, file: path, firstLine: line + 1)
    source = .list(value.array?.reversed() ?? [])
  }

  /// A line that was read ahead.
  private var pending: [UInt8]?

  /// The next row, or nil after the last; a failure where the file is broken.
  public mutating func next() -> Result<DataRow, GraftError>? {
    guard !isAtEnd else { return nil }
    do throws(GraftError) {
      guard let row = try read() else {
        isAtEnd = true
        return nil
      }
      return .success(row)
    } catch {
      isAtEnd = true
      return .failure(error)
    }
  }

  private mutating func read() throws(GraftError) -> DataRow? {
    number += 1
    switch source {
    case .json(var rows):
      let next = rows.next()
      source = .json(rows)
      guard let row = try next?.get() else { return nil }
      return DataRow(value: row.value, line: row.line)
    case .list(var rest):
      guard let value = rest.popLast() else { return nil }
      source = .list(rest)
      return DataRow(value: value, line: number)
    case .lines(let lines):
      while true {
        var next = pending
        pending = nil
        if next == nil { next = try lines.next() }
        guard let bytes = next else { return nil }
        line += 1
        if bytes.allSatisfy(isBlank) { continue }
        return DataRow(
          value: try JSONValue.parse(bytes, file: path, firstLine: line), line: line)
      }
    case .text(let lines):
      guard var bytes = try lines.next() else { return nil }
      line += 1
      if bytes.last == 0x0D { bytes.removeLast() }
      return DataRow(value: ["text": .string(try Self.text(bytes, path, line))], line: line)
    case .csv(let lines, let columns):
      line += 1
      guard let (fields, first) = try Self.record(lines, path, &line) else { return nil }
      guard fields.count <= columns.count else {
        throw .brokenDataFile(
          "there are \(fields.count) values for \(columns.count) columns", path, line: first)
      }
      var object = JSONObject()
      for (i, column) in columns.enumerated() {
        object[column] = i < fields.count ? fields[i].map(JSONValue.string) ?? .null : .null
      }
      return DataRow(value: .object(object), line: first)
    }
  }

  private static func text(
    _ bytes: [UInt8], _ path: String, _ line: Int
  ) throws(GraftError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .brokenDataFile("is not UTF-8 text", path, line: line)
    }
    return text
  }

  /// The fields of a record, which may go over several lines, and the first of these; empty fields
  /// are nil. Empty lines are passed over.
  private static func record(
    _ lines: LineReader, _ path: String, _ line: inout Int
  ) throws(GraftError) -> (fields: [String?], line: Int)? {
    guard var bytes = try lines.next() else { return nil }
    while bytes.allSatisfy({ $0 == 0x0D }) {
      guard let next = try lines.next() else { return nil }
      line += 1
      bytes = next
    }
    let first = line
    var fields: [String?] = []
    var field: [UInt8] = []
    var isQuoted = false
    var i = 0
    func finish() throws(GraftError) {
      fields.append(field.isEmpty ? nil : try text(field, path, first))
      field = []
    }
    while true {
      if i == bytes.count {
        guard isQuoted else { break }
        guard let next = try lines.next() else {
          throw .brokenDataFile("a quoted value does not end", path, line: first)
        }
        line += 1
        field.append(0x0A)
        (bytes, i) = (next, 0)
        guard field.count <= LineReader.lengthLimit else {
          throw .brokenDataFile("a value is too long", path, line: first)
        }
        continue
      }
      let byte = bytes[i]
      i += 1
      switch byte {
      case UInt8(ascii: "\"") where isQuoted && i < bytes.count && bytes[i] == byte:
        field.append(byte)
        i += 1
      case UInt8(ascii: "\"") where isQuoted || field.isEmpty: isQuoted.toggle()
      case UInt8(ascii: ",") where !isQuoted: try finish()
      case 0x0D where !isQuoted && i == bytes.count: break
      default: field.append(byte)
      }
    }
    try finish()
    return (fields, first)
  }
}

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
