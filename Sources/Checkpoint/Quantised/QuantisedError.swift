public import Diagnostics
import TensorCore

extension GraftError.Code {
  /// A quantised checkpoint of a kind, or with a tensor, that cannot be dequantised here.
  public static let cannotDequantise = Self("cannot-dequantise", .input)
}

extension GraftError {
  private static let original =
    "Use the unquantised model that it was made from, or save it dequantised with transformers"

  static func quantisationUnknown(_ method: String, file: String) -> Self {
    Self(
      .cannotDequantise,
      "is quantised by '\(method)', which is not dequantised here; bitsandbytes (nf4, fp4, int8) "
        + "and FP8 with weight_scale_inv are",
      file: file, remedy: original)
  }

  static func quantisedPartMissing(_ part: String, of tensor: String, file: String) -> Self {
    Self(
      .cannotDequantise, "lacks its '\(part)', without which its numbers mean nothing", file: file,
      tensor: tensor, remedy: "Copy the whole checkpoint again")
  }

  static func quantisedPartInvalid(_ what: String, of tensor: String, file: String) -> Self {
    Self(.cannotDequantise, what, file: file, tensor: tensor, remedy: original)
  }

  static func quantisedPartSpare(_ tensor: String, file: String) -> Self {
    Self(
      .cannotDequantise, "belongs to no quantised weight", file: file, tensor: tensor,
      remedy: original)
  }
}
