import Adapters
import Checkpoint
import Diagnostics
import Heads
import StrictJSON
import TensorCore

// The members are those of Documentation/inspect.schema.json; a change there is a new
// schema_version.

extension Inspection {
  /// The facts for programs.
  var json: JSONValue {
    var out = JSONObject()
    out["path"] = .string(directory)
    out["ok"] = .bool(exitCode == 0)
    switch content {
    case .model(let report): report.describe(into: &out)
    case .adapter(let report): report.describe(into: &out)
    case .file(let report): report.describe(into: &out)
    case .unreadable: out["kind"] = "unreadable"
    }
    out["findings"] = .array(findings.map(\.json))
    return .object(out)
  }
}

extension ModelReport {
  fileprivate func describe(into out: inout JSONObject) {
    let config = directory.config
    out["kind"] = .string(role.name)
    out["description"] = .string(kind)
    out["model_type"] = config.modelType.map { .string($0) } ?? .null
    out["architectures"] = .array(config.architectures.map { .string($0) })
    out["parameters"] = JSONValue(parameterCount)
    out["tensors"] = JSONValue(directory.store.names.count)
    out["bytes"] = JSONValue(byteCount)
    out["dtypes"] = counts(types.map { ($0.dtype.rawValue, $0.elements) })
    out["files"] = .array(directory.store.files.map { .string($0) })
    out["tied"] = (try? config.tiesEmbeddings).map { .bool($0) } ?? .null
    out["heads"] = .array(zip(heads.heads, statistics).map { $0.json($1) })
    out["head_declaration"] = (try? config.headDeclaration)?.json ?? .null
    out["normalization"] =
      (try? RewardNormalization(config)).flatMap { $0 }?.json ?? .null
    out["vocabulary"] = embeddingRows.map { JSONValue($0) } ?? .null
    out["tokenizer_tokens"] = tokenizer.map { JSONValue($0.tokenCount) } ?? .null
    out["chat_template"] = .bool(tokenizer?.hasChatTemplate ?? false)
    out["chat_format"] = (tokenizer?.chatFormat).map { .string($0) } ?? .null
    out["provenance"] = provenanceJSON
  }

  private var provenanceJSON: JSONValue {
    guard let provenance else { return .null }
    return [
      "command": provenance["command"] ?? .null,
      "tool_version": provenance["tool_version"] ?? .null,
      "created": provenance["created"] ?? .null,
      "inputs": .array((provenance["inputs"]?.array ?? []).compactMap { $0["path"] }),
    ]
  }
}

extension AdapterReport {
  fileprivate func describe(into out: inout JSONObject) {
    let config = adapter.config
    out["kind"] = "adapter"
    out["description"] = .string(kind)
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
    out["heads"] = .array(zip(heads, statistics).map { $0.json($1) })
  }
}

extension FileReport {
  fileprivate func describe(into out: inout JSONObject) {
    out["kind"] = "file"
    out["description"] = .string(description)
    out["format"] = .string(format)
    out["parameters"] = JSONValue(parameterCount)
    out["tensors"] = JSONValue(tensorCount)
    out["bytes"] = JSONValue(byteCount)
    out["dtypes"] = counts(types.map { ($0.name, $0.elements) })
    out["heads"] = .array(zip(heads, statistics).map { $0.json($1) })
    var members = JSONObject()
    for (key, value) in metadata { members[key] = .string(value) }
    out["metadata"] = .object(members)
  }
}

private func counts(_ entries: [(name: String, count: Int)]) -> JSONValue {
  var out = JSONObject()
  for (name, count) in entries { out[name] = JSONValue(count) }
  return .object(out)
}

extension ModelRole {
  /// The name for programs.
  var name: String {
    switch self {
    case .backbone: "backbone"
    case .causal: "causal"
    case .sequenceClassifier(1): "reward"
    case .sequenceClassifier: "classifier"
    case .tokenClassifier: "token-classifier"
    }
  }
}

extension Fit {
  /// The verdict for programs.
  var json: JSONValue {
    [
      "base": .string(base), "adapter": .string(adapter), "fits": .bool(problems.isEmpty),
      "result": role.map { .string($0.name) } ?? .null,
      "merged_already": .bool(isMergedAlready),
      "updated": JSONValue(changed.count),
      "replaced": .array(replaced.map { .string($0) }),
      "touched_parameters": JSONValue(changedParameterCount),
      "parameters": JSONValue(parameterCount),
      "findings": .array(findings.map(\.json)),
    ]
  }
}
