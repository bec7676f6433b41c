import Checkpoint
import Diagnostics
import FileIO
import TensorCore

/// The weights that a trainer saved beside its shards, where some may have lost their values: a
/// process that holds only its share of a parameter writes it with the shape [0].
struct SavedWeights {
  let store: TensorStore
  let isAdapter: Bool

  /// Opens the weights of a directory; nil where it has none.
  init?(in path: String) throws(GraftError) {
    if TensorStore.isPresent(in: path, name: "adapter_model") {
      store = try TensorStore(directory: path, name: "adapter_model")
      isAdapter = true
    } else if TensorStore.isPresent(in: path) {
      store = try TensorStore(directory: path)
      isAdapter = false
    } else {
      return nil
    }
  }

  /// Whether a tensor has lost its values.
  func isEmpty(_ source: any TensorSource) -> Bool { source.spec.elementCount == 0 }

  /// Whether a saved tensor is the rounding of one out of shards, by its first rows.
  func agrees(
    _ saved: any TensorSource, with gathered: any TensorSource
  ) throws(GraftError) -> Bool {
    guard saved.spec.shape == gathered.spec.shape else { return false }
    guard saved.spec.dtype.isFloatingPoint, gathered.spec.dtype.isFloatingPoint else { return true }
    let rows = 0..<min(saved.spec.rowCount, max(1, 4096 / max(1, saved.spec.rowElementCount)))
    // The narrower of the two types is what both have in common.
    let common =
      saved.spec.dtype.bitWidth <= gathered.spec.dtype.bitWidth
      ? saved.spec.dtype : gathered.spec.dtype
    let first = try PlannedTensor(copying: saved, as: "saved", dtype: common)
    let second = try PlannedTensor(copying: gathered, as: "gathered", dtype: common)
    return try bytes(first, rows) == bytes(second, rows)
  }

  private func bytes(_ tensor: PlannedTensor, _ rows: Range<Int>) throws(GraftError) -> [UInt8] {
    let size = rows.count * tensor.spec.rowElementCount * tensor.spec.dtype.bitWidth / 8
    var out = [UInt8](repeating: 0, count: size)
    var span = out.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (raw) throws(GraftError) in
      try unsafe tensor.produce(rows, raw)
    }
    return out
  }
}
