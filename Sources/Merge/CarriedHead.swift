import Adapters
import Checkpoint
import Diagnostics
import FileIO
import Heads
import TensorCore

/// What becomes of a head that lies in a file of its own beside an adapter or its base.
public enum HeadCarriage: String, Sendable, CaseIterable {
  /// The file goes along, beside the merged model, as LLaMA-Factory reads it.
  case keep
  /// It becomes `score.weight` of a sequence classifier.
  case score
  /// It stays where it is; the merged model has no head.
  case leave
}

/// The head in a file of its own that a merge carries along: the last adapter's that has one, else
/// the base's.
struct CarriedHead {
  /// The file to copy, where it is kept.
  private(set) var file: String?
  /// The head under the name of a classifier's, where it becomes that.
  private(set) var score: (any TensorSource)?
  /// The declared offset, and with it what the merged config.json is to say.
  private(set) var declaration = HeadDeclaration()
  /// What is worth knowing.
  private(set) var findings: [Finding] = []
  /// The tensors of the file, for the account.
  private(set) var tensors: [any TensorSource] = []

  /// - Parameters:
  ///   - hasScore: whether the adapter brings a `score` of its own.
  init(
    base: ModelDirectory, adapters: [Adapter], carriage: HeadCarriage, hasScore: Bool
  ) throws(GraftError) {
    for adapter in adapters {
      let declared = try HeadDeclaration(
        adapter.config.json, file: adapter.config.file ?? adapter.path)
      if declared != HeadDeclaration() { declaration = declared }
    }
    guard carriage != .leave else { return }
    let owner = (adapters.map(\.path).reversed() + [base.path]).first {
      Head.sideFile(in: $0) != nil
    }
    guard let owner, let path = Head.sideFile(in: owner) else { return }
    let heads = try Head.beside(owner)
    tensors = heads.flatMap(\.tensors)
    if carriage == .keep {
      file = path
      findings.append(Finding(.note, .headKept(path)))
      return
    }
    guard let head = heads.first, heads.count == 1, !head.isStacked else {
      throw .headNotScore(path)
    }
    guard !hasScore else { throw .headTwice(path) }
    score = RenamedSource(head.weight, as: "score.weight")
    declaration = HeadDeclaration()
    guard let bias = head.bias else { return }
    let values = try bias.floats().map(Double.init)
    guard values.contains(where: { $0 != 0 }) else { return }
    guard values.allSatisfy(\.isFinite), bias.spec.dtype != .f64 else { throw .headNotScore(path) }
    declaration.offset = values
    declaration.offsetType = bias.spec.dtype
    findings.append(Finding(.note, .headOffset(values, file: path)))
  }
}
