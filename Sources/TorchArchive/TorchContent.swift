import Diagnostics
import FileIO

/// What the two layouts of a torch file have in common once they are opened.
struct TorchContent {
  /// The element type's width is not known for storages of a type that is not known here; such a
  /// storage of the older layout hides all that follow it.
  var root: PickleValue
  var places: [String: StoragePlace] = [:]
  var isBigEndian = false
}

// MARK: - Zip archives

extension TorchContent {
  /// An archive of `PREFIX/data.pkl`, `PREFIX/data/KEY` and `PREFIX/byteorder`.
  init(zip archive: ZipArchive) throws(GraftError) {
    let file = archive.file
    let pickles = archive.names.filter {
      $0.hasSuffix("/data.pkl") && $0.split(separator: "/").count == 2
    }
    guard let pickle = pickles.first, pickles.count == 1 else {
      throw .zipInvalid(file, "is a zip archive without the data.pkl that torch.save writes")
    }
    let prefix = pickle.dropLast("data.pkl".count)
    let content = try archive.content(of: pickle, limit: PickleInterpreter.byteLimit)
    // PyTorch leaves zero where it was told to compute no checksums.
    if let entry = archive[pickle], case .file = content, entry.checksum != 0,
      checksum(content.bytes(0..<content.count)) != entry.checksum
    {
      throw .zipEntry(file, name: pickle, "does not have the checksum that it should")
    }
    var cursor = PickleCursor(content, file: file)
    root = try PickleInterpreter.read(&cursor)
    let order = "\(prefix)byteorder"
    if archive[order] != nil {
      let content = try archive.content(of: order, limit: 16)
      let text = String(decoding: content.bytes(0..<content.count), as: UTF8.self)
      guard text == "little" || text == "big" else {
        throw .zipEntry(file, name: order, "says neither 'little' nor 'big'")
      }
      isBigEndian = text == "big"
    }
    let cache = InflateCache()
    var ranges: [(range: Range<Int>, name: String)] = []
    for storage in root.graph.parts.storages where places[storage.key] == nil {
      guard let entry = archive["\(prefix)data/\(storage.key)"] else { continue }
      let place = try archive.place(of: entry)
      switch try archive.method(of: entry) {
      case .stored: places[storage.key] = .plain(archive.part(place))
      case .deflated:
        places[storage.key] = .deflated(
          DeflatedStorage(entry: entry, place: place, archive: archive, cache: cache))
      }
      ranges.append((place, entry.name))
    }
    ranges.sort { $0.range.lowerBound < $1.range.lowerBound }
    for (a, b) in zip(ranges, ranges.dropFirst())
    where a.range.upperBound > b.range.lowerBound && !b.range.isEmpty {
      throw .zipEntry(file, name: b.name, "overlaps the entry '\(a.name)'")
    }
  }
}

// MARK: - The layout before PyTorch 1.6

extension TorchContent {
  private static let magic: [UInt8] = [
    0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]
  private static let protocolVersion = 1001

  /// Four pickles (a magic number, the layout's version, facts about the machine, the object), a
  /// list of keys, and for each its element count and elements.
  init(legacy source: ByteSource, file: String) throws(GraftError) {
    let first = source.integer(UInt8.self, at: 0)
    guard first == 0x80 || "c(]}".utf8.contains(first) else { throw .notTorchArchive(file, nil) }
    var cursor = PickleCursor(source, file: file)
    guard case .wideInteger(Self.magic) = try PickleInterpreter.read(&cursor).node else {
      throw .plainPickle(file)
    }
    let version = try PickleInterpreter.read(&cursor).int
    guard version == Self.protocolVersion else {
      throw .legacyInvalid(
        file, "has the layout \(version.map(String.init) ?? "(none)"); 1001 is known")
    }
    _ = try PickleInterpreter.read(&cursor)  // the raw numbers are little-endian in any case
    root = try PickleInterpreter.read(&cursor)
    guard let keys = try PickleInterpreter.read(&cursor).elements else {
      throw .legacyInvalid(file, "has no list of its storages")
    }
    var storages: [String: TorchStorage] = [:]
    for storage in root.graph.parts.storages { storages[storage.key] = storage }
    var position = cursor.position
    for key in keys {
      guard let name = key.string ?? key.int.map(String.init), let storage = storages[name],
        places[name] == nil
      else { throw .legacyInvalid(file, "lists a storage that nothing uses, or one twice") }
      guard let width = storage.elementType.byteWidth else {
        throw .unknownElementType(file, tensor: "(storage)", type: storage.elementType.name)
      }
      guard position <= source.count - 8 else {
        throw .legacyInvalid(file, "ends before its storage '\(name)'")
      }
      let count = source.integer(Int64.self, at: position)
      position += 8
      guard count == storage.elementCount else {
        throw .legacyInvalid(
          file,
          "its storage '\(name)' has \(count) elements; the pickle says "
            + "\(storage.elementCount)")
      }
      guard Int(count) <= (source.count - position) / width else {
        throw .legacyInvalid(file, "ends within its storage '\(name)'")
      }
      let end = position + Int(count) * width
      guard case .file(let mapped, let whole) = source else { continue }
      let start = whole.lowerBound
      places[name] = .plain(.file(mapped, start + position..<start + end))
      position = end
    }
    guard position == source.count else {
      throw .legacyInvalid(file, "has \(source.count - position) bytes after its last storage")
    }
  }
}
