import Adapters
import Checkpoint
import Diagnostics
import FileIO
import Heads
import TensorCore
import Torch

/// The head that a reward model is loaded with.
struct ChosenHead {
  /// The matrix under a classifier's name; nil where the checkpoint's own stays where it is.
  var source: (any TensorSource)?
  /// Where it comes from, in words.
  var how = "from the adapter"
  /// What config.json declares about it.
  var adjustment = RewardAdjustment()

  /// The name of a classifier's head in transformers.
  static let name = "score.weight"

  /// The head in a file or directory that the user names.
  init(in path: String) throws(GraftError) {
    let head: Head
    if directoryExists(path) {
      let model = try ModelDirectory(path)
      head = try HeadSearch(model).choose()
      declare(try model.config.headDeclaration)
    } else {
      let store = try TensorStore(safetensors: path)
      guard let only = Head.all(in: store).first else {
        throw .headMissing(path, candidates: [])
      }
      head = only
    }
    try take(head)
    how = "from \(path)"
  }

  /// The head of an adapter: among its tensors, or in a file of its own beside them; nil if it has
  /// none.
  init?(_ plan: AdapterPlan) throws(GraftError) {
    let config = plan.adapter.config
    if plan.replacements[Self.name] != nil {
      declare(try HeadDeclaration(config.json, file: config.file ?? plan.adapter.path))
    } else if let head = try Head.beside(plan.adapter.path).first {
      try take(head)
    } else {
      return nil
    }
  }

  /// The model's own head.
  ///
  /// - Throws: ``GraftError`` if there is none, if it has a form that must be converted first, or
  ///   if it is fresh and that is not allowed.
  init(_ search: HeadSearch, _ config: ModelConfig, allowsFresh: Bool) throws(GraftError) {
    let declaration = try config.headDeclaration
    if declaration.fresh != nil, !allowsFresh { throw .headFresh(config.file) }
    let head = try search.choose()
    declare(declaration)
    if head.isBeside {
      try take(head)
      how = "from \(head.weight.file)"
    } else {
      _ = try search.require()
    }
  }

  /// A head to draw.
  init(drawnWith seed: UInt64, hidden: Int) throws(GraftError) {
    how = "drawn with deviation 1/√(hidden size + 1) and seed \(seed)"
    source = MemorySource(
      name: Self.name, shape: [1, hidden],
      floats: try RewardModel.freshHead(hiddenSize: hidden, seed: seed).floats(),
      origin: "new head")
  }

  private mutating func take(_ head: Head) throws(GraftError) {
    guard !head.isStacked else { throw .headStackedForm(head, form: "score") }
    source = RenamedSource(base: head.weight, name: Self.name)
    if let bias = head.bias { adjustment.offset += Double(try bias.floats().first ?? 0) }
  }

  private mutating func declare(_ declaration: HeadDeclaration) {
    adjustment.offset += declaration.offset.first ?? 0
  }
}
