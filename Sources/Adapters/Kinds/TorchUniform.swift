/// The numbers that torch's CPU generator draws for `Tensor.uniform_`: the Mersenne Twister
/// MT19937, 24 of whose bits make one float32.
///
/// Source: PyTorch `ATen/core/MT19937RNGEngine.h` and `ATen/core/TransformationHelper.h`.
struct TorchUniform {
  private var state = [UInt32](repeating: 0, count: 624)
  private var place = 624

  init(seed: UInt64) {
    state[0] = UInt32(truncatingIfNeeded: seed)
    for i in 1..<624 {
      let last = state[i - 1]
      state[i] = 1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(i)
    }
  }

  /// Draws numbers between `-bound` and `bound`.
  mutating func draw(_ count: Int, bound: Double) -> [Float] {
    let (low, high) = (Float(-bound), Float(bound))
    return (0..<count).map { _ in
      let unit = Float(next() & 0xFF_FFFF) * 0x1p-24
      return unit * (high - low) + low
    }
  }

  private mutating func next() -> UInt32 {
    if place == 624 { turn() }
    var y = state[place]
    place += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C_5680
    y ^= (y << 15) & 0xEFC6_0000
    return y ^ (y >> 18)
  }

  private mutating func turn() {
    for i in 0..<624 {
      let mixed = (state[i] & 0x8000_0000) | (state[(i + 1) % 624] & 0x7FFF_FFFF)
      state[i] = state[(i + 397) % 624] ^ (mixed >> 1) ^ (mixed & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    place = 0
  }
}

extension VectorDelta.Projections {
  /// A and B row by row, with the number of columns of A.
  ///
  /// Drawn anew on every call where they are not stored: evenly within ±√6 / √(inputs), A first.
  public func drawn(rank: Int) -> (a: [Float], b: [Float])? {
    guard case .drawn(let seed, let columns, let rows) = self else { return nil }
    var generator = TorchUniform(seed: seed)
    func bound(_ inputs: Int) -> Double {
      (3.0).squareRoot() * ((2.0).squareRoot() / Double(inputs).squareRoot())
    }
    let a = generator.draw(rank * columns, bound: bound(columns))
    let b = generator.draw(rows * rank, bound: bound(rank))
    return (a, b)
  }
}
