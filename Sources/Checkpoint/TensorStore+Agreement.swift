import Diagnostics
import TensorCore

/// Two sets of weights side by side: which of them counts?
extension TensorStore {
  /// The bytes that are compared at the start, the middle and the end of a tensor.
  private static let sampleSize = 4096

  /// Checks that the weights at `other`, of another kind, are the same as these.
  ///
  /// - Throws: ``GraftError`` if these are empty, or hold tensors of no elements, where the others
  ///   do not; or if the two differ.
  func agree(with other: String, in directory: String, path: String) throws(GraftError) {
    // What cannot be read (most often a Git LFS pointer) is no rival.
    guard let second = try? TensorStore(weights: other, in: directory) else { return }
    let voids = names.filter { self[$0]?.spec.elementCount == 0 }
    let filled = voids.filter { (second[$0]?.spec.elementCount ?? 0) > 0 }
    guard !names.isEmpty || second.names.isEmpty, filled.isEmpty else {
      throw .emptyBesideFull(path, full: other, tensor: filled.first)
    }
    for name in Set(names).union(second.names).sorted() {
      guard let a = self[name] else {
        if let b = second[name], isTied(b, among: second) { continue }
        throw .weightsDiffer(path, other, tensor: name, "is only in the second")
      }
      guard let b = second[name] else {
        throw .weightsDiffer(path, other, tensor: name, "is only in the first")
      }
      guard a.spec == b.spec else {
        throw .weightsDiffer(path, other, tensor: name, "is \(a.spec) and \(b.spec)")
      }
      guard try Self.samplesAreEqual(a, b) else {
        throw .weightsDiffer(path, other, tensor: name, "holds other numbers")
      }
    }
  }

  /// Whether a tensor shares its storage with one that is here under another name.
  private func isTied(_ source: any TensorSource, among others: TensorStore) -> Bool {
    guard let source = source as? TorchSource else { return false }
    return others.inFileOrder.contains {
      guard let other = $0 as? TorchSource else { return false }
      return other.spec.name != source.spec.name && other.tensor == source.tensor
        && other.file == source.file && self[other.spec.name] != nil
    }
  }

  private static func samplesAreEqual(
    _ a: any TensorSource, _ b: any TensorSource
  ) throws(GraftError) -> Bool {
    let spec = a.spec
    guard spec.elementCount > 0 else { return true }
    let step = min(spec.rowCount, max(1, sampleSize / max(1, a.rowByteCount)))
    for start in [0, (spec.rowCount - step) / 2, spec.rowCount - step] {
      let rows = start..<start + step
      guard try a.bytes(rows: rows) == b.bytes(rows: rows) else { return false }
    }
    return true
  }
}
