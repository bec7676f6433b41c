/// Numbers of pairs of numbers that are not negative.
struct PairTable: Sendable {
  private struct Slot {
    var pair: UInt64
    var value: Int32
  }

  private var slots: [Slot]
  private var shift: UInt64
  private var count = 0

  /// Creates a table with room for `capacity` pairs.
  init(capacity: Int) {
    var bits: UInt64 = 6
    while 1 << bits < capacity * 2 { bits += 1 }
    slots = Array(repeating: Slot(pair: .max, value: -1), count: 1 << bits)
    shift = 64 - bits
  }

  /// Sets the number of a pair.
  mutating func set(_ left: Int32, _ right: Int32, _ value: Int32) {
    if count * 2 >= slots.count { grow() }
    let pair = Self.key(left, right)
    let slot = position(of: pair)
    if slots[slot].pair == .max { count += 1 }
    slots[slot] = Slot(pair: pair, value: value)
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(pair: .max, value: -1), count: old.count * 2)
    shift -= 1
    for entry in old where entry.pair != .max { slots[position(of: entry.pair)] = entry }
  }

  /// The number of a pair, or -1.
  @inline(__always)
  subscript(_ left: Int32, _ right: Int32) -> Int32 {
    slots[position(of: Self.key(left, right))].value
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func position(of pair: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while slots[slot].pair != pair, slots[slot].pair != .max {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }
}
