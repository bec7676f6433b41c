import Adapters
import Checkpoint
import Diagnostics
import Heads
import StrictJSON
import TensorCore

extension Inspection {
  /// The facts for programs.
  var json: JSONValue {
    var out = JSONObject()
    out["path"] = .string(directory)
    out["ok"] = .bool(exitCode == 0)
    out["findings"] = .array(findings.map(\.json))
    switch content {
    case .model(let report): report.describe(into: &out)
    case .adapter(let report): report.describe(into: &out)
    case .unreadable: out["kind"] = "unreadable"
    }
    return .object(out)
  }
}

extension ModelReport {
  fileprivate func describe(into out: inout JSONObject) {
    let config = directory.config
    out["kind"] =
      switch role {
      case .backbone: "backbone"
      case .causal: "causal"
      case .sequenceClassifier(1): "reward"
      case .sequenceClassifier: "classifier"
      case .tokenClassifier: "token-classifier"
      }
    out["description"] = .string(kind)
    out["model_type"] = config.modelType.map { .string($0) } ?? .null
    out["architectures"] = .array(config.architectures.map { .string($0) })
    out["parameters"] = JSONValue(parameterCount)
    out["tensors"] = JSONValue(directory.store.names.count)
    out["bytes"] = JSONValue(byteCount)
    var dtypes = JSONObject()
    for type in types { dtypes[type.dtype.rawValue] = JSONValue(type.elements) }
    out["dtypes"] = .object(dtypes)
    out["files"] = .array(directory.store.files.map { .string($0) })
    out["tied"] = (try? config.tiesEmbeddings).map { .bool($0) } ?? .null
    out["heads"] = .array(heads.heads.map(\.json))
    out["vocabulary"] = embeddingRows.map { JSONValue($0) } ?? .null
    out["tokenizer_tokens"] = tokenizer.map { JSONValue($0.tokenCount) } ?? .null
    out["chat_template"] = .bool(tokenizer?.hasChatTemplate ?? false)
    out["made_by"] = provenance?["command"] ?? .null
  }
}

extension AdapterReport {
  fileprivate func describe(into out: inout JSONObject) {
    let config = adapter.config
    out["kind"] = "adapter"
    out["peft_type"] = .string(config.peftType)
    out["task_type"] = config.taskType.map { .string($0) } ?? .null
    out["base_model"] = config.baseModel.map { .string($0) } ?? .null
    out["rslora"] = .bool(config.usesRankStabilizedScale)
    out["ranks"] = .array(ranks.map { JSONValue($0) })
    out["scales"] = .array(scales.map { JSONValue($0) })
    out["pairs"] = JSONValue(pairCount)
    out["target_modules"] = config.written["target_modules"] ?? .null
    out["modules_to_save"] = .array(config.modulesToSave.map { .string($0) })
    out["parameters"] = JSONValue(parameterCount)
    out["tensors"] = JSONValue(adapter.store.names.count)
    out["dtypes"] = .array(types.map { .string($0.rawValue) })
    out["heads"] = .array(heads.map(\.json))
  }
}

extension Head {
  fileprivate var json: JSONValue {
    [
      "tensor": .string(weight.spec.name), "file": .string(weight.file),
      "labels": JSONValue(labelCount), "hidden": JSONValue(hiddenSize), "bias": .bool(bias != nil),
      "standard": .bool(kind.isStandard),
    ]
  }
}

extension Fit {
  /// The verdict for programs.
  var json: JSONValue {
    [
      "base": .string(base), "adapter": .string(adapter), "fits": .bool(problems.isEmpty),
      "updated": JSONValue(plan.changes.count),
      "replaced": .array(plan.replacements.keys.sorted().map { .string($0) }),
      "findings": .array(findings.map(\.json)),
    ]
  }
}
