import Adapters
import Checkpoint
import Diagnostics
import Heads
import StrictJSON
import TensorCore

extension Inspection {
  /// Lines for people: what is wrong first, then what it is.
  var text: [String] {
    let header = [Style.bold(directory)]
    let problems = findings.map { "  " + $0.text }
    let facts: [(String, String)] =
      switch content {
      case .model(let report): report.facts
      case .adapter(let report): report.facts
      case .unreadable: []
      }
    return header + problems + table(facts.map { [$0.0, $0.1] })
  }
}

extension ModelReport {
  fileprivate var store: TensorStore { directory.store }

  fileprivate var facts: [(String, String)] {
    var out = [("kind", kind), ("architecture", architectureText)]
    out.append(
      (
        "parameters",
        "\(grouped(parameterCount)) in \(counted(store.names.count, "tensor")), \(byteText(byteCount))"
      ))
    out.append(("types", typeText))
    let shards = store.files.count
    out.append(("weight files", shards == 1 ? "1" : "\(shards) shards"))
    if let tied = try? directory.config.tiesEmbeddings {
      out.append(
        ("output matrix", tied ? "tied to the input embedding" : "not tied to the input embedding"))
    }
    for head in heads.heads {
      let bias = head.bias == nil ? "" : ", with a bias"
      out.append(("head", "\(head.weight.spec)\(bias) (\(head.kind.writer))"))
    }
    if let tokenizer {
      let rows = embeddingRows.map { ", for an embedding of \(grouped($0)) rows" } ?? ""
      out.append(("tokenizer", "\(grouped(tokenizer.tokenCount)) tokens\(rows)"))
      out.append(("chat template", tokenizer.hasChatTemplate ? "yes" : "none"))
    } else {
      out.append(("tokenizer", "none"))
    }
    if let made = provenanceText { out.append(("made by", made)) }
    return out
  }

  private var architectureText: String {
    let config = directory.config
    let names = config.architectures.joined(separator: ", ")
    var text = "\(config.modelType ?? "unknown")\(names.isEmpty ? "" : " (\(names))")"
    if let layers = try? config.layerCount, let hidden = try? config.hiddenSize {
      text += ", \(layers) layers of width \(hidden)"
    }
    if let heads = try? config.headCount, let pairs = try? config.keyValueHeadCount {
      text += ", \(heads) heads" + (pairs == heads ? "" : " on \(pairs) key-value heads")
    }
    return text
  }

  private var typeText: String {
    guard types.count > 1 else { return types.first?.dtype.rawValue ?? "none" }
    return types.map { "\($0.dtype.rawValue) (\(grouped($0.elements)) elements)" }
      .joined(separator: ", ")
  }

  private var provenanceText: String? {
    guard let provenance, let command = provenance["command"]?.string else { return nil }
    let version = provenance["tool_version"]?.string.map { " \($0)" } ?? ""
    let time = provenance["created"]?.string.map { ", \($0)" } ?? ""
    let inputs = (provenance["inputs"]?.array ?? []).compactMap { $0["path"]?.string }
    let from = inputs.isEmpty ? "" : ", from \(inputs.joined(separator: " and "))"
    return "graft \(command)\(version)\(time)\(from)"
  }
}

extension AdapterReport {
  fileprivate var facts: [(String, String)] {
    let config = adapter.config
    let task = config.taskType.map { " for \($0)" } ?? ""
    let variant = config.usesRankStabilizedScale ? " (rsLoRA)" : ""
    var out = [("kind", "adapter, \(config.peftType)\(variant)\(task)")]
    if let base = config.baseModel { out.append(("base", base)) }
    if config.peftType.uppercased() == "LORA" {
      let rank = ranks.isEmpty ? "\(config.rank)" : ranks.map(String.init).joined(separator: ", ")
      let scale = scales.map { fixed($0, 4) }.joined(separator: ", ")
      out.append(("rank", rank))
      out.append(("scale", "\(scale) (alpha \(fixed(config.alpha, 2)))"))
      out.append(("targets", "\(counted(pairCount, "module")): \(config.targetModules.text)"))
      if !config.modulesToSave.isEmpty {
        out.append(("saved whole", config.modulesToSave.joined(separator: ", ")))
      }
    }
    out.append(
      (
        "parameters",
        "\(grouped(parameterCount)) in \(counted(adapter.store.names.count, "tensor")), "
          + types.map(\.rawValue).joined(separator: ", ")
      ))
    for head in heads {
      out.append(("head", "\(head.weight.spec) (\(head.kind.writer))"))
    }
    if heads.isEmpty { out.append(("head", "none")) }
    return out
  }
}

extension ModuleSelection {
  var text: String {
    switch self {
    case .names(let names):
      names.count > 12 ? "named one by one" : names.sorted().joined(separator: ", ")
    case .pattern(let pattern): "matching \(pattern)"
    case .allLinear: "all linear layers"
    }
  }
}

extension Fit {
  /// Lines for people.
  var text: [String] {
    let title = Style.bold("\(adapter) on \(base)")
    if problems.isEmpty {
      let whole =
        plan.replacements.isEmpty
        ? "" : ", and \(plan.replacements.keys.sorted().joined(separator: ", ")) taken whole"
      return [
        title,
        "  \(Style.good("fits:")) \(counted(plan.changes.count, "weight")) to update\(whole)",
      ] + findings.filter { $0.detail.code == .vocabularyMismatch }.map { "  " + $0.text }
    }
    return [title] + problems.map { "  " + $0.text }
  }
}
