public import Diagnostics
public import FileIO
public import TensorCore

/// Writes a GGUF file (version 3, little-endian) in one pass, hashing on the way.
///
/// The header is written first, from the metadata and the specs; then the bytes of the tensors
/// follow in that order, in pieces of any size. The writer pads each tensor to the alignment. A
/// writer that goes away before ``close()`` leaves no file.
///
/// Source: the GGUF specification, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
public final class GGUFWriter {
  /// The longest name of a tensor that llama.cpp takes, in bytes.
  public static let nameLimit = 63

  /// What the file holds, in the order of the data.
  public let tensors: [TensorSpec]
  private let file: OutputFile
  private let alignment: Int
  private var current = 0
  private var written = 0

  /// Creates the file and writes its header.
  ///
  /// - Parameters:
  ///   - path: where nothing may be yet.
  ///   - metadata: keys and values, in their order; `general.architecture` comes first by custom.
  ///     `general.alignment` (uint32) sets the alignment, which is 32 without it.
  ///   - tensors: what will follow, in this order: F32, F16, BF16, F64 or I8 to I64 of up to four
  ///     axes, outermost first. A scalar is written as one element.
  /// - Throws: ``GraftError`` if a key or name comes twice, a name is too long, a type or shape
  ///   cannot be written, an array mixes types, or the file cannot be created.
  public init(
    _ path: String, metadata: [(key: String, value: GGUFValue)], tensors: [TensorSpec]
  ) throws(GraftError) {
    var header = GGUFHeaderBytes(path)
    var keys: Set<String> = []
    var alignment = 32
    header.integer(UInt32(0x4655_4747))
    header.integer(UInt32(3))
    header.integer(UInt64(tensors.count))
    header.integer(UInt64(metadata.count))
    for (key, value) in metadata {
      guard keys.insert(key).inserted else { throw .unwritableKey(path, key: key, "comes twice") }
      if key == "general.alignment" {
        guard case .uint32(let size) = value, size.nonzeroBitCount == 1, size <= 1 << 20 else {
          throw .unwritableKey(path, key: key, "must be a power of two, as an uint32")
        }
        alignment = Int(size)
      }
      header.string(key)
      try header.value(value, key: key)
    }
    var names: Set<String> = []
    var offset = 0
    for spec in tensors {
      guard names.insert(spec.name).inserted else {
        throw .unwritableTensor(path, tensor: spec.name, "is to be written twice")
      }
      try header.tensor(spec, offset: offset)
      offset += Self.padded(spec.byteCount, to: alignment)
    }
    header.pad(to: alignment)
    self.tensors = tensors
    self.alignment = alignment
    file = try OutputFile(path)
    try file.write(header.bytes)
  }

  /// Appends bytes of the tensors, little-endian and row-major.
  ///
  /// - Throws: ``GraftError`` if the disk refuses, or more comes than the header promises.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(GraftError) {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      try skipFinished()
      guard current < tensors.count else { throw .tooManyGGUFBytes(file.path) }
      let part = unsafe rest.prefix(tensors[current].byteCount - written)
      try unsafe file.write(UnsafeRawBufferPointer(rebasing: part))
      written += unsafe part.count
      unsafe rest = rest.dropFirst(part.count)
    }
  }

  /// Appends bytes of the tensors, little-endian and row-major.
  public func append(_ bytes: [UInt8]) throws(GraftError) {
    try unsafe bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in
      try unsafe append(raw)
    }
  }

  /// Flushes the file to the disk.
  ///
  /// - Throws: ``GraftError`` if bytes are missing; the file is then removed.
  public func close() throws(GraftError) -> OutputFile.Seal {
    try skipFinished()
    guard current == tensors.count else {
      throw .missingGGUFBytes(
        file.path, tensor: tensors[current].name, written: written,
        expected: tensors[current].byteCount)
    }
    return try file.close()
  }

  /// Goes to the first tensor that lacks bytes, with padding behind those before it.
  private func skipFinished() throws(GraftError) {
    while current < tensors.count, written == tensors[current].byteCount {
      let padding = Self.padded(written, to: alignment) - written
      try file.write([UInt8](repeating: 0, count: padding))
      current += 1
      written = 0
    }
  }

  private static func padded(_ size: Int, to alignment: Int) -> Int {
    (size + alignment - 1) / alignment * alignment
  }
}
