import Adapters
import Checkpoint
import Diagnostics
import TensorCore

/// LoHa: W + scale · (W1a · W1b) ∘ (W2a · W2b).
struct HadamardReference: Reference {
  private let delta: HadamardDelta
  private let width: Int
  private let factors: [[Double]]

  init(_ delta: HadamardDelta, width: Int) throws(GraftError) {
    self.delta = delta
    self.width = width
    factors = [
      try allValues(delta.w1a), try allValues(delta.w1b), try allValues(delta.w2a),
      try allValues(delta.w2b),
    ]
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for i in values.indices {
      let (row, column) = (rows.lowerBound + i / width, i % width)
      values[i] +=
        delta.scale * dot(0, row, column) * dot(2, row, column)
    }
  }

  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double {
    let size =
      delta.scale.magnitude * dot(0, row, column, magnitudes: true)
      * dot(2, row, column, magnitudes: true)
    return Double(2 * delta.rank + 4) * float32Unit * (base.magnitude + size)
  }

  private func dot(_ first: Int, _ row: Int, _ column: Int, magnitudes: Bool = false) -> Double {
    var sum = 0.0
    for k in 0..<delta.rank {
      let term = factors[first][row * delta.rank + k] * factors[first + 1][k * width + column]
      sum += magnitudes ? term.magnitude : term
    }
    return sum
  }
}

/// LoKr: W + scale · W1 ⊗ W2, element [r1 · rows2 + r2, c1 · columns2 + c2] = W1[r1, c1] · W2[r2, c2].
struct KroneckerReference: Reference {
  private let delta: KroneckerDelta
  private let width: Int
  private let left: Factor
  private let right: Factor

  /// A factor's elements, with what they were summed from.
  private struct Factor {
    var columns: Int
    var rows: Int
    var a: [Double]
    var b: [Double]?
    var rank: Int

    init(_ factor: KroneckerDelta.Factor) throws(GraftError) {
      (rows, columns) = factor.shape
      switch factor {
      case .whole(let source):
        a = try allValues(source)
        b = nil
        rank = 1
      case .product(let first, let second):
        a = try allValues(first)
        b = try allValues(second)
        rank = first.spec.rowElementCount
      }
    }

    func element(_ row: Int, _ column: Int, magnitude: Bool = false) -> Double {
      guard let b else {
        let value = a[row * columns + column]
        return magnitude ? value.magnitude : value
      }
      var sum = 0.0
      for k in 0..<rank {
        let term = a[row * rank + k] * b[k * columns + column]
        sum += magnitude ? term.magnitude : term
      }
      return sum
    }
  }

  init(_ delta: KroneckerDelta, width: Int) throws(GraftError) {
    self.delta = delta
    self.width = width
    left = try Factor(delta.left)
    right = try Factor(delta.right)
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for i in values.indices {
      values[i] += delta.scale * element(rows.lowerBound + i / width, i % width)
    }
  }

  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double {
    let size = delta.scale.magnitude * element(row, column, magnitude: true)
    return Double(left.rank + right.rank + 4) * float32Unit * (base.magnitude + size)
  }

  private func element(_ row: Int, _ column: Int, magnitude: Bool = false) -> Double {
    left.element(row / right.rows, column / right.columns, magnitude: magnitude)
      * right.element(row % right.rows, column % right.columns, magnitude: magnitude)
  }
}

/// VeRA: W + diag(b) · B · diag(d) · A.
struct VectorReference: Reference {
  private let delta: VectorDelta
  private let width: Int
  private let d: [Double]
  private let b: [Double]
  private let projectionA: [Double]
  private let projectionB: [Double]
  /// The columns of A, of which a layer uses the first.
  private let columns: Int

  init(_ delta: VectorDelta, width: Int) throws(GraftError) {
    self.delta = delta
    self.width = width
    d = try allValues(delta.d)
    b = try allValues(delta.b)
    switch delta.projections {
    case .stored(let a, let b):
      projectionA = try allValues(a)
      projectionB = try allValues(b)
      columns = a.spec.rowElementCount
    case .drawn(let seed, let columns, let rows):
      var twister = MersenneTwister(seed: seed)
      projectionA = twister.evenly(delta.rank * columns, inputs: columns)
      projectionB = twister.evenly(rows * delta.rank, inputs: delta.rank)
      self.columns = columns
    }
  }

  func apply(to values: inout [Double], rows: Range<Int>) throws(GraftError) {
    for i in values.indices {
      let (row, column) = (rows.lowerBound + i / width, i % width)
      for k in 0..<delta.rank { values[i] += term(row, column, k) }
    }
  }

  func float32Error(row: Int, column: Int, base: Double) throws(GraftError) -> Double {
    var magnitude = base.magnitude
    for k in 0..<delta.rank { magnitude += term(row, column, k).magnitude }
    return Double(delta.rank + 5) * float32Unit * magnitude
  }

  private func term(_ row: Int, _ column: Int, _ k: Int) -> Double {
    let (output, input) = delta.isTransposed ? (column, row) : (row, column)
    return b[output] * projectionB[output * delta.rank + k] * d[k]
      * projectionA[k * columns + input]
  }
}

/// Matsumoto's and Nishimura's MT19937 (1998), one output at a time, and torch's way to make
/// float32 numbers of it.
struct MersenneTwister {
  private var words: [UInt32]
  private var index = 0

  init(seed: UInt64) {
    var word = UInt32(truncatingIfNeeded: seed)
    words = [word]
    for i in 1...623 as ClosedRange<UInt32> {
      word = 0x6C07_8965 &* (word ^ (word >> 30)) &+ i
      words.append(word)
    }
  }

  /// float32 numbers between ±√3 · √2 / √inputs.
  mutating func evenly(_ count: Int, inputs: Int) -> [Double] {
    let bound = (3.0).squareRoot() * ((2.0).squareRoot() / Double(inputs).squareRoot())
    let (low, high) = (Float(-bound), Float(bound))
    var out: [Double] = []
    for _ in 0..<count {
      let unit = Float(next() % (1 << 24)) / Float(1 << 24)
      out.append(Double(unit * (high - low) + low))
    }
    return out
  }

  private mutating func next() -> UInt32 {
    let upper = words[index] & (1 << 31)
    let lower = words[(index + 1) % 624] & ((1 << 31) - 1)
    let joined = upper | lower
    let odd: UInt32 = joined % 2 == 1 ? 0x9908_B0DF : 0
    words[index] = words[(index + 397) % 624] ^ (joined >> 1) ^ odd
    var y = words[index]
    index = (index + 1) % 624
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C_5680
    y ^= (y << 15) & 0xEFC6_0000
    y ^= y >> 18
    return y
  }
}
