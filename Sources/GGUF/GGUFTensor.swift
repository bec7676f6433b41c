import Diagnostics
import FileIO
public import TensorCore

/// A tensor of a GGUF file.
public struct GGUFTensor: Sendable, Hashable {
  /// The name in the file, as in `blk.0.attn_q.weight`.
  public let name: String
  /// How its numbers are stored.
  public let type: GGMLType
  /// The extents, outermost first: the file's own order reversed.
  public let shape: [Int]
  /// Where its bytes lie in the file.
  public internal(set) var byteRange: Range<Int>

  /// What the tensor is once it is dequantised.
  public var spec: TensorSpec { TensorSpec(name: name, dtype: .f32, shape: shape) }

  /// Reads one entry of the header. ``byteRange`` is relative to the data section until the whole
  /// header has been read.
  init(reading cursor: inout GGUFCursor) throws(GraftError) {
    let path = cursor.file.path
    name = try cursor.string("a tensor's name")
    let rank = try cursor.integer(UInt32.self, "the rank of '\(name)'")
    guard rank <= 4 else {
      throw .tensorInvalid(path, tensor: name, "has \(rank) dimensions; at most 4 are allowed")
    }
    var extents: [Int] = []
    for _ in 0..<rank {
      let extent = try cursor.integer(UInt64.self, "the shape of '\(name)'")
      guard let extent = Int(exactly: extent) else {
        throw .tensorInvalid(path, tensor: name, "has an extent of \(extent)")
      }
      extents.append(extent)
    }
    type = GGMLType(rawValue: try cursor.integer(UInt32.self, "the type of '\(name)'"))
    shape = extents.reversed()
    guard let layout = type.layout else {
      throw .unknownGGMLType(path, tensor: name, type: type)
    }
    // As float32, so that the dequantised size is known to fit too.
    guard let floatBytes = TensorSpec.checkedByteCount(dtype: .f32, shape: shape) else {
      throw .tensorInvalid(path, tensor: name, "\(shape) has no size below 2^63 bytes")
    }
    let row = extents.first ?? 1
    guard row % layout.size == 0 else {
      throw .tensorInvalid(
        path, tensor: name, "has rows of \(row) numbers; \(type) holds \(layout.size) in a block")
    }
    let (byteCount, overflow) = (floatBytes / 4 / layout.size)
      .multipliedReportingOverflow(by: layout.byteCount)
    let offset = try cursor.integer(UInt64.self, "the offset of '\(name)'")
    guard !overflow, let offset = Int(exactly: offset), byteCount <= .max - offset else {
      throw .tensorInvalid(path, tensor: name, "its offset \(offset) lies beyond any file")
    }
    byteRange = offset..<offset + byteCount
  }
}
