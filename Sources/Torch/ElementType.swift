import CTorch
import Diagnostics
import TensorCore

extension DType {
  /// The type with libtorch's number, or nil for one that Graft has no name for.
  init?(_ native: ctorch_dtype) {
    switch native {
    case CTORCH_FLOAT64: self = .f64
    case CTORCH_FLOAT32: self = .f32
    case CTORCH_FLOAT16: self = .f16
    case CTORCH_BFLOAT16: self = .bf16
    case CTORCH_INT64: self = .i64
    case CTORCH_INT32: self = .i32
    case CTORCH_INT16: self = .i16
    case CTORCH_INT8: self = .i8
    case CTORCH_UINT8: self = .u8
    case CTORCH_BOOL: self = .bool
    default: return nil
    }
  }

  /// libtorch's number; throws for a type that only files know.
  func native() throws(GraftError) -> ctorch_dtype {
    switch self {
    case .f64: return CTORCH_FLOAT64
    case .f32: return CTORCH_FLOAT32
    case .f16: return CTORCH_FLOAT16
    case .bf16: return CTORCH_BFLOAT16
    case .i64: return CTORCH_INT64
    case .i32: return CTORCH_INT32
    case .i16: return CTORCH_INT16
    case .i8: return CTORCH_INT8
    case .u8: return CTORCH_UINT8
    case .bool: return CTORCH_BOOL
    default: throw .tensorDType(rawValue)
    }
  }
}
