import CTorch
public import Diagnostics

extension Tensor {
  /// The same elements, row-major, under another shape; one extent may be -1.
  public func reshaped(_ shape: [Int]) throws(GraftError) -> Tensor {
    let extents = shape.wide
    return try produce("reshaping") { ctorch_reshape(handle, extents, extents.count, $0) }
  }

  /// A view with extents of 1 repeated; -1 leaves an extent as it is.
  public func expanded(_ shape: [Int]) throws(GraftError) -> Tensor {
    let extents = shape.wide
    return try produce("expanding") { ctorch_expand(handle, extents, extents.count, $0) }
  }

  /// A view with two dimensions exchanged.
  public func transposed(_ first: Int = -2, _ second: Int = -1) throws(GraftError) -> Tensor {
    try produce("transposing") { ctorch_transpose(handle, Int64(first), Int64(second), $0) }
  }

  /// A view with a new extent of 1 at `dimension`.
  public func unsqueezed(_ dimension: Int) throws(GraftError) -> Tensor {
    try produce("unsqueezing") { ctorch_unsqueeze(handle, Int64(dimension), $0) }
  }

  /// A view without the extent of 1 at `dimension`.
  public func squeezed(_ dimension: Int) throws(GraftError) -> Tensor {
    try produce("squeezing") { ctorch_squeeze(handle, Int64(dimension), $0) }
  }

  /// A view of the elements in `range` along `dimension`.
  public func slice(_ range: Range<Int>, along dimension: Int = 0) throws(GraftError) -> Tensor {
    try produce("slicing") {
      ctorch_slice(
        handle, Int64(dimension), Int64(range.lowerBound), Int64(range.upperBound), $0)
    }
  }

  /// The same elements in row-major order in memory; itself where they are already.
  public func contiguous() throws(GraftError) -> Tensor {
    try produce("copying") { ctorch_contiguous(handle, $0) }
  }

  /// The rows (along `dimension`) that an index vector names.
  public func selected(
    _ indices: Tensor, along dimension: Int = 0
  ) throws(GraftError) -> Tensor {
    try produce("selecting") { ctorch_index_select(handle, Int64(dimension), indices.handle, $0) }
  }

  /// The element along `dimension` that each int64 index names; shaped as `indices`.
  public func gathered(
    _ indices: Tensor, along dimension: Int
  ) throws(GraftError) -> Tensor {
    try produce("gathering") { ctorch_gather(handle, Int64(dimension), indices.handle, $0) }
  }

  /// Tensors laid end to end along `dimension`.
  public static func concatenated(
    _ tensors: [Tensor], along dimension: Int = 0
  ) throws(GraftError) -> Tensor {
    let handles: [OpaquePointer] = tensors.map(\.handle)
    return try withExtendedLifetime(tensors) { () throws(GraftError) -> Tensor in
      try produce("concatenating") {
        ctorch_concatenate(handles, handles.count, Int64(dimension), $0)
      }
    }
  }
}
