import FileIO
import GGUF

/// The programs whose adapter files are read and written.
public enum AdapterDialect: String, Sendable, CaseIterable {
  /// `adapter_config.json` with a `peft_type`, and `adapter_model.safetensors`.
  case peft
  /// `adapter_config.json` with a `fine_tune_type`, and `adapters.safetensors` (mlx-lm,
  /// mlx-swift-lm).
  case mlx
  /// One file, `general.type` "adapter" (llama.cpp).
  case gguf

  /// What the format is called, in words.
  var words: String {
    switch self {
    case .peft: "a PEFT adapter"
    case .mlx: "an MLX adapter"
    case .gguf: "a GGUF adapter"
    }
  }

  /// The dialect of what lies at a path.
  public static func at(_ path: String) -> AdapterDialect {
    if !directoryExists(path) { return GGUFFile.isGGUF(path) ? .gguf : .peft }
    let isMLX =
      fileExists("\(path)/adapters.safetensors") && !fileExists("\(path)/adapter_model.safetensors")
      && !fileExists("\(path)/adapter_model.bin")
    return isMLX ? .mlx : .peft
  }
}
