public import Diagnostics
public import FileIO

/// A file that `torch.save` wrote (`.bin`, `.pt`, `.pth`, one object of a `.distcp`), mapped into
/// memory and read without running anything.
///
/// Both layouts are read: zip archives (stored or deflated, zip64), and the older one of pickles
/// followed by raw storages. Opening reads the pickle; the bytes of a tensor are read when they
/// are asked for, by ``read(_:rows:into:)``.
///
/// The checksums of the pickle and of deflated entries are checked; those of stored tensors are
/// not: that would read every byte before the first row is lent, and PyTorch writes archives
/// without them (`torch.serialization.set_crc32_options`).
///
/// Bounds: a pickle has at most 64 MiB and makes at most 8 million values, which take at most
/// 700 MiB; a deflated entry is refused if it unpacks to more than 200 times its packed size and
/// more than 16 MiB; a tensor that repeats its storage is refused above 64 MiB.
public final class TorchFile: Sendable {
  /// The path that the file was opened by.
  public let path: String
  /// What was saved.
  public let root: PickleValue
  /// Whether numbers are stored with their most significant byte first.
  public let isBigEndian: Bool
  private let places: [String: StoragePlace]

  /// Opens a file.
  ///
  /// - Throws: ``GraftError`` if it is of another kind, is cut short, breaks a rule of its format,
  ///   or holds something that no weights need and that could do harm.
  public convenience init(_ path: String) throws(GraftError) {
    let file = try MappedFile(path)
    try self.init(file, in: 0..<file.byteCount)
  }

  /// Opens an object that lies within a larger file.
  ///
  /// - Precondition: `range` lies within the file.
  public init(_ file: MappedFile, in range: Range<Int>) throws(GraftError) {
    path = file.path
    let source = ByteSource.file(file, range)
    guard source.count > 0 else { throw .emptyTorchArchive(path) }
    let content: TorchContent
    if ZipArchive.isZip(source) {
      content = try TorchContent(zip: ZipArchive(source, file: path))
    } else {
      let prefix = source.bytes(0..<min(source.count, 512))
      if let kind = ForeignFile(prefix), kind != .pickle {
        throw .notTorchArchive(path, kind)
      }
      if prefix.count > 262, prefix[257..<262].elementsEqual("ustar".utf8) {
        throw .tarArchive(path)
      }
      content = try TorchContent(legacy: source, file: path)
    }
    root = content.root
    isBigEndian = content.isBigEndian
    places = content.places
  }

  /// Whether a file begins as one that `torch.save` wrote.
  public static func isTorchFile(_ path: String) -> Bool {
    guard let file = try? MappedFile(path) else { return false }
    let source = ByteSource.file(file, 0..<file.byteCount)
    if ZipArchive.isZip(source) { return true }
    return ForeignFile(source.bytes(0..<min(source.count, 64))) == .pickle
  }

  func place(of storage: TorchStorage, tensor: String) throws(GraftError) -> StoragePlace {
    guard let place = places[storage.key] else {
      throw .storageMissing(path, tensor: tensor, key: storage.key)
    }
    return place
  }
}
