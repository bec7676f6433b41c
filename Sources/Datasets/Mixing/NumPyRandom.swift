/// Numbers as NumPy's `default_rng(seed).random()` draws them: PCG64, seeded by `SeedSequence`.
///
/// Source: O'Neill, "PCG" (2014), and NumPy's reference for both.
struct NumPyGenerator {
  private var state: UInt128
  private let increment: UInt128

  init(seed: UInt64) {
    let words = Self.seedWords(seed)
    let wide = { (i: Int) in UInt128(words[i]) << 64 | UInt128(words[i + 1]) }
    increment = wide(2) << 1 | 1
    state = 0
    advance()
    state &+= wide(0)
    advance()
  }

  private mutating func advance() {
    let multiplier = UInt128(2_549_297_995_355_413_924) << 64 | 4_865_540_595_714_422_341
    state = state &* multiplier &+ increment
  }

  /// The next number from 0 to below 1.
  mutating func next() -> Double {
    advance()
    let mixed = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
    let turns = UInt64(truncatingIfNeeded: state >> 122)
    let word = mixed >> turns | mixed << ((64 &- turns) & 63)
    return Double(word >> 11) * 0x1p-53
  }

  /// What `SeedSequence(seed).generate_state(4, uint64)` gives.
  private static func seedWords(_ seed: UInt64) -> [UInt64] {
    var factor: UInt32 = 0x43B0_D7E5
    func hashed(_ value: UInt32) -> UInt32 {
      var value = value ^ factor
      factor &*= 0x931E_8875
      value &*= factor
      return value ^ value >> 16
    }
    func mixed(_ a: UInt32, _ b: UInt32) -> UInt32 {
      let value = a &* 0xCA01_F9DD &- b &* 0x4973_F715
      return value ^ value >> 16
    }
    let high = UInt32(truncatingIfNeeded: seed >> 32)
    let entropy = [UInt32(truncatingIfNeeded: seed)] + (high == 0 ? [] : [high])
    var pool = (0..<4).map { hashed($0 < entropy.count ? entropy[$0] : 0) }
    for source in 0..<4 {
      for target in 0..<4 where source != target {
        pool[target] = mixed(pool[target], hashed(pool[source]))
      }
    }
    factor = 0x8B51_F9DD
    let words = (0..<8).map { i in
      var value = pool[i % 4] ^ factor
      factor &*= 0x58F3_8DED
      value &*= factor
      return value ^ value >> 16
    }
    return (0..<4).map { UInt64(words[2 * $0]) | UInt64(words[2 * $0 + 1]) << 32 }
  }
}

/// Numbers as NumPy's older `numpy.random` draws them after `seed(...)`: the Mersenne Twister.
///
/// Source: Matsumoto and Nishimura, "Mersenne Twister" (1998); how whole numbers are drawn from it
/// is NumPy's.
public struct NumPyTwister: Sendable {
  private var words: [UInt32]
  private var position = 624

  /// Begins with a seed below 2^32.
  public init(seed: UInt32) {
    var word = seed
    words = [word]
    for i in 1..<624 as Range<UInt32> {
      word = 1_812_433_253 &* (word ^ word >> 30) &+ i
      words.append(word)
    }
  }

  private mutating func next() -> UInt32 {
    if position == 624 {
      for i in 0..<624 {
        let mixed = words[i] & 0x8000_0000 | words[(i + 1) % 624] & 0x7FFF_FFFF
        words[i] = words[(i + 397) % 624] ^ mixed >> 1 ^ (mixed & 1 == 0 ? 0 : 0x9908_B0DF)
      }
      position = 0
    }
    var word = words[position]
    position += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9D2C_5680
    word ^= word << 15 & 0xEFC6_0000
    return word ^ word >> 18
  }

  /// A number from 0 to `limit`, by rejection under a mask.
  private mutating func number(through limit: Int) -> Int {
    guard limit > 0 else { return 0 }
    let mask = UInt64.max >> UInt64(UInt64(limit).leadingZeroBitCount)
    while true {
      var value = UInt64(next())
      if limit > UInt32.max { value = value << 32 | UInt64(next()) }
      value &= mask
      if value <= UInt64(limit) { return Int(value) }
    }
  }

  /// The numbers below `count` in a random order: `permutation(count)`.
  mutating func permutation(_ count: Int) -> [Int] {
    var numbers = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { numbers.swapAt(i, number(through: i)) }
    return numbers
  }

  /// Numbers below `count`, which may repeat: `choice(count, size)`.
  mutating func choice(_ count: Int, size: Int) -> [Int] {
    (0..<size).map { _ in number(through: count - 1) }
  }
}
