import Checkpoint
public import TensorCore

extension Adapter {
  /// The base tensors that the adapter's own tensors imply: their names without wrappers, and the
  /// shapes that B and A multiply to.
  ///
  /// With them an adapter can be checked for what it lacks in itself, when no base is at hand.
  public var impliedBase: [TensorSpec] {
    var rows: [String: Int] = [:]
    var columns: [String: Int] = [:]
    var specs: [String: TensorSpec] = [:]
    for name in store.names {
      guard let spec = store[name]?.spec, !spec.shape.contains(0) else { continue }
      let key = AdapterKey(name)
      switch key.part {
      case .a: columns[key.module] = spec.rowElementCount
      case .b: rows[key.module] = spec.rowCount
      case .parameter(let parameter), .baseParameter(let parameter):
        let target = "\(key.module).\(parameter)"
        specs[target] = TensorSpec(name: target, dtype: spec.dtype, shape: spec.shape)
      case .original, .unsupported: continue
      }
    }
    for module in Set(rows.keys).union(columns.keys) {
      let target = module + ".weight"
      if specs[target] != nil { continue }
      specs[target] = TensorSpec(
        name: target, dtype: .f32, shape: [rows[module] ?? 1, columns[module] ?? 1])
    }
    return specs.values.sorted { $0.name < $1.name }
  }
}
