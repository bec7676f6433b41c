import Checkpoint
import Diagnostics
import LinearAlgebra
import Synchronization
import TensorCore

/// A and B that several adapters give for one weight; made when they are first read.
final class CombinedPair: Sendable {
  /// Which of the two.
  enum Side { case a, b }

  private let target: String
  private let deltas: [(delta: LowRankDelta, weight: Double)]
  private let combination: AdapterCombination
  private let made = Mutex<(a: [Float], b: [Float])?>(nil)
  /// The rank of the result.
  let rank: Int

  /// - Throws: ``GraftError`` if the method needs equal ranks and they are not.
  init(
    _ target: String, _ deltas: [(delta: LowRankDelta, weight: Double)],
    _ combination: AdapterCombination, largestRank: Int
  ) throws(GraftError) {
    self.target = target
    self.deltas = deltas
    self.combination = combination
    let ranks = deltas.map(\.delta.rank)
    let side = min(deltas[0].delta.a.spec.shape[1], deltas[0].delta.b.spec.shape[0])
    if combination.method.cutsRank {
      rank = min(combination.rank ?? largestRank, side)
    } else if combination.method == .cat || combination.method == .sum {
      rank = ranks.reduce(0, +)
    } else {
      guard Set(ranks).count == 1 else {
        throw .ranksDiffer(
          target, ranks, method: combination.method, file: deltas[0].delta.a.file)
      }
      rank = ranks[0]
    }
  }

  /// One of the factors as a source.
  func source(_ side: Side, name: String) -> CombinedSource {
    let shape =
      side == .a
      ? [rank, deltas[0].delta.a.spec.shape[1]] : [deltas[0].delta.b.spec.shape[0], rank]
    return CombinedSource(
      spec: TensorSpec(name: name, dtype: .f32, shape: shape), side: side, pair: self,
      originals: deltas.map { side == .a ? $0.delta.a : $0.delta.b })
  }

  /// The numbers of a factor.
  func values(_ side: Side) throws(GraftError) -> [Float] {
    if let made = made.withLock({ $0 }) { return side == .a ? made.a : made.b }
    let pair = try make()
    made.withLock { $0 = pair }
    return side == .a ? pair.a : pair.b
  }

  private func make() throws(GraftError) -> (a: [Float], b: [Float]) {
    switch combination.method {
    case .sum, .cat: return try concatenated()
    case .svd, .tiesSVD, .dareLinearSVD, .dareTiesSVD, .magnitudePruneSVD: return try cut()
    default: break
    }
    var factors: [[Float]] = [[], []]
    for (i, side) in [Side.a, .b].enumerated() {
      var tensors: [[Float]] = []
      var weights: [Float] = []
      for (delta, weight) in deltas {
        tensors.append(try (side == .a ? delta.a : delta.b).floats())
        let scale = weight * delta.scale
        // Each side gets the root; the sign goes to A alone.
        let root = scale.magnitude.squareRoot()
        weights.append(Float(side == .a && scale < 0 ? -root : root))
      }
      factors[i] = arithmetic(side == .a ? "A" : "B").combine(tensors, weights: weights)
    }
    return (factors[0], factors[1])
  }

  private func arithmetic(_ part: String) -> TaskArithmetic {
    TaskArithmetic(
      method: combination.method, density: combination.density ?? 1,
      majoritySign: combination.majoritySign,
      seeds: deltas.indices.map { TaskArithmetic.seed(combination.seed, "\(target) \(part)", $0) })
  }

  private func concatenated() throws(GraftError) -> (a: [Float], b: [Float]) {
    var a: [Float] = []
    for (delta, weight) in deltas {
      let factor = weight * delta.scale
      a += try delta.a.floats().map { Float(Double($0) * factor) }
    }
    let height = deltas[0].delta.b.spec.shape[0]
    var b = [Float](repeating: 0, count: height * rank)
    var start = 0
    for (delta, _) in deltas {
      let values = try delta.b.floats()
      for row in 0..<height {
        for k in 0..<delta.rank { b[row * rank + start + k] = values[row * delta.rank + k] }
      }
      start += delta.rank
    }
    return (a, b)
  }

  /// The combined change itself, cut to the rank: B is U · S, A is Vᵗ, as PEFT has them.
  private func cut() throws(GraftError) -> (a: [Float], b: [Float]) {
    let algebra = try LinearAlgebra.load()
    let (rows, columns) = (deltas[0].delta.b.spec.shape[0], deltas[0].delta.a.spec.shape[1])
    var changes: [[Float]] = []
    for (delta, _) in deltas {
      var change = [Double](repeating: 0, count: rows * columns)
      let scale = -delta.scale
      try algebra.subtract(
        try delta.b.floats().map { Double($0) * scale }, try delta.a.floats().map(Double.init),
        rank: delta.rank, from: &change, rows: rows, columns: columns)
      changes.append(change.map { Float($0) })
    }
    let sum = arithmetic("W").combine(changes, weights: deltas.map { Float($0.weight) })
    changes = []
    let rank = rank
    let factors = try algebra.factors(of: sum.map(Double.init), rows: rows, columns: columns) {
      _ in rank
    }
    let roots = factors.values[..<rank].map { $0.squareRoot() }
    var b = factors.left
    for row in 0..<rows { for k in 0..<rank { b[row * rank + k] *= roots[k] } }
    var a = factors.right
    for k in 0..<rank where roots[k] > 0 {
      for j in k * columns..<(k + 1) * columns { a[j] /= roots[k] }
    }
    return (a.map { Float($0) }, b.map { Float($0) })
  }
}

/// A factor of a ``CombinedPair``.
struct CombinedSource: SynthesizedSource {
  let spec: TensorSpec
  let side: CombinedPair.Side
  let pair: CombinedPair
  let originals: [any TensorSource]

  var file: String { originals.map(\.file).joined(separator: " + ") }

  func read(rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError) {
    let width = spec.rowElementCount
    let all = try pair.values(side)
    all.withUnsafeBytes { all in
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(
          rebasing: all[4 * rows.lowerBound * width..<4 * rows.upperBound * width]))
    }
  }
}
