import FileIO
import Glibc

/// The real SmolLM2-135M-Instruct, where Scripts/get-demo-model has put it; or the GGUF file that
/// GRAFT_SMOLLM2_GGUF names.
public enum SmolLM2 {
  /// The GGUF file, or nil.
  public static let path: String? = {
    func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    let cache = variable("XDG_CACHE_HOME") ?? "\(variable("HOME") ?? "")/.cache"
    let file = "graft/smollm2-135m-instruct-q4_1/SmolLM2-135M-Instruct.Q4_1.gguf"
    let path = variable("GRAFT_SMOLLM2_GGUF") ?? "\(cache)/\(file)"
    return fileExists(path) ? path : nil
  }()

  /// SHA-256 of model.safetensors in bfloat16, tensors sorted by name.
  public static let weights = "7ef915c9bf9d94d8d70211970476878352a5b95855c589ae987916d7a455242b"
  /// SHA-256 of tokenizer.json.
  public static let tokenizer = "996e10319fe857d19479053771a8c2f9262ea62586ab3f4477c94500bed19b7f"
}
