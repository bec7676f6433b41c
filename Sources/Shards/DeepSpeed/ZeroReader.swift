import Checkpoint
import Diagnostics
import FileIO
import TensorCore
import TorchArchive

/// Puts the files of one DeepSpeed step together: stages 0 to 3, BF16_Optimizer, and universal
/// checkpoints.
///
/// Source: DeepSpeed 0.19 `zero_to_fp32.py`, and the optimisers' `state_dict`.
struct ZeroReader {
  let layout: ShardedLayout
  let weights: ShardedCheckpoint.Weights
  let files: ZeroFiles
  let models: [ZeroModelStates]
  let optimizers: [ZeroOptimizerStates]
  /// What the first rank's file says of the whole.
  let model: ZeroModelStates
  private(set) var findings: [Finding] = []

  /// Reads the headers of all files, and checks that they are of one run and one step.
  ///
  /// - Parameter files: those of the only model-parallel rank, or of one.
  init(
    _ layout: ShardedLayout, _ weights: ShardedCheckpoint.Weights, _ files: ZeroFiles
  ) throws(GraftError) {
    self.layout = layout
    self.weights = weights
    self.files = files
    var models: [ZeroModelStates] = []
    for entry in files.models { models.append(try ZeroModelStates(entry)) }
    var optimizers: [ZeroOptimizerStates] = []
    // What remains of them in a universal checkpoint is no part of it.
    let shards = layout.kind == .universal ? [] : files.optimizers
    for entry in shards { optimizers.append(try ZeroOptimizerStates(entry)) }
    guard let model = models.first else { throw .modelStatesMissing(layout.directory) }
    self.models = models
    self.optimizers = optimizers
    self.model = model
    findings = try agreement()
  }

  /// The stage; 0 where the optimiser divides nothing.
  var stage: Int {
    guard let optimizer = optimizers.first else { return 0 }
    return optimizer.stage ?? 1
  }

  private var format: String {
    if layout.kind == .universal { return "DeepSpeed universal" }
    guard let optimizer = optimizers.first else { return "DeepSpeed ZeRO-0" }
    return optimizer.stage.map { "DeepSpeed ZeRO-\($0)" } ?? "DeepSpeed BF16_Optimizer"
  }

  /// The parameters and the accounts, checked.
  func checkpoint() throws(GraftError) -> ShardedCheckpoint {
    var build = ZeroBuild()
    if layout.kind == .universal, weights == .master {
      try addUniversal(to: &build)
      if model.hasShares { try addFragments(to: &build) } else { try addWholeFrozen(to: &build) }
    } else if optimizers.isEmpty || weights == .module {
      guard stage < 3, !model.hasShares else { throw .moduleWeightsDivided(model.path) }
      try addModule(to: &build)
    } else if stage == 3 {
      try addInterleaved(to: &build)
      try addFragments(to: &build)
    } else {
      try addConcatenated(to: &build)
      try addWholeFrozen(to: &build)
    }
    try addExperts(to: &build)
    try addRest(to: &build)
    var checkpoint = ShardedCheckpoint(
      layout: layout, format: format, parameters: build.parameters, accounts: build.accounts,
      files: models.map(\.path) + build.files + files.experts.map(\.path))
    checkpoint.step = model.step
    checkpoint.worldSize = optimizers.isEmpty ? model.worldSize : optimizers.count
    checkpoint.absent = build.absent
    checkpoint.findings = findings + build.findings
    try checkpoint.check()
    return checkpoint
  }

  // MARK: - What needs no arithmetic

  /// Every tensor of the module, in the type that it was trained in.
  private func addModule(to build: inout ZeroBuild) throws(GraftError) {
    let trained = Set(model.shapes.joined().map(\.name))
    let frozen = Set((model.frozen ?? []).map(\.name))
    let aliases = Set(model.shared.map(\.alias))
    for (name, tensor) in model.module {
      var role = ShardedCheckpoint.Role.unknown
      if !trained.isEmpty { role = trained.contains(name) ? .trained : .frozen }
      if frozen.contains(name) { role = .frozen }
      if model.buffers.contains(name) { role = .buffer }
      if aliases.contains(name) { role = .shared }
      build.add(try model.source(tensor, name), role)
    }
    if optimizers.isEmpty, weights == .master {
      build.findings.append(.note(.noMaster(model.path)))
    }
    for parameter in model.shapes.joined() + (model.frozen ?? [])
    where !build.names.contains(parameter.name) {
      build.absent.append(parameter, model.path)
    }
  }

  /// The parameters that the optimiser does not see, of stages 1 and 2: whole in the first rank's
  /// file.
  private func addWholeFrozen(to build: inout ZeroBuild) throws(GraftError) {
    for parameter in model.frozen ?? [] {
      guard let tensor = model.fragments[parameter.name] else {
        throw .fragmentMissing(parameter.name, file: model.path)
      }
      guard tensor.shape == parameter.shape else {
        throw .shapesDisagree(
          parameter.name, tensor.shape, parameter.shape, file: model.path, other: model.path)
      }
      build.add(try model.source(tensor, parameter.name), .frozen)
    }
  }

  /// Buffers, second names, and what only the module's state holds.
  private func addRest(to build: inout ZeroBuild) throws(GraftError) {
    let aliases = Set(model.shared.map(\.alias))
    for (name, tensor) in model.module where !build.names.contains(name) && !aliases.contains(name)
    {
      let source = try model.source(tensor, name)
      if model.buffers.contains(name) {
        build.add(source, .buffer)
      } else if source.spec.elementCount > 0 || stage < 3 && !model.hasShares {
        build.add(source, .frozen)
      } else {
        throw .fragmentMissing(name, file: model.path)
      }
    }
    for (alias, original) in model.shared where !build.names.contains(alias) {
      guard let source = build.source(original) else {
        build.absent.append(.init(name: original, shape: nil, file: model.path))
        continue
      }
      build.add(RenamedSource(source, as: alias), .shared)
    }
    if !model.others.isEmpty {
      build.findings.append(.note(.notTensors(model.others, file: model.path)))
    }
  }
}

/// What is being put together.
struct ZeroBuild {
  private(set) var parameters: [ShardedCheckpoint.Parameter] = []
  private(set) var names: Set<String> = []
  private var places: [String: Int] = [:]
  var accounts: [ShardAccount] = []
  var absent: [ShardedCheckpoint.Absent] = []
  var findings: [Finding] = []
  /// The files that were read beside the models'.
  var files: [String] = []

  mutating func add(_ source: any TensorSource, _ role: ShardedCheckpoint.Role) {
    places[source.spec.name] = parameters.count
    names.insert(source.spec.name)
    parameters.append(ShardedCheckpoint.Parameter(source, role))
  }

  func source(_ name: String) -> (any TensorSource)? {
    places[name].map { parameters[$0].source }
  }
}

extension [ShardedCheckpoint.Absent] {
  fileprivate mutating func append(_ parameter: ZeroParameter, _ file: String) {
    append(ShardedCheckpoint.Absent(name: parameter.name, shape: parameter.shape, file: file))
  }
}

extension Finding {
  static func note(_ detail: GraftError) -> Finding { Finding(.note, detail) }
  static func warning(_ detail: GraftError) -> Finding { Finding(.warning, detail) }
}
