public import Checkpoint
import CKernels
public import Diagnostics
import FileIO
public import TensorCore

/// What differs between any two checkpoints, models or adapters of any architecture, by tensor
/// names.
///
/// Memory: some MiB for each core. Both are read once from the disk.
public struct CheckpointComparison: Sendable {
  /// How a tensor of one is in the other.
  public enum State: String, Sendable {
    /// The same bytes.
    case equal
    /// Another type, and each number the same.
    case converted
    /// Other numbers.
    case changed
    /// Another shape, or a type that does not compare with the other.
    case otherShape = "other_shape"
    /// In the first only.
    case missing
    /// In the second only.
    case extra
  }

  /// One tensor.
  public struct Tensor: Sendable {
    /// The name.
    public var name: String
    /// How it is in the second checkpoint.
    public var state: State
    /// What it is in the first.
    public var first: TensorSpec?
    /// What it is in the second.
    public var second: TensorSpec?
    /// Elements with another value.
    public var changedCount = 0
    /// The Frobenius norm of the difference.
    public var differenceNorm = 0.0
    /// That, as a share of the first one's norm.
    public var relativeChange = 0.0
    /// The largest magnitude of a difference.
    public var largestChange = 0.0
  }

  /// Where the first is.
  public let first: String
  /// Where the second is.
  public let second: String
  /// All tensors of either, sorted by name.
  public private(set) var tensors: [Tensor] = []
  /// The first one's weight files, hashed.
  public private(set) var firstFiles: [FileRecord] = []
  /// The second one's weight files, hashed.
  public private(set) var secondFiles: [FileRecord] = []

  /// Whether the same tensors are in both, with the same bytes.
  public var areEqual: Bool { tensors.allSatisfy { $0.state == .equal } }

  /// Compares.
  ///
  /// - Parameters:
  ///   - first: a store, and where it is.
  ///   - second: another.
  /// - Throws: ``GraftError`` if a file cannot be read.
  public init(
    _ first: (path: String, store: TensorStore), _ second: (path: String, store: TensorStore)
  ) throws(GraftError) {
    self.first = first.path
    self.second = second.path
    var comparisons: [TensorComparison] = []
    for other in second.store.inFileOrder {
      let name = other.spec.name
      guard let own = first.store[name] else {
        tensors.append(Tensor(name: name, state: .extra, second: other.spec))
        continue
      }
      let isNumeric = Number(own.spec.dtype) != nil && Number(other.spec.dtype) != nil
      guard own.spec.shape == other.spec.shape, isNumeric || own.spec.dtype == other.spec.dtype
      else {
        tensors.append(
          Tensor(name: name, state: .otherShape, first: own.spec, second: other.spec))
        continue
      }
      comparisons.append(
        TensorComparison(.kept, origin: own, merged: other))
    }
    for own in first.store.inFileOrder where second.store[own.spec.name] == nil {
      tensors.append(Tensor(name: own.spec.name, state: .missing, first: own.spec))
    }
    let run = try ComparisonRun(comparisons, first.store.files, second.store.files)
    (firstFiles, secondFiles) = (run.firstFiles, run.secondFiles)
    for (comparison, proof) in zip(comparisons, run.proofs) {
      let isSameType = comparison.origin.spec.dtype == comparison.merged.spec.dtype
      let isChanged = proof.changedCount > 0 || (isSameType && proof.wrongCount > 0)
      tensors.append(
        Tensor(
          name: proof.name, state: isChanged ? .changed : isSameType ? .equal : .converted,
          first: comparison.origin.spec, second: comparison.merged.spec,
          changedCount: max(proof.changedCount, isChanged ? proof.wrongCount : 0),
          differenceNorm: proof.movedNorm, relativeChange: proof.relativeChange,
          largestChange: proof.largestChange))
    }
    tensors.sort { $0.name < $1.name }
  }
}

/// Compares tensors on all cores while their files are hashed.
struct ComparisonRun {
  let proofs: [TensorProof]
  let firstFiles: [FileRecord]
  let secondFiles: [FileRecord]

  /// - Parameter comparisons: best in the order of the files.
  init(
    _ comparisons: [TensorComparison], _ first: [String], _ second: [String]
  ) throws(GraftError) {
    let work = comparisons.enumerated().flatMap { index, comparison in
      comparison.blocks.map { (index: index, rows: $0) }
    }
    let hashing = FileHashing(first, second)
    let threads = Threads()
    try hashing.start(on: threads)
    let parts: [TensorProof]
    do throws(GraftError) {
      parts = try inParallel(work.count) { (piece) throws(GraftError) in
        let comparison = comparisons[work[piece].index]
        let rows = work[piece].rows
        let proof = try comparison.compare(rows)
        hashing.advance(
          rows.count * comparison.origin.rowByteCount, rows.count * comparison.merged.rowByteCount)
        return proof
      }
    } catch {
      hashing.release()
      threads.join()
      throw error
    }
    hashing.release()
    threads.join()
    firstFiles = try hashing.records(0)
    secondFiles = try hashing.records(1)
    var proofs = comparisons.map {
      TensorProof($0.merged.spec, origin: $0.origin.spec, role: $0.role)
    }
    for (piece, part) in zip(work, parts) { proofs[piece.index].add(part) }
    self.proofs = proofs
  }
}
