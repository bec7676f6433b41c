import Checkpoint
import Diagnostics
import TensorCore

extension PlanBuilder {
  /// Places trained rows of an embedding.
  mutating func placeTokens(_ values: any TensorSource, _ module: String) {
    guard let entry = trainedTokens(of: module) else {
      return problem(
        .notTargeted(values.spec.name, module: module, file: configFile))
    }
    guard let target = land(values.spec.name, module + ".weight", file: values.file),
      let spec = base[target]
    else { return }
    guard spec.shape.count == 2, values.spec.shape == [entry.ids.count, spec.shape[1]] else {
      return problem(
        .tokenRows(values.spec, ids: entry.ids.count, base: spec, file: values.file))
    }
    if let id = entry.ids.first(where: { $0 >= spec.shape[0] }) {
      return problem(.tokenOutOfRange(id, base: spec, file: configFile))
    }
    if let id = Dictionary(entry.ids.map { ($0, 1) }, uniquingKeysWith: +)
      .filter({ $0.value > 1 }).keys.min()
    {
      return problem(.tokenTwice(id, file: configFile))
    }
    add(.rows(RowReplacement(ids: entry.ids, values: values)), to: target)
  }

  /// Each embedding with trained rows has them.
  ///
  /// PEFT stores the rows once where the output matrix is tied to the embedding.
  mutating func expectTokens() {
    let withTokens = modules.filter { $0.value[.tokens] != nil }.map(\.key)
    for entry in adapter.config.trainedTokens {
      let isThere = withTokens.contains { matches(entry, $0) }
      let isOutput = entry.module.map { outputMatrices.contains(lastComponent($0)) } ?? false
      if !isThere, !(isOutput && !withTokens.isEmpty) {
        problem(.tokensMissing(entry.module ?? "the embedding", file: adapter.path))
      }
    }
  }

  private func trainedTokens(of module: String) -> AdapterConfig.TrainedTokens? {
    adapter.config.trainedTokens.first { matches($0, module) }
  }

  private func matches(_ entry: AdapterConfig.TrainedTokens, _ module: String) -> Bool {
    guard let name = entry.module else { return inputEmbeddings.contains(lastComponent(module)) }
    return suffixes(of: module).contains { $0 == name }
      || suffixes(of: name).contains { $0 == module }
  }
}
