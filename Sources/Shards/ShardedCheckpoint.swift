public import Checkpoint
public import Diagnostics
public import StrictJSON
import TensorCore

/// What a sharded trainer left behind, put together: its parameters as tensors that read their
/// pieces from several files, and an account of every file.
///
/// Opening reads headers and checks all that can be known without the weights' bytes.
public struct ShardedCheckpoint: Sendable {
  /// What a tensor was in training.
  public enum Role: String, Sendable {
    /// The optimiser changed it.
    case trained
    /// It was part of the model, and stayed as it was.
    case frozen
    /// It is state that no optimiser sees.
    case buffer
    /// It is another parameter under a second name.
    case shared
    /// The files do not say whether it was trained.
    case unknown
  }

  /// One tensor of the model that was trained.
  public struct Parameter: Sendable {
    /// The bytes, under the name that the trainer knew it by.
    public var source: any TensorSource
    /// What it was.
    public var role: Role

    /// Describes a tensor.
    public init(_ source: any TensorSource, _ role: Role) {
      self.source = source
      self.role = role
    }
  }

  /// A tensor that the files name and do not hold.
  public struct Absent: Sendable, Hashable {
    /// The name that the trainer knew it by.
    public var name: String
    /// Its shape, if they tell it.
    public var shape: [Int]?
    /// The file that names it.
    public var file: String

    /// Describes a tensor.
    public init(name: String, shape: [Int]?, file: String) {
      self.name = name
      self.shape = shape
      self.file = file
    }
  }

  /// Which weights to take where the files hold them twice.
  public enum Weights: String, Sendable, CaseIterable {
    /// The optimiser's float32 copy.
    case master
    /// The model's own, in the type that it was trained in.
    case module
  }

  /// Where the files are.
  public var layout: ShardedLayout
  /// The program and its way to shard, in words, as in "DeepSpeed ZeRO-3".
  public var format: String
  /// The tensors in the trainer's order, each name once.
  public var parameters: [Parameter]
  /// Tensors that the files name and do not hold; another model must bring them.
  public var absent: [Absent] = []
  /// What became of the elements of every file.
  public var accounts: [ShardAccount]
  /// The files that were read, in order.
  public var files: [String]
  /// The number of steps that were trained, if the files say.
  public var step: Int?
  /// How many processes the parameters were divided among.
  public var worldSize: Int?
  /// config.json, where the checkpoint says enough to make it.
  public var configuration: JSONObject?
  /// What is worth knowing.
  public var findings: [Finding] = []

  /// Describes a checkpoint.
  public init(
    layout: ShardedLayout, format: String, parameters: [Parameter], accounts: [ShardAccount],
    files: [String]
  ) {
    self.layout = layout
    self.format = format
    self.parameters = parameters
    self.accounts = accounts
    self.files = files
  }

  /// Opens the checkpoint at `path`, whichever program wrote it.
  ///
  /// - Parameters:
  ///   - path: the directory of a step, or one above it.
  ///   - weights: which weights to take where there are two kinds.
  ///   - config: the model's configuration, which model-parallel ranks cannot be joined without,
  ///     unless their own settings say enough.
  /// - Throws: ``GraftError`` if there is none, if files are missing or of different steps or runs,
  ///   or if elements are left over or lacking anywhere.
  public init(
    _ path: String, weights: Weights = .master, config: ModelConfig? = nil
  ) throws(GraftError) {
    let layout = try ShardedLayout(path)
    switch layout.kind {
    case .distributed: try self.init(distributed: layout, config: config)
    case .distributedSafetensors: try self.init(distributedSafetensors: layout)
    case .deepSpeed, .universal:
      let files = try ZeroFiles(layout.directory)
      self =
        files.modelRanks.count > 1
        ? try Self.joined(layout, weights, files, config: config)
        : try ZeroReader(layout, weights, files).checkpoint()
    case .megatron: try self.init(megatron: layout, config: config)
    }
  }

  /// Checks every account, and that no name is there twice.
  func check() throws(GraftError) {
    for account in accounts where !account.isComplete { throw .elementsUnaccounted(account) }
    var seen: [String: any TensorSource] = [:]
    for parameter in parameters {
      let source = parameter.source
      if let other = seen.updateValue(source, forKey: source.spec.name) {
        throw .parameterTwice(source.spec.name, source.file, other.file)
      }
    }
  }
}
