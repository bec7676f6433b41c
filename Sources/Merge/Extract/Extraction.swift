import Adapters
public import Checkpoint
public import Diagnostics
import FileIO
import LinearAlgebra
import StrictJSON
public import TensorCore

/// An adapter made from two checkpoints: the difference of every linear layer's weight as the
/// product of two thin matrices, and everything else that differs either whole or named as left
/// out.
///
/// Source: Eckart and Young, "The approximation of one matrix by another of lower rank", 1936.
public struct Extraction: Sendable {
  /// How large the factors become.
  public enum Size: Sendable, Equatable {
    /// This rank for every matrix, or less where one is smaller.
    case rank(Int)
    /// For each matrix the smallest rank whose squared singular values make this share of all.
    case energy(Double)
  }

  /// A weight in both checkpoints.
  struct Pair: Sendable {
    var before: any TensorSource
    var after: any TensorSource
  }

  /// A difference that the adapter does not hold.
  public struct Loss: Sendable, Equatable {
    /// The fine-tuned model's tensor, or the base's where only it has one.
    public var tensor: String
    /// Why.
    public var reason: String

    init(_ tensor: String, _ reason: String) {
      self.tensor = tensor
      self.reason = reason
    }
  }

  /// The base.
  public let base: ModelDirectory
  /// The model that was trained from it.
  public let finetuned: ModelDirectory
  /// Differences that the adapter will not hold.
  public let losses: [Loss]
  let size: Size
  let dtype: DType
  let sort: ExtractionSort

  /// Compares two checkpoints, and settles what the adapter will hold.
  ///
  /// - Parameters:
  ///   - size: the rank, or the energy to keep.
  ///   - dtype: the type of A and B: F32, F16 or BF16.
  ///   - allowsPartial: whether differences may be left out.
  /// - Throws: ``GraftError`` if the checkpoints are equal, or differ where an adapter cannot.
  public init(
    base: ModelDirectory, finetuned: ModelDirectory, size: Size, dtype: DType = .f32,
    allowsPartial: Bool = false
  ) throws(GraftError) {
    switch size {
    case .rank(let rank) where rank < 1:
      throw .invalidRank("a rank is at least 1, not \(rank)")
    case .energy(let share) where !(share > 0 && share <= 1):
      throw .invalidRank("an energy is above 0 and at most 1, not \(share)")
    default: break
    }
    self.base = base
    self.finetuned = finetuned
    self.size = size
    self.dtype = dtype
    sort = try ExtractionSort(base: base, finetuned: finetuned)
    losses = sort.losses
    guard !sort.matrices.isEmpty || !sort.whole.isEmpty || !losses.isEmpty else {
      throw .nothingToExtract(finetuned.path, base: base.path)
    }
    if !losses.isEmpty, !allowsPartial { throw .notCaptured(losses, directory: finetuned.path) }
    guard !sort.matrices.isEmpty else {
      throw .notCaptured(
        losses + [Loss("(linear layers)", "no weight of a linear layer differs")],
        directory: finetuned.path)
    }
  }

  /// The matrices that will be factorised, and the tensors that will be saved whole.
  public var plan: [(tensor: TensorSpec, isWhole: Bool)] {
    sort.matrices.map { ($0.after.spec, false) } + sort.whole.map { ($0.spec, true) }
  }

  /// How well one matrix is kept.
  public struct Kept: Sendable {
    /// The fine-tuned model's tensor.
    public var tensor: TensorSpec
    /// The rank of its factors.
    public var rank: Int
    /// The sum of the squares of the difference.
    public var norm: Double
    /// The sum of the squares of what base plus factors still differ by, after the factors were
    /// rounded to their type.
    public var residual: Double
    /// The largest element of that difference.
    public var largest: Double
    /// The share of the energy that is kept.
    public var energy: Double { norm > 0 ? 1 - residual / norm : 1 }
  }

  /// What was written.
  public struct Result: Sendable {
    /// The directory.
    public var directory: String
    /// Each matrix, in the base's order.
    public var matrices: [Kept]
    /// Tensors that are in the adapter whole.
    public var whole: [String]
    /// Differences that were left out.
    public var losses: [Loss]
    /// The share of the energy of all matrices that is kept.
    public var energy: Double
  }

