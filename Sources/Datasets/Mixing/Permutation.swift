/// The numbers below a count in an order that depends on a seed and a stream alone, computed place
/// by place: nothing is held but the keys.
///
/// A Feistel network permutes the numbers of an even number of bits; what falls outside the count
/// goes through it again. Source: Black and Rogaway, "Ciphers with arbitrary finite domains"
/// (2002).
public struct Permutation: Sendable, Equatable {
  /// How many numbers there are.
  public let count: Int
  private let halfBits: UInt64
  private let keys: [UInt64]
  private static let rounds = 10

  /// The order of `count` numbers.
  public init(count: Int, seed: UInt64, stream: UInt64) {
    precondition(count >= 0, "fewer than no numbers")
    self.count = count
    let bits = UInt64(64 - UInt64(max(count - 1, 1)).leadingZeroBitCount)
    halfBits = (bits + 1) / 2
    var seeds = SplitMix64(seed: seed)
    var generator = SplitMix64(seed: seeds.next() ^ (stream &* 0xD1B5_4A32_D192_ED03))
    keys = (0..<Self.rounds).map { _ in generator.next() }
  }

  /// The number at a place.
  ///
  /// - Precondition: `place` is below the count.
  public subscript(_ place: Int) -> Int {
    precondition(0..<count ~= place, "beyond the count")
    var number = UInt64(place)
    repeat { number = permuted(number) } while number >= UInt64(count)
    return Int(number)
  }

  private func permuted(_ number: UInt64) -> UInt64 {
    let mask = (1 as UInt64) << halfBits &- 1
    var (left, right) = (number >> halfBits, number & mask)
    for key in keys {
      var generator = SplitMix64(seed: key ^ right &* 0x9E37_79B9_7F4A_7C15)
      (left, right) = (right, left ^ generator.next() >> (64 - halfBits))
    }
    return left << halfBits | right
  }
}

/// A small, fast generator whose numbers depend on the seed alone.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
public struct SplitMix64: Sendable {
  private var state: UInt64

  /// Begins with a seed.
  public init(seed: UInt64) { state = seed }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
