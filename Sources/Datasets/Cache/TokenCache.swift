public import Diagnostics
import FileIO
public import StrictJSON

/// Tokenized rows on the disk, mapped into memory and read one by one.
///
/// A directory with `tokens.bin` (the numbers of all records end to end, 32 bits each, little
/// endian), `index.bin` (for each record where it begins in numbers, and the row that it is of,
/// 64 bits each) and `cache.json`, which has the key and the hashes of both.
public final class TokenCache: Sendable {
  /// Changes with the layout of the files.
  public static let formatVersion = 1
  /// The number of records.
  public let count: Int
  /// The rows that were read; some may have no record.
  public let rowCount: Int
  /// What whoever wrote it noted.
  public let summary: JSONObject
  /// Of all tokens and rows, in lower-case hexadecimal.
  public let digest: String
  private let tokens: MappedFile
  private let index: MappedFile

  static let tokensFile = "tokens.bin"
  static let indexFile = "index.bin"
  static let headerFile = "cache.json"

  /// Opens a cache whose key is `key`.
  ///
  /// - Returns: nil if there is none.
  /// - Throws: ``GraftError`` if it is damaged: sizes and hashes of all files are checked.
  init?(_ path: String, key: TokenCacheKey) throws(GraftError) {
    guard directoryExists(path) else { return nil }
    let headerPath = "\(path)/\(Self.headerFile)"
    let header = try JSONValue.parse(readFile(headerPath, limit: 1 << 20), file: headerPath)
    var object = header.object ?? JSONObject()
    let check = object["check"]?.string
    object["check"] = nil
    guard check == sha256(of: Array(JSONValue.object(object).text().utf8))
    else { throw .damagedTokenCache("the header was changed", headerPath) }
    guard object["key"]?.string == key.digest else {
      throw .damagedTokenCache("it has another key", headerPath)
    }
    guard let count = object["records"]?.int, count >= 0, let rows = object["rows"]?.int,
      rows >= count, let summary = object["summary"]?.object,
      let hashes = object["sha256"]?.array?.compactMap(\.string), hashes.count == 2
    else { throw .damagedTokenCache("the header lacks a part", headerPath) }
    for (name, hash) in zip([Self.tokensFile, Self.indexFile], hashes) {
      guard try sha256(ofFile: "\(path)/\(name)") == hash else {
        throw .damagedTokenCache("its bytes are not those that were written", "\(path)/\(name)")
      }
    }
    self.count = count
    rowCount = rows
    self.summary = summary
    digest = sha256(of: Array(hashes.joined().utf8))
    tokens = try MappedFile("\(path)/\(Self.tokensFile)")
    index = try MappedFile("\(path)/\(Self.indexFile)")
    guard index.byteCount == 16 * count, tokens.byteCount % 4 == 0 else {
      throw .damagedTokenCache("its files have other sizes", path)
    }
  }

  /// The numbers of a record.
  ///
  /// - Precondition: `record` is below ``count``.
  /// - Throws: ``GraftError`` if the index leads out of the file.
  public func record(_ record: Int) throws(GraftError) -> [Int32] {
    let total = tokens.byteCount / 4
    let start = entry(record).start
    let end = record + 1 < count ? entry(record + 1).start : total
    guard 0 <= start, start <= end, end <= total else {
      throw .damagedTokenCache("the index leads out of the file", index.path)
    }
    return tokens.withBytes(4 * start..<4 * end) { bytes in
      (0..<end - start).map {
        Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self))
      }
    }
  }

  /// The row that a record is of, from 0.
  public func row(_ record: Int) -> Int { entry(record).row }

  /// The record of a row, or nil if the row has none.
  public func record(ofRow row: Int) -> Int? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self.row(middle) < row { low = middle + 1 } else { high = middle }
    }
    return low < count && self.row(low) == row ? low : nil
  }

  private func entry(_ record: Int) -> (start: Int, row: Int) {
    index.withBytes(16 * record..<16 * record + 16) { bytes in
      let words = (0..<2).map {
        Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)))
      }
      return (words[0], words[1])
    }
  }
}

extension TokenCache {
  /// How a cache came about.
  public enum Origin: Sendable, Equatable {
    /// It was there.
    case found
    /// There was none.
    case made
    /// What was there was damaged, as this says.
    case madeAnew(String)
  }

  /// Opens the cache of a key, and makes it first where it is missing or damaged.
  ///
  /// - Parameters:
  ///   - folder: where caches are; ``defaultFolder`` unless someone names another.
  ///   - isRenewed: whether one that is there is not used.
  ///   - make: appends all records.
  /// - Throws: ``GraftError`` of `make`, or if the disk refuses. What is unfinished never appears.
  public static func open(
    _ key: TokenCacheKey, in folder: String, isRenewed: Bool = false,
    make: (TokenCacheWriter) throws(GraftError) -> Void
  ) throws(GraftError) -> (cache: TokenCache, origin: Origin) {
    let path = "\(folder)/\(key.digest.prefix(32))"
    var origin = Origin.made
    if !isRenewed {
      do throws(GraftError) {
        if let cache = try TokenCache(path, key: key) { return (cache, .found) }
      } catch {
        origin = .madeAnew("\(error)")
      }
    }
    let writer = try TokenCacheWriter(path, key: key)
    try make(writer)
    try writer.finish()
    guard let cache = try TokenCache(path, key: key) else {
      throw .damagedTokenCache("it disappeared while it was made", path)
    }
    return (cache, origin)
  }

  /// The folder of the user's caches: `graft/tokens` in `$XDG_CACHE_HOME`, or in `~/.cache`.
  public static var defaultFolder: String {
    if let cache = environmentVariable("XDG_CACHE_HOME") { return "\(cache)/graft/tokens" }
    return "\(environmentVariable("HOME") ?? "/tmp")/.cache/graft/tokens"
  }
}