  /// Factorises and writes a PEFT adapter directory.
  ///
  /// Memory: the adapter, and one matrix in float64 with what LAPACK needs beside it.
  ///
  /// - Parameter progress: called with the matrices done and in all.
  public func write(
    to path: String, replacing: Bool = false, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(GraftError) -> Result {
    let algebra = try LinearAlgebra.load()
    let output = try OutputDirectory(
      path, replacing: replacing, inputs: [base.path, finetuned.path])
    var kept: [Kept] = []
    var ranks: [String: Int] = [:]
    var tensors: [any TensorSource] = []
    var origins: [(name: String, shape: [Int], origin: Ledger.Origin)] = []
    for (index, pair) in sort.matrices.enumerated() {
      let matrix = try ExtractedMatrix(
        pair, size: size, dtype: dtype, algebra: algebra, isTransposed: storesTransposed)
      kept.append(matrix.kept)
      ranks[pair.after.spec.name] = matrix.kept.rank
      tensors += [matrix.a, matrix.b]
      for factor in [matrix.a, matrix.b] {
        origins.append(
          (
            factor.spec.name, factor.spec.shape,
            .computed(
              [pair.before, pair.after].map(Ledger.Reference.init),
              how: "rank \(matrix.kept.rank) of the difference, energy \(matrix.kept.energy)")
          ))
      }
      progress(index + 1, sort.matrices.count)
    }
    for source in sort.whole {
      let renamed = RenamedSource(source, as: AdapterWriter.replacementName(for: source.spec.name))
      tensors.append(renamed)
      origins.append(
        (
          renamed.spec.name, renamed.spec.shape,
          .tensor(Ledger.Reference(source), how: "the fine-tuned model's, whole")
        ))
    }
    if sort.ensuresTying, let copy = tiedCopy {
      tensors.append(copy)
      origins.append(
        (
          copy.spec.name, copy.spec.shape,
          .tensor(Ledger.Reference(copy), how: "the embedding, for the output that is tied to it")
        ))
    }
    let config = ExtractionConfig.make(
      ranks: ranks, whole: sort.whole.map(\.spec.name), hasBias: sort.hasBias,
      ensuresTying: sort.ensuresTying,
      isTransposed: storesTransposed, base: base, finetuned: finetuned)
    let seals = try AdapterWriter.write(config: config, tensors: tensors, to: output)
    var records = seals.sorted { $0.key < $1.key }.map { FileRecord(name: $0.key, seal: $0.value) }
    for name in try SideFiles.names(in: finetuned.path) where name != "generation_config.json" {
      records.append(try output.copy("\(finetuned.path)/\(name)", to: name))
    }
    let (norm, residual) = kept.reduce((0, 0)) { ($0.0 + $1.norm, $0.1 + $1.residual) }
    let result = Result(
      directory: output.path, matrices: kept, whole: sort.whole.map(\.spec.name), losses: losses,
      energy: norm > 0 ? 1 - residual / norm : 1)
    try seal(records, result, origins, output)
    try output.commit()
    return result
  }

  /// The embedding under the output matrix's name, which PEFT looks for where both are tied.
  private var tiedCopy: RenamedSource? {
    finetuned.stored(finetuned.names.embeddingName).map {
      RenamedSource($0, as: AdapterWriter.replacementName(for: finetuned.names.outputName))
    }
  }

  /// Whether the family stores the weights of linear layers as [in, out].
  private var storesTransposed: Bool { base.config.modelType == "gpt2" }

  private func seal(
    _ records: [FileRecord], _ result: Result,
    _ origins: [(name: String, shape: [Int], origin: Ledger.Origin)], _ output: OutputDirectory
  ) throws(GraftError) {
    var ledger = Ledger(
      expecting: origins.map { ExpectedTensor(name: $0.name, shape: $0.shape, kind: .linear) })
    for source in base.store.inFileOrder + finetuned.store.inFileOrder { ledger.read(source) }
    for (name, _, origin) in origins { try ledger.assign(name, from: origin) }
    for (source, reason) in sort.settled {
      ledger.settle(Ledger.Reference(source), .dropped(reason: reason))
    }
    try ledger.check(place: finetuned.path)
    var settings = JSONObject()
    switch size {
    case .rank(let rank): settings["rank"] = JSONValue(rank)
    case .energy(let share): settings["energy"] = JSONValue(share)
    }
    settings["energy_kept"] = JSONValue(result.energy)
    settings["not_captured"] = .array(
      losses.map { ["tensor": .string($0.tensor), "reason": .string($0.reason)] })
    var inputs: [(path: String, files: [FileRecord])] = []
    for model in [base, finetuned] {
      let names = ["config.json"] + model.store.files.map { splitPath($0).name }
      inputs.append(try Provenance.input(model.path, files: names))
    }
    try Provenance(command: "extract", settings: settings, inputs: inputs, ledger: ledger)
      .seal(records, in: output)
  }
}
