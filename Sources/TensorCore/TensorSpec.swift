/// What a tensor is, without its bytes: name, element type and shape.
public struct TensorSpec: Sendable, Hashable {
  /// The name in its file.
  public var name: String
  /// The element type.
  public var dtype: DType
  /// The extents, outermost first; empty for a scalar.
  public var shape: [Int]

  /// Creates a spec. The element count must fit an `Int`; readers check that with
  /// ``checkedByteCount(dtype:shape:)`` before they create one from a file.
  public init(name: String, dtype: DType, shape: [Int]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
  }

  /// The number of elements; 1 for a scalar.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The size in bytes, row-major without padding.
  public var byteCount: Int { elementCount * dtype.bitWidth / 8 }

  /// The number of rows that the tensor is streamed in: the product of all extents but the last, so
  /// that a tensor of three axes has as many as all its matrices together; 1 for a vector or a
  /// scalar.
  public var rowCount: Int { shape.count >= 2 ? shape.dropLast().reduce(1, *) : 1 }

  /// The elements in one row.
  public var rowElementCount: Int { shape.last ?? 1 }

  /// The size in bytes for a shape from an untrusted file, or nil where a factor is negative, the
  /// product overflows, or a packed type does not fill whole bytes.
  ///
  /// Extents of zero do not hide an overflow of the others, so that the size of a row is safe to
  /// compute too.
  public static func checkedByteCount(dtype: DType, shape: [Int]) -> Int? {
    var count = 1
    for extent in shape {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow else { return nil }
      count = product
    }
    let (bits, overflow) = count.multipliedReportingOverflow(by: dtype.bitWidth)
    guard !overflow else { return nil }
    if shape.contains(0) { return 0 }
    guard bits % 8 == 0 else { return nil }
    return bits / 8
  }
}

extension TensorSpec: CustomStringConvertible {
  /// `NAME BF16 [576, 1536]`
  public var description: String { "\(name) \(dtype.rawValue) \(shape)" }
}
