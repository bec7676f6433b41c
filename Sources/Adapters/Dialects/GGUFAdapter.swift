import Checkpoint
import Diagnostics
import GGUF
import StrictJSON
import TensorCore

/// A llama.cpp LoRA adapter, read as PEFT would have written it.
///
/// `adapter.lora.alpha` over the rank of each pair is its scale; an alpha of 0 means a scale of 1.
/// The rows of B are in the order that llama.cpp gives the weight's rows.
/// Source: `convert_lora_to_gguf.py` and `llama-adapter.cpp` of llama.cpp.
struct GGUFAdapter {
  var config: AdapterConfig
  var tensors: [any TensorSource] = []
  /// What must be known before the adapter can be merged, where the base was not named.
  var reservation: GraftError?

  init(_ path: String, base: ModelConfig?) throws(GraftError) {
    let gguf = try GGUFFile(path)
    guard try gguf.optionalString("general.type") == "adapter" else { throw .ggufIsModel(path) }
    let type = try gguf.optionalString("adapter.type") ?? "lora"
    guard type == "lora" else { throw .ggufAdapterType(type, file: path) }
    guard gguf.metadata["adapter.alora.invocation_tokens"] == nil else {
      throw .ggufActivated(path)
    }
    let name = try gguf.string("general.architecture")
    guard let family = GGUFFamily.adapters.first(where: { $0.name == name }) else {
      throw .ggufFamily(name, file: path)
    }
    if let type = base?.modelType, !family.modelTypes.contains(type) {
      throw .ggufOtherBase(name, base: type, file: path)
    }
    let alpha = try gguf.optionalDouble("adapter.lora.alpha") ?? 0
    var ranks: [String: Int] = [:]
    var whole: [String] = []
    for tensor in gguf.tensors {
      let head: Int?
      if family.headCountKey(of: Self.weight(tensor.name)) == nil {
        head = nil
      } else if let base {
        head = try base.headDimension
      } else {
        head = nil
        reservation = .ggufBaseNeeded(path)
      }
      try gguf.requireReadable(tensor)
      let source = GGUFSource(gguf: gguf, tensor: tensor, pairedRows: nil)
      guard let target = family.name(of: Self.weight(tensor.name)) else {
        throw .ggufTensor(tensor.name, file: path)
      }
      let module = String(target.dropLast(".weight".count))
      let isEmbedding = tensor.name.hasPrefix("token_embd.")
      let prefix = AdapterWriter.prefix + module
      let isMatrix = tensor.shape.count == 2
      switch tensor.name.suffix(7) {
      case ".lora_a" where isMatrix && isEmbedding:
        tensors.append(TransposedSource(source, as: prefix + ".lora_embedding_A"))
      case ".lora_b" where isMatrix && isEmbedding:
        ranks[module] = tensor.spec.shape[1]
        tensors.append(RenamedSource(source, as: prefix + ".lora_embedding_B"))
      case ".lora_a" where isMatrix:
        tensors.append(RenamedSource(source, as: prefix + ".lora_A.weight"))
      case ".lora_b" where isMatrix:
        ranks[module] = tensor.spec.shape[1]
        if let head, tensor.shape[0] % head != 0 {
          throw .ggufHeads(tensor.spec, head: head, file: path)
        }
        let rows = GGUFSource(gguf: gguf, tensor: tensor, pairedRows: head)
        tensors.append(RenamedSource(rows, as: prefix + ".lora_B.weight"))
      case ".weight" where tensor.shape.count == 1:
        whole.append(module)
        tensors.append(RenamedSource(source, as: prefix + ".weight"))
      default: throw .ggufTensor(tensor.name, file: path)
      }
    }
    guard !tensors.isEmpty else { throw .adapterEmpty(path) }
    guard alpha.isFinite else { throw .ggufAlpha(alpha, file: path) }
    config = try Self.config(ranks, whole, alpha: alpha, file: path)
  }

  /// The weight that a factor belongs to: the name without `.lora_a` or `.lora_b`.
  private static func weight(_ name: String) -> String {
    name.hasSuffix(".lora_a") || name.hasSuffix(".lora_b")
      ? String(name.dropLast(".lora_a".count)) : name
  }

  private static func config(
    _ ranks: [String: Int], _ whole: [String], alpha: Double, file: String
  ) throws(GraftError) -> AdapterConfig {
    let largest = max(1, ranks.values.max() ?? 1)
    var config = AdapterConfig(
      rank: largest, alpha: alpha == 0 ? Double(largest) : alpha,
      targetModules: ranks.keys.sorted(), modulesToSave: whole.sorted())
    for (module, rank) in ranks.sorted(by: { $0.key < $1.key }) where rank != largest {
      config.rankPattern.append(AdapterConfig.PatternValue(module, rank))
      if alpha == 0 {
        config.alphaPattern.append(AdapterConfig.PatternValue(module, Double(rank)))
      }
    }
    return try AdapterConfig(config.written, file: file)
  }
}
