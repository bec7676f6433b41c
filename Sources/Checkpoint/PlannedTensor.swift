public import Diagnostics
public import TensorCore

/// A tensor that is to be written: what it will be, and how its rows come about.
public struct PlannedTensor: Sendable {
  /// Fills a buffer with some rows, as little-endian elements of the planned type.
  public typealias RowProducer =
    @Sendable (Range<Int>, UnsafeMutableRawBufferPointer) throws(GraftError) -> Void

  /// Name, type and shape in the output.
  public var spec: TensorSpec
  /// Makes rows; called from several threads, for disjoint rows.
  public var produce: RowProducer
  /// Has what some rows are made from fetched from the disk.
  var announce: @Sendable (Range<Int>) -> Void = { _ in }

  /// Plans a tensor from a row producer.
  public init(spec: TensorSpec, produce: @escaping RowProducer) {
    self.spec = spec
    self.produce = produce
  }

  /// Plans a copy of a tensor under a name, with at most one rounding to `dtype`.
  ///
  /// - Parameter dtype: the type to write, or nil to keep the source's bits.
  /// - Throws: ``GraftError`` if a conversion is asked for and a type holds no real numbers.
  public init(
    copying source: any TensorSource, as name: String, dtype: DType? = nil
  ) throws(GraftError) {
    let target = dtype ?? source.spec.dtype
    let spec = TensorSpec(name: name, dtype: target, shape: source.spec.shape)
    if target == source.spec.dtype {
      self.init(spec: spec) { (rows, buffer) throws(GraftError) in
        try source.read(rows: rows, into: buffer)
      }
      announce = { source.willRead(rows: $0) }
      return
    }
    guard target.isFloatingPoint, source.spec.dtype.isFloatingPoint else {
      throw .notNumeric(source.spec, file: source.file)
    }
    self.init(spec: spec) { (rows, buffer) throws(GraftError) in
      let floats = try source.floats(rows: rows)
      floats.withUnsafeBufferPointer { _ = narrow($0, to: target, into: buffer) }
    }
    announce = { source.willRead(rows: $0) }
  }
}
