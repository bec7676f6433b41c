import Adapters
import Checkpoint
import Diagnostics
import TensorCore

extension TensorProof {
  /// Compares a merged tensor with what it must be, block by block.
  ///
  /// - Parameters:
  ///   - origin: the base's tensor, or the adapter's for ``Role/replaced``.
  ///   - merged: the merged model's.
  ///   - changes: what must have been done to it.
  /// - Throws: ``GraftError`` if a tensor cannot be read, or is of a type without real numbers.
  init(
    _ role: Role, origin: any TensorSource, merged: any TensorSource,
    changes: [TensorChange] = []
  ) throws(GraftError) {
    self.init(merged.spec, role: role)
    let isSameType = origin.spec.dtype == merged.spec.dtype
    if changes.isEmpty, isSameType, try haveEqualBytes(origin, merged) {
      equalCount = elementCount
      if merged.spec.dtype.isFloatingPoint { try countNonFinite(merged) }
      return
    }
    guard merged.spec.dtype.isFloatingPoint, origin.spec.dtype.isFloatingPoint else {
      wrongCount = elementCount
      return
    }
    let reference: (any Reference)? =
      changes.isEmpty ? nil : try ReferenceChain(changes, base: origin)
    for rows in rowBlocks(of: merged.spec, byteLimit: 1 << 20) {
      let before = try Block(origin, rows: rows)
      let after = try Block(merged, rows: rows)
      var expected = before.values
      if let reference { try reference.apply(to: &expected, rows: rows) }
      try compare(
        before: before, after: after, expected: expected, firstRow: rows.lowerBound,
        width: merged.spec.rowElementCount, dtype: merged.spec.dtype, reference: reference)
    }
  }

  private mutating func compare(
    before: Block, after: Block, expected: [Double], firstRow: Int, width: Int, dtype: DType,
    reference: (any Reference)?
  ) throws(GraftError) {
    for i in expected.indices {
      let found = after.values[i]
      if found != before.values[i] { changedCount += 1 }
      guard found.isFinite else {
        nonFiniteCount += 1
        continue
      }
      let (row, column) = (firstRow + i / width, i % width)
      let distance: Int? =
        if dtype == .f64 {
          found == expected[i] ? 0 : nil
        } else {
          Rounding.position(of: expected[i], in: dtype).map { abs(after.positions[i] - $0) }
        }
      if distance == 0 {
        equalCount += 1
      } else if distance == 1, reference != nil {
        neighbourCount += 1
        worstDistance = max(worstDistance, 1)
      } else if let reference,
        (found - expected[i]).magnitude
          <= (try reference.float32Error(row: row, column: column, base: before.values[i]))
      {
        cancelledCount += 1
      } else {
        wrongCount += 1
        worstDistance = max(worstDistance, distance ?? .max)
        if firstWrong == nil {
          firstWrong = Wrong(row: row, column: column, found: found, expected: expected[i])
        }
      }
    }
  }

  private mutating func countNonFinite(_ source: any TensorSource) throws(GraftError) {
    for rows in rowBlocks(of: source.spec, byteLimit: 1 << 20) {
      for value in try source.floats(rows: rows) where !value.isFinite { nonFiniteCount += 1 }
    }
  }
}
