public import Checkpoint
public import Diagnostics
public import FileIO
import Safetensors
import StrictJSON
public import TensorCore

/// Writes a PEFT adapter directory: `adapter_config.json` and `adapter_model.safetensors`.
public enum AdapterWriter {
  /// The name of a tensor in the file, from the base's tensor name.
  ///
  /// - Parameter base: as in `model.layers.0.self_attn.q_proj.weight`.
  /// - Returns: the names of A and B.
  public static func names(for base: String) -> (a: String, b: String) {
    let module = base.hasSuffix(".weight") ? String(base.dropLast(".weight".count)) : base
    return (prefix + module + ".lora_A.weight", prefix + module + ".lora_B.weight")
  }

  /// The name of a tensor that replaces the base's (a trained head).
  public static func replacementName(for base: String) -> String { prefix + base }

  /// What PEFT puts in front of every name.
  public static let prefix = "base_model.model."

  /// Writes both files.
  ///
  /// - Parameters:
  ///   - tensors: in any order; written sorted by name, as PEFT's library does.
  ///   - output: the directory that is being filled.
  /// - Returns: what was written, by file name.
  /// - Throws: ``GraftError`` if the disk refuses.
  @discardableResult
  public static func write(
    config: AdapterConfig, tensors: [any TensorSource], to output: OutputDirectory
  ) throws(GraftError) -> [String: OutputFile.Seal] {
    try write(config: config, tensors: tensors, directory: output.stagingPath)
  }

  /// Writes both files into a directory that exists.
  @discardableResult
  public static func write(
    config: AdapterConfig, tensors: [any TensorSource], directory: String
  ) throws(GraftError) -> [String: OutputFile.Seal] {
    let weights = "adapter_model.safetensors"
    let sealed = try writeTensors(tensors, to: "\(directory)/\(weights)")
    let text = JSONValue.object(config.written).text(.prettySorted)
    let described = try writeFileAtomically("\(directory)/adapter_config.json", text)
    return [weights: sealed, "adapter_config.json": described]
  }

  /// Writes tensors as one safetensors file, sorted by name.
  static func writeTensors(
    _ tensors: [any TensorSource], to path: String, metadata: [String: String] = ["format": "pt"]
  ) throws(GraftError) -> OutputFile.Seal {
    let sorted = tensors.sorted { $0.spec.name < $1.spec.name }
    let writer = try SafetensorsWriter(path, tensors: sorted.map(\.spec), metadata: metadata)
    for tensor in sorted {
      let bytes = try tensor.bytes()
      try bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in try writer.append(raw) }
    }
    return try writer.close()
  }

  /// Writes both files from bytes in memory.
  @discardableResult
  public static func write(
    config: AdapterConfig, tensors: [(spec: TensorSpec, bytes: [UInt8])],
    to output: OutputDirectory
  ) throws(GraftError) -> [String: OutputFile.Seal] {
    try write(
      config: config,
      tensors: tensors.map { MemorySource(spec: $0.spec, bytes: $0.bytes, origin: output.path) },
      to: output)
  }
}
