public import Diagnostics

/// A tensor of which any run of elements can be read, not only whole rows: the flat vectors that
/// sharded trainers keep parameters in.
public protocol ElementSource: TensorSource {
  /// Copies consecutive elements, counted in row-major order.
  ///
  /// - Parameters:
  ///   - elements: elements within `0..<spec.elementCount`.
  ///   - buffer: room for exactly these elements.
  func read(
    elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError)
}
