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
      case .file(let report): report.facts
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
    out += zip(heads.heads, statistics).flatMap { $0.facts($1) }
    if let declaration = try? directory.config.headDeclaration {
      if !declaration.offset.isEmpty {
        let numbers = declaration.offset.map { "\($0)" }.joined(separator: ", ")
        out.append(("offset", "\(numbers), declared and added to every score"))
      }
    }
    if let normalization = (try? RewardNormalization(directory.config)).flatMap({ $0 }) {
      out.append(("normalisation", normalization.text))
    }
    if let tokenizer {
      let rows = embeddingRows.map { ", for an embedding of \(grouped($0)) rows" } ?? ""
      out.append(("tokenizer", "\(grouped(tokenizer.tokenCount)) tokens\(rows)"))
      out.append(("chat template", tokenizer.hasChatTemplate ? "yes" : "none"))
      if let format = tokenizer.chatFormat {
        out.append(("chat format", "\(format), which it was trained with"))
      }
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
    var out = [("kind", "adapter, \(kind)\(task)")]
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
    out += zip(heads, statistics).flatMap { $0.facts($1) }
    if heads.isEmpty { out.append(("head", "none")) }
    return out
  }
}

extension FileReport {
  fileprivate var facts: [(String, String)] {
    var out = [
      ("kind", "\(format) file, \(description)"),
      (
        "parameters",
        "\(grouped(parameterCount)) in \(counted(tensorCount, "tensor")), \(byteText(byteCount))"
      ),
      (
        "types",
        types.map { types.count > 1 ? "\($0.name) (\(grouped($0.elements)) elements)" : $0.name }
          .joined(separator: ", ")
      ),
    ]
    out += zip(heads, statistics).flatMap { $0.facts($1) }
    out += metadata.map { ($0.key, $0.value) }
    return out
  }
}

extension Head {
  /// Lines for people: where it is, and what it looks like.
  fileprivate func facts(_ values: HeadStatistics) -> [(String, String)] {
    let bias = bias == nil ? "" : ", with a bias"
    let layers = isStacked ? ", the last of \(inner.count + 1) layers" : ""
    let file = isBeside ? ", in a file of its own" : ""
    return [
      ("head", "\(weight.spec)\(bias)\(layers)\(file) (\(kind.writer))"),
      ("", "looks \(values.verdict.text)"),
    ]
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
    guard problems.isEmpty else {
      let already =
        isMergedAlready ? ["  \(Style.warning("merged already:")) the base holds this adapter"] : []
      return [title] + already + problems.map { "  " + $0.text }
    }
    let whole = replaced.isEmpty ? "" : ", and \(replaced.joined(separator: ", ")) taken whole"
    var lines = [
      title,
      "  \(Style.good("fits:")) \(counted(changed.count, "weight")) to update\(whole)",
    ]
    if let role {
      let share = 100 * Double(changedParameterCount) / Double(max(1, parameterCount))
      lines.append(
        "  merging makes a \(role.text); it touches \(grouped(changedParameterCount)) of "
          + "\(grouped(parameterCount)) parameters (\(fixed(share, 1)) %)")
    }
    lines += findings.filter { $0.severity != .problem }.map { "  " + $0.text }
    return lines
  }
}
