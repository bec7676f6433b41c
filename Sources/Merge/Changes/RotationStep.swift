import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// OFT: W · Rᵀ with R block-diagonal.
struct RotationStep: ChangeStep {
  private let blocks: Transient
  private let size: Int
  private let isShared: Bool
  private let width: Int

  init(_ rotation: BlockRotation, width: Int) {
    size = rotation.blockSize
    isShared = rotation.angles.spec.rowCount == 1
    self.width = width
    blocks = Transient(rows: .max) { () throws(GraftError) in
      let angles = try rotation.angles.floats()
      let count = rotation.angles.spec.rowElementCount
      var out: [Double] = []
      for start in stride(from: 0, to: angles.count, by: count) {
        var q = skewSymmetric(angles[start..<start + count], size: rotation.blockSize)
        if let limit = rotation.limit {
          let length = q.reduce(0) { $0 + $1 * $1 }.squareRoot()
          if length > limit { q = q.map { $0 * (limit / length) } }
        }
        out += cayley(q, size: rotation.blockSize, terms: rotation.terms)
      }
      return out
    }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    let r = try blocks.values(for: 0)
    var turned = [Double](repeating: 0, count: size)
    for start in stride(from: 0, to: values.count, by: size) {
      let block = isShared ? 0 : start % width / size * size * size
      for i in 0..<size {
        var sum = 0.0
        for j in 0..<size { sum += r[block + i * size + j] * values[start + j] }
        turned[i] = sum
      }
      for i in 0..<size { values[start + i] = turned[i] }
    }
  }
}

/// The matrix with these elements above the diagonal and their negatives below it.
private func skewSymmetric(_ upper: ArraySlice<Float>, size: Int) -> [Double] {
  var q = [Double](repeating: 0, count: size * size)
  var next = upper.startIndex
  for i in 0..<size {
    for j in i + 1..<max(size, i + 1) {
      q[i * size + j] = Double(upper[next])
      q[j * size + i] = -Double(upper[next])
      next += 1
    }
  }
  return q
}

/// (I − Q)(I + Q)⁻¹, or the terms of its series that PEFT sums: I + 2Q + 2Q² + ... + Qⁿ⁻¹, where
/// the last power counts once.
private func cayley(_ q: [Double], size: Int, terms: Int?) -> [Double] {
  var r = [Double](repeating: 0, count: size * size)
  for i in 0..<size { r[i * size + i] = 1 }
  guard let terms else { return solved(q, size: size) }
  guard terms > 1 else { return r }
  for i in r.indices { r[i] += 2 * q[i] }
  guard terms > 2 else { return r }
  var power = multiply(q, q, size)
  for i in r.indices { r[i] += 2 * power[i] }
  for _ in 3..<max(3, terms - 1) {
    power = multiply(power, q, size)
    for i in r.indices { r[i] += 2 * power[i] }
  }
  power = multiply(power, q, size)
  for i in r.indices { r[i] += power[i] }
  return r
}

/// X with X (I + Q) = I − Q, by elimination with row exchanges on the transposed system.
private func solved(_ q: [Double], size: Int) -> [Double] {
  // (I + Q)ᵀ Xᵀ = (I − Q)ᵀ, and Qᵀ = −Q
  var left = q.map { -$0 }
  var right = q
  for i in 0..<size {
    left[i * size + i] += 1
    right[i * size + i] += 1
  }
  for column in 0..<size {
    let pivot = (column..<size).max {
      left[$0 * size + column].magnitude < left[$1 * size + column].magnitude
    }
    guard let pivot else { continue }
    if pivot != column {
      for j in 0..<size {
        left.swapAt(pivot * size + j, column * size + j)
        right.swapAt(pivot * size + j, column * size + j)
      }
    }
    let head = left[column * size + column]
    for row in 0..<size where row != column {
      let factor = left[row * size + column] / head
      if factor == 0 { continue }
      for j in 0..<size {
        left[row * size + j] -= factor * left[column * size + j]
        right[row * size + j] -= factor * right[column * size + j]
      }
    }
  }
  var x = [Double](repeating: 0, count: size * size)
  for i in 0..<size {
    for j in 0..<size { x[j * size + i] = right[i * size + j] / left[i * size + i] }
  }
  return x
}

private func multiply(_ a: [Double], _ b: [Double], _ size: Int) -> [Double] {
  var out = [Double](repeating: 0, count: size * size)
  for i in 0..<size {
    for k in 0..<size {
      let factor = a[i * size + k]
      if factor == 0 { continue }
      for j in 0..<size { out[i * size + j] += factor * b[k * size + j] }
    }
  }
  return out
}
