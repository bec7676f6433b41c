import Checkpoint
import Diagnostics
import TensorCore
import Torch

extension Tensor {
  /// Reads a whole tensor of a checkpoint, converted to `dtype`.
  ///
  /// - Throws: ``GraftError`` where it holds no F64, F32, F16 or BF16 numbers.
  static func load(_ source: any TensorSource, as dtype: DType) throws(GraftError) -> Tensor {
    guard source.spec.dtype.isFloatingPoint else {
      throw .notFloating(source.spec, file: source.file)
    }
    let bytes = try source.bytes()
    let stored = try bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) -> Tensor in
      try Tensor(bytes: raw, dtype: source.spec.dtype, shape: source.spec.shape)
    }
    return try stored.converted(to: dtype)
  }
}

/// A source under another name.
struct RenamedSource: TensorSource {
  let base: any TensorSource
  let name: String

  var spec: TensorSpec {
    TensorSpec(name: name, dtype: base.spec.dtype, shape: base.spec.shape)
  }
  var file: String { base.file }

  func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    try base.read(rows: rows, into: buffer)
  }
}

/// The type to compute in on this machine: bfloat16 where the weights are and the processor
/// multiplies it in hardware, else float32.
func automaticType(_ config: ModelConfig) -> DType {
  config.dtype == .bf16 && Runtime.hasFastBFloat16 ? .bf16 : .f32
}
