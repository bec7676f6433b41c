public import Diagnostics
import FileIO
import Glibc
public import StrictJSON

/// Writes a ``TokenCache``, which appears whole or not at all.
public final class TokenCacheWriter {
  /// Goes into ``TokenCache/summary``.
  public var summary = JSONObject()
  /// The rows that were read.
  public var rowCount = 0
  private let output: OutputDirectory
  private let key: TokenCacheKey
  private let tokens: OutputFile
  private let index: OutputFile
  private var count = 0
  private var lastRow = -1

  init(_ path: String, key: TokenCacheKey) throws(GraftError) {
    self.key = key
    output = try OutputDirectory(path, replacing: true)
    tokens = try OutputFile(output.file(TokenCache.tokensFile))
    index = try OutputFile(output.file(TokenCache.indexFile))
  }

  /// Appends a record.
  ///
  /// - Parameter row: the row that it is of, from 0; above that of the record before.
  public func append(_ record: [Int32], row: Int) throws(GraftError) {
    precondition(row > lastRow, "rows out of order")
    lastRow = row
    let entry = [Int64(tokens.byteCount / 4).littleEndian, Int64(row).littleEndian]
    try entry.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in try index.write(raw) }
    let words = record.map(\.littleEndian)
    try words.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in try tokens.write(raw) }
    count += 1
  }

  func finish() throws(GraftError) {
    var header = JSONObject()
    header["key"] = .string(key.digest)
    header["made_of"] = .object(key.parts)
    header["records"] = JSONValue(count)
    header["rows"] = JSONValue(rowCount)
    header["summary"] = .object(summary)
    header["sha256"] = [.string(try tokens.close().sha256), .string(try index.close().sha256)]
    header["check"] = .string(sha256(of: Array(JSONValue.object(header).text().utf8)))
    let file = try OutputFile(output.file(TokenCache.headerFile))
    try file.write(JSONValue.object(header).text(.pretty) + "\n")
    _ = try file.close()
    try output.commit()
  }
}

/// The value of an environment variable, or nil if it is unset or empty.
func environmentVariable(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
}
