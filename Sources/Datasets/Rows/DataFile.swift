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
      unpacker == nil || kind != .parquet
    else { throw .dataFileType(path) }
    return (kind, unpacker)
  }
}

/// The rows of a data file, one at a time.
public struct DataRows: Sequence, IteratorProtocol {
  private enum Source {
    case json(JSONRows)
    case text(LineReader)
    case csv(LineReader, columns: [String])
    case arrow(ArrowRows)
  }

  private let path: String
  private var source: Source
  private var isAtEnd = false
  private var number = 0

  /// Opens the file at `path`, whose name says what it is.
  public init(_ path: String) throws(GraftError) { try self.init(path, database: nil) }

  /// Opens a file; `database` is DuckDB's command, where it is not the one on the path.
  init(_ path: String, database: String?) throws(GraftError) {
    self.path = path
    let (kind, unpacker) = try DataFileKind.of(path)
    func stream() throws(GraftError) -> ByteStream {
      guard let unpacker else { return try ByteStream(path) }
      return try ByteStream(
        path, through: [unpacker, "-dc", path], remedy: "Install \(unpacker), or unpack the file")
    }
    switch kind {
    case .json: source = .json(JSONRows(try stream(), path: path))
    case .text: source = .text(LineReader(try stream()))
    case .csv:
      let lines = LineReader(try stream())
      var columns: [String] = []
      if let (fields, _) = try Self.record(lines, path) { columns = fields.map { $0 ?? "" } }
      if columns.first?.hasPrefix("\u{FEFF}") == true { columns[0].unicodeScalars.removeFirst() }
      source = .csv(lines, columns: columns)
    case .parquet: source = .json(JSONRows(try Self.database(path, database), path: path))
    case .arrow: source = .arrow(ArrowRows(try stream(), path: path))
    }
  }

  /// DuckDB's command, which prints each row as a line of JSON.
  private static func database(
    _ path: String, _ program: String?
  ) throws(GraftError) -> ByteStream {
    let program = program ?? getenv("GRAFT_DUCKDB").map { String(cString: $0) } ?? "duckdb"
    let quoted = path.split(separator: "'", omittingEmptySubsequences: false).joined(
      separator: "''")
    return try ByteStream(
      path,
      through: [
        program, "-init", "/dev/null", "-c",
        "COPY (FROM read_parquet('\(quoted)')) TO '/dev/stdout' (FORMAT json)",
      ],
      remedy: "Install it (pip install duckdb-cli), or name it by GRAFT_DUCKDB")
  }

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
    switch source {
    case .json(var rows):
      let next = rows.next()
      source = .json(rows)
      guard let row = try next?.get() else { return nil }
      return DataRow(value: row.value, line: row.line)
    case .text(let lines):
      guard var bytes = try lines.next() else { return nil }
      if bytes.last == 0x0D { bytes.removeLast() }
      let text = try Self.text(bytes, path, lines.line)
      return DataRow(value: ["text": .string(text)], line: lines.line)
    case .arrow(var rows):
      let value = try rows.next()
      source = .arrow(rows)
      number += 1
      return value.map { DataRow(value: $0, line: number) }
    case .csv(let lines, let columns):
      guard let (fields, first) = try Self.record(lines, path) else { return nil }
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
    guard !bytes.contains(0) else { throw .brokenDataFile("holds a NUL", path, line: line) }
    return text
  }

  /// The fields of a record, which may go over several lines, and the first of these; empty fields
  /// are nil. Empty lines are passed over.
  private static func record(
    _ lines: LineReader, _ path: String
  ) throws(GraftError) -> (fields: [String?], line: Int)? {
    guard var bytes = try lines.next() else { return nil }
    while bytes.allSatisfy({ $0 == 0x0D }) {
      guard let next = try lines.next() else { return nil }
      bytes = next
    }
    let first = lines.line
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
        field.append(0x0A)
        (bytes, i) = (next, 0)
        guard field.count <= StreamWindow.lengthLimit else {
          throw .rowTooLong(path, limit: StreamWindow.lengthLimit, line: first)
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
