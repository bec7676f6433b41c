public import Diagnostics
import FileIO
import TensorCore

/// A GGUF file (version 2 or 3, little-endian), mapped into memory and checked as a whole.
///
/// Source: the GGUF specification, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
public final class GGUFFile: Sendable {
  /// The path that the file was opened by.
  public let path: String
  /// The format's version.
  public let version: Int
  /// The keys of ``metadata``, in the order of the file.
  public let keys: [String]
  /// The metadata.
  public let metadata: [String: GGUFValue]
  /// The tensors, in the order of the file's header.
  public let tensors: [GGUFTensor]

  private let file: MappedFile
  private let index: [String: Int]

  /// Opens and checks a file.
  ///
  /// - Throws: ``GraftError`` if it cannot be opened, is of another kind, is cut short, or breaks
  ///   a rule of the format. A tensor of a type that is known but cannot be dequantised is no
  ///   error before it is read.
  public init(_ path: String) throws(GraftError) {
    let file = try MappedFile(path)
    var cursor = GGUFCursor(file)
    version = try Self.readVersion(&cursor)
    let tensorCount = try cursor.count(of: 24, "the number of tensors")
    let keyCount = try cursor.count(of: 13, "the number of metadata keys")
    var keys: [String] = []
    var metadata: [String: GGUFValue] = [:]
    for _ in 0..<keyCount {
      let key = try cursor.string("a metadata key")
      guard try metadata.updateValue(cursor.value(key), forKey: key) == nil else {
        throw .keyTwice(path, key: key)
      }
      keys.append(key)
    }
    var tensors: [GGUFTensor] = []
    var index: [String: Int] = [:]
    for _ in 0..<tensorCount {
      let tensor = try GGUFTensor(reading: &cursor)
      guard index.updateValue(tensors.count, forKey: tensor.name) == nil else {
        throw .tensorTwice(path, tensor: tensor.name)
      }
      tensors.append(tensor)
    }
    let alignment = try Self.alignment(metadata["general.alignment"], path)
    let padding = (alignment - cursor.position % alignment) % alignment
    try Self.place(
      &tensors, from: cursor.position + padding, alignment: alignment, fileSize: file.byteCount,
      path: path)
    self.path = path
    self.file = file
    self.keys = keys
    self.metadata = metadata
    self.tensors = tensors
    self.index = index
  }

  /// Whether a file begins as GGUF files do.
  public static func isGGUF(_ path: String) -> Bool {
    guard let file = try? MappedFile(path), file.byteCount >= 4 else { return false }
    return unsafe file.withBytes(0..<4) { unsafe $0.elementsEqual("GGUF".utf8) }
  }

  /// The tensor of this name, or nil.
  public subscript(name: String) -> GGUFTensor? { index[name].map { tensors[$0] } }

  /// Refuses a tensor whose storage type cannot be turned into numbers.
  public func requireReadable(_ tensor: GGUFTensor) throws(GraftError) {
    guard tensor.type.isReadable else {
      throw .unreadableGGMLType(path, tensor: tensor.name, type: tensor.type)
    }
  }

  /// Turns rows of a tensor into float32.
  ///
  /// - Parameters:
  ///   - rows: rows within `0..<tensor.spec.rowCount`.
  ///   - floats: room for exactly these rows.
  /// - Throws: ``GraftError`` if the storage type cannot be dequantised.
  public func dequantize(
    _ tensor: GGUFTensor, rows: Range<Int>, into floats: UnsafeMutableBufferPointer<Float>
  ) throws(GraftError) {
    try requireReadable(tensor)
    guard let layout = tensor.type.layout, let kernel = unsafe layout.dequantize else { return }
    let blocks = rows.count * tensor.spec.rowElementCount / layout.size
    precondition(floats.count == blocks * layout.size, "a buffer of another size than the rows")
    unsafe file.withBytes(byteRange(of: tensor, rows, layout)) { source in
      guard let source = source.baseAddress, let target = floats.baseAddress else { return }
      unsafe kernel(source.assumingMemoryBound(to: UInt8.self), target, blocks)
    }
  }

  /// Tells the system that the pages of these rows are not needed any more.
  public func release(_ tensor: GGUFTensor, rows: Range<Int>) {
    guard let layout = tensor.type.layout else { return }
    file.release(byteRange(of: tensor, rows, layout))
  }

  private func byteRange(
    of tensor: GGUFTensor, _ rows: Range<Int>, _ layout: GGMLType.Layout
  ) -> Range<Int> {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= tensor.spec.rowCount, "rows outside the tensor")
    let width = tensor.spec.rowElementCount / layout.size * layout.byteCount
    let start = tensor.byteRange.lowerBound
    return start + rows.lowerBound * width..<start + rows.upperBound * width
  }
}

extension GGUFFile {
  private static func readVersion(_ cursor: inout GGUFCursor) throws(GraftError) -> Int {
    let file = cursor.file
    guard cursor.remaining >= 8 else {
      throw .notGGUF(file.path, found: "has \(file.byteCount) bytes")
    }
    let magic = try cursor.integer(UInt32.self, "the magic number")
    guard magic == 0x4655_4747 else {
      throw .notGGUF(file.path, found: "begins with \(describe(magic))")
    }
    let version = try cursor.integer(UInt32.self, "the version")
    guard version == 2 || version == 3 else { throw .ggufVersion(file.path, version: version) }
    return Int(version)
  }

  private static func describe(_ magic: UInt32) -> String {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: magic >> (8 * UInt32($0))) }
    let isText = bytes.allSatisfy { (0x20..<0x7F).contains($0) }
    return isText
      ? "'\(String(decoding: bytes, as: UTF8.self))'"
      : "the bytes \(bytes.map { String($0, radix: 16) }.joined(separator: " "))"
  }

  private static func alignment(_ value: GGUFValue?, _ path: String) throws(GraftError) -> Int {
    guard let value else { return 32 }
    guard case .uint32(let alignment) = value, alignment > 0, alignment & (alignment - 1) == 0
    else { throw .alignmentInvalid(path, found: value.int.map { "\($0)" } ?? value.kindName) }
    return Int(alignment)
  }

  /// Turns offsets within the data section into ranges of the file, and checks them.
  private static func place(
    _ tensors: inout [GGUFTensor], from dataStart: Int, alignment: Int, fileSize: Int, path: String
  ) throws(GraftError) {
    for position in tensors.indices {
      let tensor = tensors[position]
      let offset = tensor.byteRange.lowerBound
      guard offset % alignment == 0 else {
        throw .tensorInvalid(
          path, tensor: tensor.name, "its offset \(offset) is no multiple of \(alignment)")
      }
      let room = fileSize - dataStart
      guard offset <= room, tensor.byteRange.count <= room - offset else {
        throw .tensorPastEnd(
          path, tensor: tensor.name, end: tensor.byteRange.upperBound, size: max(0, room))
      }
      let start = dataStart + offset
      tensors[position].byteRange = start..<start + tensor.byteRange.count
    }
    var previous: GGUFTensor?
    for tensor in tensors.sorted(by: { $0.byteRange.lowerBound < $1.byteRange.lowerBound })
    where !tensor.byteRange.isEmpty {
      if let previous, previous.byteRange.upperBound > tensor.byteRange.lowerBound {
        throw .tensorsOverlap(path, tensor: tensor.name, other: previous.name)
      }
      previous = tensor
    }
  }
}
