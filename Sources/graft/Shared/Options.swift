import Checkpoint
import Diagnostics
import TensorCore

/// Reads the values of options that several commands share.
enum Options {
  /// An element type that Graft writes, by any of its names.
  static func dtype(_ text: String?) throws(GraftError) -> DType? {
    guard let text else { return nil }
    guard let dtype = DType(anyName: text), [.f32, .f16, .bf16].contains(dtype) else {
      throw .invalidOption("--dtype", text, expected: "f32, f16 or bf16")
    }
    return dtype
  }

  /// How experts are laid out.
  static func experts(_ text: String?) throws(GraftError) -> ExpertLayout? {
    guard let text else { return nil }
    guard let layout = ExpertLayout(rawValue: text) else {
      throw .invalidOption("--experts", text, expected: "per-expert or fused")
    }
    return layout
  }

  /// A size in bytes, as in `5GB`, `500 MB` or `1000000`; units are powers of 1000, and of 1024
  /// where they are written `MiB`.
  static func size(_ text: String) throws(GraftError) -> Int {
    let wrong = GraftError.invalidOption("--shard-size", text, expected: "a size such as 5GB")
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(digits.count).filter { $0 != " " }.lowercased()
    let factors = [
      "": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1024, "mib": 1_048_576,
      "gib": 1_073_741_824,
    ]
    guard let number = Double(digits), let factor = factors[unit], number * factor >= 1,
      number * factor < 1e18
    else { throw wrong }
    return Int(number * factor)
  }
}
