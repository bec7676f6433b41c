import CKernels

/// The storage type of a GGUF tensor: numbers, or blocks of quantised numbers.
///
/// Source: `GGMLQuantizationType` and `GGML_QUANT_SIZES` of the gguf Python package 0.19.
public struct GGMLType: Sendable, Hashable, CustomStringConvertible {
  /// The number that stands for the type in a file.
  public let rawValue: UInt32

  /// Names a type by its number, whether it is known or not.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// float32
  public static let f32 = GGMLType(rawValue: 0)
  /// float16
  public static let f16 = GGMLType(rawValue: 1)
  /// bfloat16
  public static let bf16 = GGMLType(rawValue: 30)
  /// 4 bits and a scale
  public static let q4Scaled = GGMLType(rawValue: 2)
  /// 4 bits, a scale and a minimum
  public static let q4ScaledOffset = GGMLType(rawValue: 3)
  /// 8 bits and a scale
  public static let q8Scaled = GGMLType(rawValue: 8)

  /// The usual name, as in "Q4_1"; "type 99" for an unknown number.
  public var description: String { layout?.name ?? "type \(rawValue)" }

  /// The numbers in one block, or nil for an unknown type.
  public var blockSize: Int? { layout?.size }

  /// The bytes of one block, or nil for an unknown type.
  public var blockByteCount: Int? { layout?.byteCount }

  /// Whether Graft can turn the type into float32.
  public var isReadable: Bool { unsafe layout?.dequantize != nil }

  /// The names of all types that Graft can turn into float32.
  public static let readableNames: [String] = layouts.sorted { $0.key < $1.key }
    .compactMap { unsafe $0.value.dequantize == nil ? nil : $0.value.name }

  var layout: Layout? { Self.layouts[rawValue] }

  /// How a type lies in memory, and the kernel that widens it.
  @safe struct Layout: Sendable {
    typealias Kernel =
      @convention(c) @Sendable (UnsafePointer<UInt8>, UnsafeMutablePointer<Float>, Int) -> Void

    var name: String
    var size: Int
    var byteCount: Int
    var dequantize: Kernel?

    init(_ name: String, _ size: Int, _ byteCount: Int, _ dequantize: Kernel? = nil) {
      self.name = name
      self.size = size
      self.byteCount = byteCount
      unsafe self.dequantize = unsafe dequantize
    }
  }

  private static let layouts: [UInt32: Layout] = unsafe [
    0: Layout("F32", 1, 4, graft_dequantize_f32),
    1: Layout("F16", 1, 2, graft_dequantize_f16),
    2: Layout("Q4_0", 32, 18, graft_dequantize_q4_0),
    3: Layout("Q4_1", 32, 20, graft_dequantize_q4_1),
    6: Layout("Q5_0", 32, 22, graft_dequantize_q5_0),
    7: Layout("Q5_1", 32, 24, graft_dequantize_q5_1),
    8: Layout("Q8_0", 32, 34, graft_dequantize_q8_0),
    9: Layout("Q8_1", 32, 40),
    10: Layout("Q2_K", 256, 84, graft_dequantize_q2_k),
    11: Layout("Q3_K", 256, 110, graft_dequantize_q3_k),
    12: Layout("Q4_K", 256, 144, graft_dequantize_q4_k),
    13: Layout("Q5_K", 256, 176, graft_dequantize_q5_k),
    14: Layout("Q6_K", 256, 210, graft_dequantize_q6_k),
    15: Layout("Q8_K", 256, 292),
    16: Layout("IQ2_XXS", 256, 66),
    17: Layout("IQ2_XS", 256, 74),
    18: Layout("IQ3_XXS", 256, 98),
    19: Layout("IQ1_S", 256, 50),
    20: Layout("IQ4_NL", 32, 18, graft_dequantize_iq4_nl),
    21: Layout("IQ3_S", 256, 110),
    22: Layout("IQ2_S", 256, 82),
    23: Layout("IQ4_XS", 256, 136, graft_dequantize_iq4_xs),
    24: Layout("I8", 1, 1),
    25: Layout("I16", 1, 2),
    26: Layout("I32", 1, 4),
    27: Layout("I64", 1, 8),
    28: Layout("F64", 1, 8),
    29: Layout("IQ1_M", 256, 56),
    30: Layout("BF16", 1, 2, graft_dequantize_bf16),
    34: Layout("TQ1_0", 256, 54, graft_dequantize_tq1_0),
    35: Layout("TQ2_0", 256, 66, graft_dequantize_tq2_0),
    39: Layout("MXFP4", 32, 17, graft_dequantize_mxfp4),
    40: Layout("NVFP4", 64, 36),
    41: Layout("Q1_0", 128, 18),
  ]
}
