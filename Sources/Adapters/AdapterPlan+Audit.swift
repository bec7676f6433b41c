import Checkpoint
public import Diagnostics
import TensorCore

extension AdapterPlan {
  /// Reads the adapter's values and reports what no trained adapter has: NaN or infinity, factors
  /// and rows that are all zero, no effect at all.
  ///
  /// Memory: one tensor at a time.
  ///
  /// An adapter that Graft extracted has zero rows where the two checkpoints are equal.
  public func auditValues() throws(GraftError) -> [Finding] {
    var audit = AdapterAudit()
    audit.allowsZeroRows =
      try !Provenance.inputHashes(of: adapter.path, madeBy: "extract").isEmpty
    for (_, steps) in changes.sorted(by: { $0.key < $1.key }) {
      for step in steps { try audit.examine(step) }
    }
    for (_, source) in replacements.sorted(by: { $0.key < $1.key }) { try audit.examine(source) }
    return audit.conclude()
  }
}

/// Checks on the values of adapter tensors.
private struct AdapterAudit {
  private var findings: [Finding] = []
  private var idle: [GraftError] = []
  private var changeCount = 0
  private var known: [String: Statistics] = [:]
  private var reported: Set<String> = []
  private var anyFile = ""
  /// Whether rows of zeros are no sign of a loss.
  var allowsZeroRows = false

  private struct Statistics {
    var rows = 0
    var zeroRows = 0
    var nonFinite = 0
    /// Whether every value is 1.
    var isOne = true

    var isZero: Bool { zeroRows == rows }
  }

  mutating func examine(_ change: TensorChange) throws(GraftError) {
    for source in change.sources { try examine(source) }
    changeCount += 1
    anyFile = change.sources.first?.file ?? anyFile
    switch change {
    case .lowRank(let delta):
      let zero = try firstZero(delta.b, delta.a)
      try judge(zero, rowsOf: delta.expert == nil ? delta.b : nil)
    case .weightDecomposed(let delta, _):
      // The magnitudes alone change the weights, even where B is zero.
      if try firstZero(delta.b, delta.a) == nil { try judge(nil, rowsOf: delta.b) }
    case .hadamard(let delta):
      try judge(try firstZero(delta.w1a, delta.w1b, delta.w2a, delta.w2b), rowsOf: nil)
    case .kronecker(let delta):
      var zero: (any TensorSource)?
      for source in delta.left.sources + delta.right.sources {
        if zero == nil, try statistics(source).isZero { zero = source }
      }
      try judge(zero, rowsOf: nil)
    case .vectors(let delta): try judge(try firstZero(delta.b, delta.d), rowsOf: nil)
    case .rotated(let rotation): try judge(try firstZero(rotation.angles), rowsOf: nil)
    case .scaled(let scale):
      if try statistics(scale.factors).isOne {
        idle.append(.unitScale(tensor: scale.factors.spec.name, file: scale.factors.file))
      }
    case .added(let vector, _): try judge(try firstZero(vector), rowsOf: nil)
    case .rows: break
    }
  }

  /// Reports NaN and infinity, once for each tensor.
  mutating func examine(_ source: any TensorSource) throws(GraftError) {
    let values = try statistics(source)
    guard values.nonFinite > 0, reported.insert(source.spec.name).inserted else { return }
    findings.append(
      Finding(
        .problem, .nonFinite(values.nonFinite, tensor: source.spec.name, file: source.file)))
  }

  func conclude() -> [Finding] {
    guard changeCount > 0, idle.count == changeCount else {
      return findings + idle.map { Finding(.warning, $0) }
    }
    return findings + [Finding(.warning, .noEffect(file: anyFile))]
  }

  private mutating func firstZero(
    _ sources: any TensorSource...
  ) throws(GraftError) -> (any TensorSource)? {
    for source in sources where try statistics(source).isZero { return source }
    return nil
  }

  private mutating func judge(
    _ zero: (any TensorSource)?, rowsOf factor: (any TensorSource)?
  ) throws(GraftError) {
    if let zero {
      return idle.append(.zeroFactor(tensor: zero.spec.name, file: zero.file))
    }
    guard let factor, !allowsZeroRows, !reported.contains(factor.spec.name) else { return }
    let values = try statistics(factor)
    guard values.zeroRows > 0 else { return }
    reported.insert(factor.spec.name)
    findings.append(
      Finding(
        2 * values.zeroRows >= values.rows ? .problem : .warning,
        .zeroRows(values.zeroRows, of: values.rows, tensor: factor.spec.name, file: factor.file)))
  }

  private mutating func statistics(_ source: any TensorSource) throws(GraftError) -> Statistics {
    if let known = known[source.spec.name] { return known }
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
          if value != 1 { out.isOne = false }
          if !value.isFinite { out.nonFinite += 1 }
        }
        out.rows += 1
        if isZero { out.zeroRows += 1 }
      }
      row = rows.upperBound
    }
    known[source.spec.name] = out
    return out
  }
}
