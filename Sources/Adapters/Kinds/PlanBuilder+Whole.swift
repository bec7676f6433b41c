import Checkpoint
import Diagnostics
import StrictJSON
import TensorCore

extension PlanBuilder {
  /// Takes a tensor that replaces one of the base's to its place.
  mutating func placeWhole(_ source: any TensorSource, _ key: AdapterKey) {
    let module = key.module
    let (parameter, isUnderneath): (String, Bool) =
      switch key.part {
      case .baseParameter(let name): (name, true)
      case .parameter(let name), .savedParameter(let name): (name, false)
      default: ("", false)
      }
    let name = module + "." + parameter
    guard isExpectedWhole(module, parameter, isUnderneath: isUnderneath) else {
      mean(name)
      return problem(.notSavedWhole(source.spec.name, module: module, file: configFile))
    }
    if parameter == "weight", !isUnderneath, !rules.isSavedWhole(module),
      adapter.config.json["ensure_weight_tying"]?.bool != true
    {
      findings.append(
        Finding(.warning, .undeclaredEmbedding(source.spec.name, file: source.file)))
    }
    let target: String
    if BaseNames.isHead(module), base[name] == nil, !hasBase(name) {
      target = name
      additions.insert(name)
    } else {
      guard let found = land(source.spec.name, name, file: source.file) else { return }
      target = found
    }
    if let spec = base[target], spec.shape != source.spec.shape {
      return problem(.replacementShape(source.spec, base: spec, file: source.file))
    }
    guard let first = replacements[target] else {
      replacements[target] = source
      return
    }
    // A raw state dictionary holds the trained copy under both of its names.
    if (try? haveEqualBytes(first, source)) == true {
      ignored.append(source.spec.name)
    } else {
      problem(.landsTwice(source.spec.name, first.spec.name, file: source.file))
    }
  }

  private func hasBase(_ name: String) -> Bool {
    base.keys.contains { $0.hasSuffix("." + name) }
  }

  /// Whether the configuration explains why the file holds this parameter whole.
  ///
  /// PEFT also saves the embeddings, unasked, where they are targeted or were resized.
  private func isExpectedWhole(
    _ module: String, _ parameter: String, isUnderneath: Bool
  ) -> Bool {
    if rules.isSavedWhole(module) { return true }
    if parameter == "bias" {
      switch adapter.config.bias {
      case .none: break
      case .all: return true
      case .loraOnly: return rules.isTarget(module)
      }
    }
    guard parameter == "weight" else { return false }
    if isUnderneath { return rules.isTarget(module) }
    let last = lastComponent(module)
    return inputEmbeddings.contains(last) || outputMatrices.contains(last)
  }
}
