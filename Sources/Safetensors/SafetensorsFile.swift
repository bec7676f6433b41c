public import Diagnostics
import FileIO
public import TensorCore

/// A safetensors file, mapped into memory and checked as a whole before any tensor is lent.
///
/// Opening reads the header only. Tensor bytes are read from the disk when they are touched;
/// after streaming through a tensor, ``release(_:_:)`` gives its pages back.
///
/// Stricter than the reference reader in one point: a header that names a key twice is refused,
/// because readers disagree about which entry counts.
public final class SafetensorsFile: Sendable {
  /// The path that the file was opened by.
  public let path: String
  /// The header's `__metadata__`.
  public let metadata: [String: String]
  /// What the file holds, in the order of the data.
  public let tensors: [TensorSpec]
  /// Where the data section begins, in bytes from the start of the file.
  public let dataStart: Int

  private let file: MappedFile
  private let begins: [Int]
  private let index: [String: Int]

  /// Opens and checks a file.
  ///
  /// - Throws: ``GraftError`` if it cannot be opened, is of another kind, is cut short, or breaks
  ///   a rule of the format.
  public init(_ path: String) throws(GraftError) {
    let file = try MappedFile(path)
    let size = file.byteCount
    func refuse(_ error: GraftError) -> GraftError {
      let prefix = unsafe file.withBytes(0..<min(size, 64)) { unsafe Array($0) }
      return ForeignFile(prefix).map { .foreignFile(path, $0) } ?? error
    }
    guard size >= 8 else { throw refuse(.tooShortForHeader(path, size: size)) }
    let length = unsafe file.withBytes(0..<8) { unsafe $0.loadUnaligned(as: UInt64.self) }
    guard let headerSize = Int(exactly: UInt64(littleEndian: length)),
      headerSize <= SafetensorsHeader.lengthLimit
    else {
      throw refuse(
        .headerTooLarge(
          path, length: UInt64(littleEndian: length), limit: SafetensorsHeader.lengthLimit))
    }
    guard headerSize <= size - 8 else {
      throw refuse(.headerPastEnd(path, length: headerSize, size: size))
    }
    let header: SafetensorsHeader
    do {
      unsafe header = try file.withBytes(8..<8 + headerSize) { (text) throws(GraftError) in
        try unsafe SafetensorsHeader(parsing: text, dataSize: size - 8 - headerSize, file: path)
      }
    } catch {
      throw error.code == .safetensorsHeader ? refuse(error) : error
    }
    self.path = path
    self.file = file
    metadata = header.metadata
    tensors = header.tensors
    begins = header.begins
    dataStart = 8 + headerSize
    var index: [String: Int] = [:]
    index.reserveCapacity(tensors.count)
    for (position, spec) in tensors.enumerated() { index[spec.name] = position }
    self.index = index
  }

  /// The size of the file in bytes.
  public var byteCount: Int { file.byteCount }

  /// What the tensor `name` is, or nil where the file lacks it.
  public func spec(of name: String) -> TensorSpec? { index[name].map { tensors[$0] } }

  /// Lends the bytes of a tensor, little-endian and row-major, to `body`.
  ///
  /// The bytes need not be aligned to the element type.
  ///
  /// - Parameters:
  ///   - name: the tensor.
  ///   - range: bytes within the tensor; nil for all of it.
  /// - Throws: ``GraftError`` if there is no such tensor, and what `body` throws.
  /// - Precondition: `range` lies within the tensor.
  public func withBytes<R>(
    of name: String, _ range: Range<Int>? = nil,
    _ body: (UnsafeRawBufferPointer) throws(GraftError) -> R
  ) throws(GraftError) -> R {
    let place = try fileRange(of: name, range)
    return try unsafe file.withBytes(place, body)
  }

  /// Copies bytes of a tensor, without mapping them.
  ///
  /// - Parameters:
  ///   - range: bytes within the tensor.
  ///   - buffer: room for exactly these bytes.
  /// - Throws: ``GraftError`` if there is no such tensor, or it cannot be read.
  public func read(
    _ name: String, _ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    try unsafe file.read(try fileRange(of: name, range), into: buffer)
  }

  /// Has the system fetch bytes of a tensor that will be read soon.
  public func willRead(_ name: String, _ range: Range<Int>) {
    guard let place = try? fileRange(of: name, range) else { return }
    file.willNeed(place)
  }

  /// Tells the system that the pages of a tensor, or of `range` within it, are not needed any
  /// more.
  public func release(_ name: String, _ range: Range<Int>? = nil) {
    guard let place = try? fileRange(of: name, range) else { return }
    file.release(place)
  }

  private func fileRange(of name: String, _ range: Range<Int>?) throws(GraftError) -> Range<Int> {
    guard let position = index[name] else {
      throw .noSuchTensor(
        name, in: path, meant: suggestion(for: name, among: tensors.map(\.name)))
    }
    let size = tensors[position].byteCount
    let range = range ?? 0..<size
    precondition(range.lowerBound >= 0 && range.upperBound <= size, "a range outside the tensor")
    let start = dataStart + begins[position]
    return start + range.lowerBound..<start + range.upperBound
  }
}
