import Checkpoint
import TensorCore

/// The numbers of a type in their order, as whole numbers: neighbours differ by 1, and every bit
/// pattern has its own.
enum OrderedBits {
  /// The types whose numbers can be counted.
  static func isCountable(_ dtype: DType) -> Bool { [.f32, .f16, .bf16].contains(dtype) }

  /// The place of a number, from its bits.
  static func place(_ bits: UInt32, _ dtype: DType) -> UInt32 {
    let sign: UInt32 = dtype == .f32 ? 0x8000_0000 : 0x8000
    return bits & sign == 0 ? bits | sign : ~bits & (sign | (sign - 1))
  }

  /// The bits of the number at a place.
  static func bits(_ place: UInt32, _ dtype: DType) -> UInt32 {
    let sign: UInt32 = dtype == .f32 ? 0x8000_0000 : 0x8000
    return place & sign != 0 ? place & ~sign : ~place & (sign | (sign - 1))
  }

  /// The bits of the nearest number, ties to even.
  static func rounded(_ value: Double, _ dtype: DType) -> UInt32 {
    switch dtype {
    case .bf16: UInt32(BFloat16(PlannedTensor.roundedToOdd(value)).bitPattern)
    case .f16: UInt32(Float16(value).bitPattern)
    default: Float(value).bitPattern
    }
  }

  /// The distance from one place to another, the short way round.
  static func distance(from: UInt32, to: UInt32, _ dtype: DType) -> Int {
    let gap = to &- from
    return dtype == .f32
      ? Int(Int32(bitPattern: gap)) : Int(Int16(truncatingIfNeeded: gap))
  }

  /// The place at a distance.
  static func step(_ from: UInt32, by distance: Int, _ dtype: DType) -> UInt32 {
    let sum = from &+ UInt32(truncatingIfNeeded: distance)
    return dtype == .f32 ? sum : sum & 0xFFFF
  }
}
