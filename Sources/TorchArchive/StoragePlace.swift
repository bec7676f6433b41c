import Diagnostics
import Synchronization

/// Where the bytes of a storage are.
enum StoragePlace: Sendable {
  case plain(ByteSource)
  case deflated(DeflatedStorage)

  var byteCount: Int {
    switch self {
    case .plain(let source): source.count
    case .deflated(let storage): storage.entry.size
    }
  }

  /// The bytes; unpacks them where that is needed.
  func bytes() throws(GraftError) -> ByteSource {
    switch self {
    case .plain(let source): source
    case .deflated(let storage): .memory(try storage.bytes())
    }
  }
}

/// A deflated entry that is unpacked when it is read. The storages of one archive share a cache
/// for one of them, so that memory does not grow with the archive.
struct DeflatedStorage: Sendable {
  let entry: ZipEntry
  let place: Range<Int>
  let archive: ZipArchive
  let cache: InflateCache

  func bytes() throws(GraftError) -> [UInt8] { try cache.bytes(of: self) }
}

/// The unpacked storage that was read last.
final class InflateCache: Sendable {
  private let last = Mutex<(name: String, bytes: [UInt8])?>(nil)

  func bytes(of storage: DeflatedStorage) throws(GraftError) -> [UInt8] {
    try last.withLock { (last) throws(GraftError) in
      if let last, last.name == storage.entry.name { return last.bytes }
      last = nil
      let bytes = try storage.archive.unpacked(storage.entry, storage.place)
      last = (storage.entry.name, bytes)
      return bytes
    }
  }
}
