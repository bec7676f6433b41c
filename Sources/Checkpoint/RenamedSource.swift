public import Diagnostics
public import TensorCore

/// A tensor that is another one, seen in another way; accounts name the original.
public protocol DerivedSource: TensorSource {
  /// The tensor as its file has it.
  var original: any TensorSource { get }
}

/// A tensor that is computed from others; accounts name these.
public protocol SynthesizedSource: TensorSource {
  /// The tensors that it comes from.
  var originals: [any TensorSource] { get }
}

/// A tensor under another name than its file's; bytes and shape stay.
public struct RenamedSource: DerivedSource {
  /// The new name, with the original's type and shape.
  public let spec: TensorSpec
  /// The tensor under its own name.
  public let original: any TensorSource

  /// Renames a tensor.
  public init(_ original: any TensorSource, as name: String) {
    self.original = original
    spec = TensorSpec(name: name, dtype: original.spec.dtype, shape: original.spec.shape)
  }

  /// The original's file.
  public var file: String { original.file }

  /// Reads the original.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    try original.read(rows: rows, into: buffer)
  }

  /// Has the original's rows fetched.
  public func willRead(rows: Range<Int>) { original.willRead(rows: rows) }
}
