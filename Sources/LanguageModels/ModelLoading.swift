import Adapters
public import Checkpoint
public import Diagnostics
import FileIO
import Heads
public import TensorCore
import Torch

/// A model that was read from files, with the account of its tensors.
public struct LoadedModel<Model> {
  /// The model.
  public let model: Model
  /// The directory that the base was read from.
  public let directory: ModelDirectory
  /// Every expected tensor's origin and every read tensor's fate, checked.
  public let ledger: Ledger
}

/// Loads a causal language model.
///
/// - Parameters:
///   - path: a model directory.
///   - adapter: a PEFT adapter directory to put on it.
///   - dtype: the type to compute in, f32 or bf16; nil chooses by weights and processor.
/// - Throws: ``GraftError`` where a tensor is missing, misshapen, or has no place.
public func loadCausalModel(
  _ path: String, adapter: String? = nil, dtype: DType? = nil
) throws(GraftError) -> LoadedModel<DecoderModel> {
  let directory = try ModelDirectory(path)
  let plan = try adapterPlan(adapter, directory)
  var resolved = try directory.resolve(
    as: .causal, supplying: plan?.renamedReplacements ?? [], how: "from the adapter")
  let parts = try buildDecoder(resolved, directory, dtype)
  if let plan { try put(plan, on: parts.decoder, &resolved.ledger) }
  return LoadedModel(model: parts.decoder, directory: directory, ledger: resolved.ledger)
}

/// Loads a reward model: a base, perhaps an adapter, and a scalar head.
///
/// The head is the one in `head`, else the adapter's, else the model's own, each also in
/// value_head.safetensors. Where there is none it is an error, unless `newHead` asks for a fresh one.
///
/// - Parameters:
///   - path: a model directory; a causal model serves too, its output matrix is left out.
///   - adapter: a PEFT adapter directory to put on it.
///   - head: a safetensors file, or a model directory, that holds the head.
///   - newHead: the seed to draw a missing head with; see ``RewardModel/freshHead(hiddenSize:seed:)``.
///   - allowsFreshHead: whether the model's own head may be one that was drawn and never trained.
///   - dtype: the type to compute in, f32 or bf16; nil chooses by weights and processor.
/// - Throws: ``GraftError`` where a tensor is missing, misshapen, or has no place.
public func loadRewardModel(
  _ path: String, adapter: String? = nil, head: String? = nil, newHead: UInt64? = nil,
  allowsFreshHead: Bool = false, dtype: DType? = nil
) throws(GraftError) -> LoadedModel<RewardModel> {
  let directory = try ModelDirectory(path)
  let plan = try adapterPlan(adapter, directory)
  var supplied = plan?.renamedReplacements ?? []
  let chosen = try chooseHead(
    directory, plan, head: head, newHead: newHead, allowsFreshHead: allowsFreshHead)
  if let source = chosen.source {
    supplied.removeAll { $0.spec.name == ChosenHead.name }
    supplied.append(source)
  }
  var resolved = try directory.resolve(
    as: .sequenceClassifier(labels: 1), supplying: supplied, how: chosen.how)
  let parts = try buildDecoder(resolved, directory, dtype)
  guard let matrix = parts.head else { throw .parameterMissing(ChosenHead.name) }
  let model = try RewardModel(decoder: parts.decoder, head: matrix)
  model.adjustment = chosen.adjustment
  if let normalization = try RewardNormalization(directory.config), normalization.isActive {
    model.adjustment.mean = normalization.mean
    model.adjustment.deviation = normalization.deviation
  }
  if let plan { try put(plan, on: parts.decoder, &resolved.ledger) }
  return LoadedModel(model: model, directory: directory, ledger: resolved.ledger)
}

private func chooseHead(
  _ directory: ModelDirectory, _ plan: AdapterPlan?, head: String?, newHead: UInt64?,
  allowsFreshHead: Bool
) throws(GraftError) -> ChosenHead {
  if let head { return try ChosenHead(in: head) }
  if let plan, let brought = try ChosenHead(plan) { return brought }
  let search = try HeadSearch(directory)
  if search.heads.isEmpty, let newHead {
    return try ChosenHead(drawnWith: newHead, hidden: try directory.config.hiddenSize)
  }
  return try ChosenHead(search, directory.config, allowsFresh: allowsFreshHead)
}

private func adapterPlan(
  _ path: String?, _ directory: ModelDirectory
) throws(GraftError) -> AdapterPlan? {
  guard let path else { return nil }
  let plan = AdapterPlan(try Adapter(path), base: directory.store.inFileOrder.map(\.spec))
  try plan.check()
  return plan
}

/// Reads the tensors and builds the decoder; the head, where there is one, is set apart.
private func buildDecoder(
  _ resolved: ResolvedModel, _ directory: ModelDirectory, _ dtype: DType?
) throws(GraftError) -> (decoder: DecoderModel, head: Tensor?) {
  let config = directory.config
  guard config.modelType == Architecture.llama.modelType else {
    throw .familyNotBuilt(config.modelType ?? "(none)", file: config.file)
  }
  let type = dtype ?? automaticType(config)
  guard type == .f32 || type == .bf16 else { throw .computingType(type) }
  var parameters: [String: Tensor] = [:]
  for entry in resolved.tensors {
    let kept: DType = entry.expected.kind == .head ? .f32 : type
    parameters[entry.expected.name] = try .load(entry.source, as: kept)
  }
  let head = parameters.removeValue(forKey: ChosenHead.name)
  let decoder = try DecoderModel(
    config: try DecoderConfig(config), parameters: parameters, dtype: type)
  return (decoder, head)
}

/// Puts an adapter's updates on the decoder and enters its tensors into the account.
private func put(
  _ plan: AdapterPlan, on decoder: DecoderModel, _ ledger: inout Ledger
) throws(GraftError) {
  for source in plan.adapter.store.inFileOrder { ledger.read(source) }
  for (name, source) in plan.replacements {
    ledger.settle(Ledger.Reference(source), .used(in: name))
  }
  let ignored = Set(plan.ignored)
  for source in plan.adapter.store.inFileOrder where ignored.contains(source.spec.name) {
    ledger.settle(Ledger.Reference(source), .dropped(reason: "an untrained copy"))
  }
  let config = plan.adapter.config
  for (target, steps) in plan.changes.sorted(by: { $0.key < $1.key }) {
    guard steps.count == 1, let delta = steps.first?.plainDelta else {
      throw .changeNotLive(target, steps.map(\.how), file: plan.adapter.path)
    }
    try decoder.install(delta, dropout: config.dropout)
    ledger.settle(Ledger.Reference(delta.a), .used(in: delta.target))
    ledger.settle(Ledger.Reference(delta.b), .used(in: delta.target))
  }
  try ledger.check(place: plan.adapter.path)
  var modules: [String] = []
  for linear in decoder.linears where linear.update != nil {
    if !modules.contains(linear.lastName) { modules.append(linear.lastName) }
  }
  decoder.didAdapt(
    LoRASettings(
      rank: config.rank, alpha: config.alpha, dropout: config.dropout,
      usesRSLoRA: config.usesRankStabilizedScale, targetModules: modules))
}

extension AdapterPlan {
  /// The replacements under the base's names.
  fileprivate var renamedReplacements: [any TensorSource] {
    replacements.map { RenamedSource(base: $0.value, name: $0.key) }
  }
}
