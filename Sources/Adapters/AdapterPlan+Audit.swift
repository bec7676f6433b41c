import Checkpoint
public import Diagnostics
import TensorCore

extension AdapterPlan {
  /// Reads the adapter's values and reports what no trained adapter has: NaN or infinity, factors
  /// and rows that are all zero, no effect at all.
  ///
  /// Memory: one tensor at a time.
  public func auditValues() throws(GraftError) -> [Finding] {
    try AdapterAudit.findings(
      deltas: lowRankDeltas,
      others: replacements.sorted { $0.key < $1.key }.map(\.value))
  }
}

/// Checks on the values of adapter tensors.
enum AdapterAudit {
  static func findings(
    deltas: [LowRankDelta], others: [any TensorSource]
  ) throws(GraftError) -> [Finding] {
    var out: [Finding] = []
    var zeroPairs: [GraftError] = []
    for delta in deltas {
      let a = try statistics(delta.a)
      let b = try statistics(delta.b)
      for (source, values) in [(delta.a, a), (delta.b, b)] {
        if let problem = nonFinite(source, values) { out.append(problem) }
      }
      let tensor = delta.b.spec.name
      if a.zeroRows == a.rows || b.zeroRows == b.rows {
        let zero = b.zeroRows == b.rows ? tensor : delta.a.spec.name
        zeroPairs.append(.zeroFactor(tensor: zero, file: delta.b.file))
      } else if b.zeroRows > 0 {
        out.append(
          Finding(
            2 * b.zeroRows >= b.rows ? .problem : .warning,
            .zeroRows(b.zeroRows, of: b.rows, tensor: tensor, file: delta.b.file)))
      }
    }
    for source in others {
      if let problem = nonFinite(source, try statistics(source)) { out.append(problem) }
    }
    if let first = deltas.first, zeroPairs.count == deltas.count {
      out.append(Finding(.warning, .noEffect(file: first.b.file)))
    } else {
      out += zeroPairs.map { Finding(.warning, $0) }
    }
    return out
  }

  private struct Statistics {
    var rows = 0
    var zeroRows = 0
    var nonFinite = 0
  }

  private static func statistics(_ source: any TensorSource) throws(GraftError) -> Statistics {
    var out = Statistics()
    let width = source.spec.rowElementCount
    let step = max(1, (1 << 20) / max(width, 1))
    var row = 0
    while row < source.spec.rowCount {
      let rows = row..<min(row + step, source.spec.rowCount)
      let values = try source.floats(rows: rows)
      for start in stride(from: 0, to: values.count, by: max(width, 1)) {
        var isZero = true
        for value in values[start..<start + width] {
          if value != 0 { isZero = false }
          if !value.isFinite { out.nonFinite += 1 }
        }
        out.rows += 1
        if isZero { out.zeroRows += 1 }
      }
      row = rows.upperBound
    }
    return out
  }

  private static func nonFinite(_ source: any TensorSource, _ values: Statistics) -> Finding? {
    guard values.nonFinite > 0 else { return nil }
    return Finding(
      .problem, .nonFinite(values.nonFinite, tensor: source.spec.name, file: source.file))
  }
}
