/// The bytes that one or more tensors lie in, as a pickle describes them.
public struct TorchStorage: Sendable, Hashable {
  /// The name of its bytes in the archive.
  public let key: String
  /// The type of its elements; "uint8" for one without a type.
  public let elementType: TorchElementType
  /// The number of its elements.
  public let elementCount: Int
  /// The device that it was on, as in "cuda:0".
  public let location: String
  /// Where this storage begins within the bytes of its key, in elements; old files only.
  var start: Int
}

/// A tensor as a pickle describes it: a storage, and which of its elements, in which order.
///
/// Tensors that are tied, or views of one another, share their storage.
public struct TorchTensor: Sendable, Hashable {
  /// The type of its elements.
  public let elementType: TorchElementType
  /// The extents, outermost first.
  public let shape: [Int]
  /// How many elements of the storage lie between two neighbours along each axis.
  public let strides: [Int]
  /// The element of the storage that is the tensor's first, in elements of the tensor's type.
  public let offset: Int
  /// The bytes.
  public let storage: TorchStorage

  /// Whether the elements follow one another in row-major order.
  public var isContiguous: Bool {
    var step = 1
    for (extent, stride) in zip(shape, strides).reversed() {
      guard extent != 0 else { return true }
      if extent != 1, stride != step { return false }
      step *= extent
    }
    return true
  }
}
