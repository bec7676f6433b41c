public import Diagnostics
public import TensorCore

/// A matrix with another number of rows: its own as far as they go, then those of another matrix.
public struct ResizedSource: DerivedSource {
  /// The original's name and type, with the new number of rows.
  public let spec: TensorSpec
  /// The matrix.
  public let original: any TensorSource
  private let addition: any TensorSource

  /// Gives a matrix as many rows as `addition` has.
  ///
  /// - Throws: ``GraftError`` if the two are not matrices of one width, or hold no real numbers.
  public init(
    _ original: any TensorSource, toFit addition: any TensorSource
  ) throws(GraftError) {
    guard original.spec.shape.count == 2, addition.spec.shape.count == 2,
      original.spec.shape[1] == addition.spec.shape[1]
    else {
      throw .shapeMismatch(
        addition.spec.name, found: addition.spec.shape, expected: original.spec.shape,
        because: "the base", file: addition.file)
    }
    guard original.spec.dtype.isFloatingPoint, addition.spec.dtype.isFloatingPoint else {
      throw .notNumeric(addition.spec, file: addition.file)
    }
    self.original = original
    self.addition = addition
    spec = TensorSpec(
      name: original.spec.name, dtype: original.spec.dtype, shape: addition.spec.shape)
  }

  /// The original's file.
  public var file: String { original.file }

  /// Reads the original's rows, and beyond them the other's in the original's type.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let own = rows.clamped(to: 0..<original.spec.rowCount)
    let size = own.count * rowByteCount
    if !own.isEmpty {
      try original.read(rows: own, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<size]))
    }
    let added =
      max(
        rows.lowerBound, original.spec.rowCount)..<max(
        rows.upperBound, original.spec.rowCount)
    guard !added.isEmpty else { return }
    let floats = try addition.floats(rows: added)
    let room = UnsafeMutableRawBufferPointer(rebasing: buffer[size...])
    guard floats.withUnsafeBufferPointer({ narrow($0, to: spec.dtype, into: room) }) else {
      throw .notNumeric(spec, file: file)
    }
  }
}
