import Checkpoint
import Diagnostics
import FileIO
import GGUF
import TensorCore

extension GGUFLayout {
  /// Writes a GGUF file that appears whole or not at all.
  ///
  /// Source: the keys of llama.cpp's `convert_lora_to_gguf.py`.
  static func write(
    _ tensors: [any TensorSource], family: String, alpha: Double, to path: String,
    replacing: Bool, inputs: [String]
  ) throws(GraftError) -> [FileRecord] {
    let tensors = tensors.map(Self.storable).sorted { $0.spec.name < $1.spec.name }
    let finished = try FinishedFile(path, replacing: replacing, inputs: inputs)
    let writer = try GGUFWriter(
      finished.stagingPath,
      metadata: [
        ("general.architecture", .string(family)), ("general.type", .string("adapter")),
        ("adapter.type", .string("lora")), ("adapter.lora.alpha", .float32(Float(alpha))),
      ], tensors: tensors.map(\.spec))
    for tensor in tensors {
      let bytes = try tensor.bytes()
      try bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in try writer.append(raw) }
    }
    let seal = try writer.close()
    try finished.commit()
    return [FileRecord(name: splitPath(path).name, seal: seal)]
  }

  /// F32, F16 and BF16 as they are, F64 as float32.
  private static func storable(_ source: any TensorSource) -> any TensorSource {
    guard ![.f32, .f16, .bf16].contains(source.spec.dtype) else { return source }
    let spec = TensorSpec(name: source.spec.name, dtype: .f32, shape: source.spec.shape)
    return ComputedSource(spec: spec, original: source) { () throws(GraftError) in
      try source.floats()
    }
  }
}
