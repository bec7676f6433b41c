import Checkpoint
import FileIO
import StrictJSON
import TestSupport
import Testing

/// What transformers says about every family: Tests/Fixtures/architectures.json, which
/// Scripts/golden/architectures.py makes and which names the versions.
struct GoldenArchitecture: Sendable, CustomTestStringConvertible {
  let modelType: String
  let role: ModelRole
  let isNested: Bool
  let variant: String
  let className: String
  let config: ModelConfig
  /// Shapes by name as they stand in the file.
  let tensors: [String: [Int]]
  /// Shapes by name of what stands in memory only.
  let memory: [String: [Int]]
  /// The names of `Linear` and `Conv1D` modules; nil where they were not recorded.
  let linear: Set<String>?
  let transposed: Set<String>?

  var testDescription: String { "\(modelType) \(className) \(variant)" }

  init?(_ json: JSONValue, file: String) {
    guard let modelType = json["model_type"]?.string, let name = json["class_name"]?.string,
      let config = json["config"]?.object, let tensors = json["tensors"]?.object
    else { return nil }
    self.modelType = modelType
    className = name
    variant = json["variant"]?.string ?? ""
    let labels = json["labels"]?.int ?? 0
    isNested = json["role"]?.string == "nested"
    switch json["role"]?.string {
    case "causal": role = .causal
    case "backbone": role = .backbone
    case "sequence": role = .sequenceClassifier(labels: labels)
    case "nested": role = .causal
    case "token": role = .tokenClassifier(labels: labels)
    default: return nil
    }
    self.config = ModelConfig(config, file: file)
    func shapes(_ object: JSONObject?) -> [String: [Int]] {
      var out: [String: [Int]] = [:]
      for (name, shape) in object ?? JSONObject() {
        out[name] = shape.array?.compactMap(\.int) ?? []
      }
      return out
    }
    self.tensors = shapes(tensors)
    memory = shapes(json["memory_only"]?.object)
    linear = json["linear"]?.array.map { Set($0.compactMap(\.string)) }
    transposed = json["transposed"]?.array.map { Set($0.compactMap(\.string)) }
  }

  private static let recorded: [GoldenArchitecture] = {
    let file = Fixtures.path("architectures.json")
    let json = try? JSONValue.parse(try readFile(file), file: file)
    return (json?["cases"]?.array ?? []).compactMap { GoldenArchitecture($0, file: file) }
  }()

  /// Language models.
  static let all = recorded.filter { !$0.isNested }
  /// Language models within vision-language models.
  static let nested = recorded.filter(\.isNested)

  /// Writes a directory with these tensors (zeros, or their own values) and config.json.
  func write(to directory: String, values: Bool = false, leavingOut: Set<String> = []) throws {
    try makeDirectories(directory)
    try writeFileAtomically("\(directory)/config.json", JSONValue.object(config.json).text())
    let fixtures = tensors.sorted { $0.key < $1.key }.filter { !leavingOut.contains($0.key) }
      .map { name, shape in
        values
          ? TensorFixture(name, shape)
          : TensorFixture(name, shape, [Float](repeating: 0, count: shape.reduce(1, *)))
      }
    try TensorFixture.write(fixtures, to: "\(directory)/model.safetensors")
  }
}
