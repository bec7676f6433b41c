public import Diagnostics
public import FileIO
import StrictJSON
public import TensorCore

/// Writes a safetensors file in one pass, hashing on the way.
///
/// The header is written first, from the specs; then the bytes of the tensors follow in that
/// order, in pieces of any size. A writer that goes away before ``close()`` leaves no file.
public final class SafetensorsWriter {
  /// What the file holds, in the order of the data.
  public let tensors: [TensorSpec]
  private let file: OutputFile
  private let dataSize: Int
  private var written = 0

  /// Creates the file and writes its header.
  ///
  /// - Parameters:
  ///   - path: where nothing may be yet.
  ///   - tensors: what will follow, in this order.
  ///   - metadata: the header's `__metadata__`; transformers asks for `format`.
  /// - Throws: ``GraftError`` if a name comes twice or the file cannot be created.
  public init(
    _ path: String, tensors: [TensorSpec], metadata: [String: String] = ["format": "pt"]
  ) throws(GraftError) {
    let (header, size) = try Self.header(for: tensors, metadata: metadata, file: path)
    self.tensors = tensors
    dataSize = size
    file = try OutputFile(path)
    try file.write(header)
  }

  /// What a file of these tensors begins with: the length of the header, and the header.
  ///
  /// - Returns: the bytes, and how many bytes of tensors follow.
  /// - Throws: ``GraftError`` if a name comes twice or is reserved.
  package static func header(
    for tensors: [TensorSpec], metadata: [String: String] = ["format": "pt"], file path: String
  ) throws(GraftError) -> (bytes: [UInt8], dataSize: Int) {
    var header = JSONObject()
    if !metadata.isEmpty {
      var members = JSONObject()
      for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { members[key] = .string(value) }
      header["__metadata__"] = .object(members)
    }
    var end = 0
    for spec in tensors {
      guard spec.name != "__metadata__" else { throw .reservedName(file: path) }
      guard header[spec.name] == nil else { throw .writingTwice(spec.name, file: path) }
      guard let size = TensorSpec.checkedByteCount(dtype: spec.dtype, shape: spec.shape) else {
        throw .sizeOverflow(spec.description, file: path)
      }
      let begin = end
      end += size
      header[spec.name] = [
        "dtype": .string(spec.dtype.rawValue), "shape": .array(spec.shape.map { JSONValue($0) }),
        "data_offsets": [JSONValue(begin), JSONValue(end)],
      ]
    }
    var text = Array(JSONValue.object(header).text().utf8)
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    let length = UInt64(text.count)
    return ((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + text, end)
  }

  /// Appends bytes of the tensors, little-endian and row-major.
  ///
  /// - Throws: ``GraftError`` if the disk refuses, or more comes than the header promises.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(GraftError) {
    guard bytes.count <= dataSize - written else {
      throw .tooManyBytes(file: file.path, expected: dataSize)
    }
    try unsafe file.write(bytes)
    written += bytes.count
  }

  /// Flushes the file to the disk.
  ///
  /// - Throws: ``GraftError`` if bytes are missing; the file is then removed.
  public func close() throws(GraftError) -> OutputFile.Seal {
    guard written == dataSize else {
      throw .missingBytes(
        file: file.path, tensor: tensorBeingWritten, written: written, expected: dataSize)
    }
    return try file.close()
  }

  private var tensorBeingWritten: String? {
    var end = 0
    return tensors.first {
      end += $0.byteCount
      return end > written
    }?.name
  }
}
