public import Diagnostics
import TensorCore

/// A model whose every tensor has an origin.
public struct ResolvedModel: Sendable {
  /// One tensor: what is expected, and where it is.
  public struct Entry: Sendable {
    /// Name, shape and kind.
    public var expected: ExpectedTensor
    /// The bytes.
    public var source: any TensorSource
  }

  /// The tensors in the order of the files, so that reading them all is one sweep; what is supplied
  /// stands where it replaces, or last.
  public var tensors: [Entry]
  /// The checked account.
  public var ledger: Ledger
  /// What could not be checked.
  public var findings: [Finding] = []
}

extension ModelDirectory {
  /// Gives every tensor that `role` needs its origin, and every tensor of the checkpoint its fate.
  ///
  /// Names are the family's for that role; a checkpoint of the bare backbone (names without the
  /// prefix) serves every role. Experts are expected in the layout that the files have. A
  /// language-model head is left out of a classifier, and an output matrix that equals the tied
  /// embedding is left out of a tied model; both are recorded. Of a family without a table, every
  /// tensor is taken as it is, which a finding and the account say.
  ///
  /// - Parameters:
  ///   - role: what the model is to be used as.
  ///   - supplied: tensors from elsewhere under the role's names, such as a head. They take the
  ///     place of the checkpoint's own.
  ///   - others: tensors of the checkpoint that somebody else answers for, such as heads of other
  ///     names; they are left out.
  ///   - how: the words for a supplied tensor's origin.
  /// - Throws: ``GraftError`` if a tensor is missing, has another shape, or has no place.
  public func resolve(
    as role: ModelRole, supplying supplied: [any TensorSource] = [],
    leavingOut others: [any TensorSource] = [], how: String = "supplied"
  ) throws(GraftError) -> ResolvedModel {
    let left = Set(others.map { Ledger.Reference($0) })
    var expectation = try expectation(role, supplied)
    if architecture == nil || names.isNested {
      let names = Set(others.map(\.spec.name))
      expectation.tensors.removeAll { names.contains($0.name) && store[$0.name] != nil }
    }
    var ledger = Ledger(expecting: expectation.tensors)
    for finding in expectation.findings { ledger.note(unchecked: finding.detail.message) }
    for source in store.inFileOrder { ledger.read(source) }
    let places = Dictionary(
      store.inFileOrder.enumerated().map { ($1.spec.name, $0) }, uniquingKeysWith: { a, _ in a })
    var placed: [(place: Int, entry: ResolvedModel.Entry)] = []
    for tensor in expectation.tensors {
      let replacement = supplied.first { $0.spec.name == tensor.name }
      let own = stored(tensor.name)
      if tensor.kind == .output, tensor.isOptional, let own {
        try dropTiedCopy(own, from: &ledger)
        continue
      }
      guard let source = replacement ?? own else { continue }
      guard source.spec.shape == tensor.shape else {
        if [.embedding, .output].contains(tensor.kind),
          source.spec.shape.dropFirst() == tensor.shape.dropFirst()
        {
          throw .vocabularyMismatch(
            source.spec, expected: tensor.shape, sizes: try VocabularySizes(self),
            file: source.file)
        }
        throw .shapeMismatch(
          source.spec.name, found: source.spec.shape, expected: tensor.shape,
          because: "config.json", file: source.file)
      }
      try ledger.assign(
        tensor.name,
        from: .tensor(Ledger.Reference(source), how: replacement == nil ? "copied" : how))
      if replacement != nil, let own {
        ledger.settle(Ledger.Reference(own), .dropped(reason: "replaced: \(how)"))
      }
      let place = own.flatMap { places[$0.spec.name] } ?? places.count + placed.count
      placed.append((place, ResolvedModel.Entry(expected: tensor, source: source)))
    }
    placed.sort { $0.place < $1.place }
    for source in store.inFileOrder where ledger.origin(of: source.spec.name) == nil {
      if left.contains(Ledger.Reference(source)) {
        ledger.settle(Ledger.Reference(source), .dropped(reason: "looked at by itself"))
      } else if role.isClassifier, source.spec.name == names.outputName {
        ledger.settle(
          Ledger.Reference(source),
          .dropped(reason: "the classification head takes the place of the output matrix"))
      } else if names.isRecomputedBuffer(source.spec.name) {
        ledger.settle(Ledger.Reference(source), .dropped(reason: "computed again on loading"))
      }
    }
    try ledger.check(place: path)
    return ResolvedModel(
      tensors: placed.map(\.entry), ledger: ledger, findings: expectation.findings)
  }

  /// What the checkpoint must hold, as far as that can be known.
  private func expectation(
    _ role: ModelRole, _ supplied: [any TensorSource]
  ) throws(GraftError) -> (tensors: [ExpectedTensor], findings: [Finding]) {
    guard let architecture else {
      let type = config.modelType ?? "(none)"
      return (
        asTheyAre(role, supplied), [Finding(.warning, .familyUnchecked(type, file: config.file))]
      )
    }
    let own: [ExpectedTensor]
    do {
      own = try architecture.expectedTensors(config, role: role, experts: expertLayout)
    } catch {
      // A vision-language model's text_config holds only what differs from its class's defaults.
      guard names.isNested else { throw error }
      return (
        asTheyAre(role, supplied),
        [Finding(.warning, .nestedUnchecked(error, file: config.file))]
      )
    }
    guard names.isNested else { return (own, []) }
    var expected = own
    for place in expected.indices { expected[place].name = names.onDisk(expected[place].name) }
    let known = Set(expected.map(\.name))
    let others = asTheyAre(role, supplied).filter { tensor in
      !known.contains(tensor.name) && tensor.name != names.outputName
    }
    guard !others.isEmpty else { return (expected, []) }
    let finding = Finding(
      .warning,
      .partsUnchecked(others.map(\.name), family: architecture.modelType, file: config.file))
    return (expected + others, [finding])
  }

  /// Every tensor of the files, and what is supplied beside them.
  private func asTheyAre(
    _ role: ModelRole, _ supplied: [any TensorSource]
  ) -> [ExpectedTensor] {
    let left = supplied.filter { store[$0.spec.name] == nil }
    return (store.inFileOrder + left).compactMap { source in
      let spec = source.spec
      if role.isClassifier, spec.name == names.outputName { return nil }
      let kind: ExpectedTensor.Kind =
        switch spec.name {
        case names.embeddingName: .embedding
        case names.outputName: .output
        default: store[spec.name] == nil ? .head : spec.shape.count == 2 ? .linear : .other
        }
      return ExpectedTensor(name: spec.name, shape: spec.shape, kind: kind)
    }
  }

  private func dropTiedCopy(
    _ output: any TensorSource, from ledger: inout Ledger
  ) throws(GraftError) {
    if let embedding = stored(names.embeddingName), !(try haveEqualBytes(output, embedding)) {
      throw .tiedButDifferent(output.spec.name, config: config.file, file: output.file)
    }
    ledger.settle(
      Ledger.Reference(output), .dropped(reason: "equal to the embedding that it is tied to"))
  }
}
