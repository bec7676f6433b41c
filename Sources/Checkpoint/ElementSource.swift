public import Diagnostics
import TensorCore

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
  /// Tells the system that elements will be read soon.
  func willRead(elements: Range<Int>)
}

extension ElementSource {
  /// Does nothing.
  public func willRead(elements: Range<Int>) {}

  /// Tells the system that rows will be read soon.
  public func willRead(rows: Range<Int>) {
    let width = spec.rowElementCount
    willRead(elements: rows.lowerBound * width..<rows.upperBound * width)
  }
}
