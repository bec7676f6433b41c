/// The element type of a tensor, by its safetensors name.
///
/// Source: the safetensors format's `Dtype` list.
public enum DType: String, Sendable, Hashable, CaseIterable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case f8E4M3 = "F8_E4M3"
  case f8E5M2 = "F8_E5M2"
  case f8E8M0 = "F8_E8M0"
  case f8E4M3FNUZ = "F8_E4M3FNUZ"
  case f8E5M2FNUZ = "F8_E5M2FNUZ"
  case f4 = "F4"
  case f6E2M3 = "F6_E2M3"
  case f6E3M2 = "F6_E3M2"
  case i64 = "I64"
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u64 = "U64"
  case u32 = "U32"
  case u16 = "U16"
  case u8 = "U8"
  case bool = "BOOL"
  case c64 = "C64"

  /// The size of one element in bits; below 8 for packed types.
  public var bitWidth: Int {
    switch self {
    case .f64, .i64, .u64, .c64: 64
    case .f32, .i32, .u32: 32
    case .f16, .bf16, .i16, .u16: 16
    case .f8E4M3, .f8E5M2, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ, .i8, .u8, .bool: 8
    case .f6E2M3, .f6E3M2: 6
    case .f4: 4
    }
  }

  /// The size of one element in bytes, or nil for packed types.
  public var byteWidth: Int? { bitWidth % 8 == 0 ? bitWidth / 8 : nil }

  /// Whether the type holds real numbers that Graft computes with (F64, F32, F16, BF16).
  public var isFloatingPoint: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16: true
    default: false
    }
  }

  /// The name that PyTorch and config.json use ("bfloat16", "float32", ...).
  public var torchName: String {
    switch self {
    case .f64: "float64"
    case .f32: "float32"
    case .f16: "float16"
    case .bf16: "bfloat16"
    case .f8E4M3: "float8_e4m3fn"
    case .f8E5M2: "float8_e5m2"
    case .f8E8M0: "float8_e8m0fnu"
    case .f8E4M3FNUZ: "float8_e4m3fnuz"
    case .f8E5M2FNUZ: "float8_e5m2fnuz"
    case .f4: "float4_e2m1fn_x2"
    case .f6E2M3: "float6_e2m3"
    case .f6E3M2: "float6_e3m2"
    case .i64: "int64"
    case .i32: "int32"
    case .i16: "int16"
    case .i8: "int8"
    case .u64: "uint64"
    case .u32: "uint32"
    case .u16: "uint16"
    case .u8: "uint8"
    case .bool: "bool"
    case .c64: "complex64"
    }
  }

  /// The type with this name: PyTorch's, safetensors', or a usual short form ("bf16", "fp16").
  public init?(anyName name: String) {
    let lower = name.lowercased()
    for type in DType.allCases where type.torchName == lower || type.rawValue.lowercased() == lower
    {
      self = type
      return
    }
    switch lower {
    case "fp32", "float": self = .f32
    case "fp16", "half": self = .f16
    case "double", "fp64": self = .f64
    default: return nil
    }
  }
}
