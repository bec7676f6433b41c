import Diagnostics
import TensorCore
import Torch

/// A frozen linear layer with, perhaps, a trainable low-rank update:
/// y = x Wᵀ + b + s · drop(x) Aᵀ Bᵀ.
final class LinearLayer {
  /// A low-rank update; both matrices are float32 parameters.
  struct Update {
    /// `[rank, in]`
    let a: Tensor
    /// `[out, rank]`
    let b: Tensor
    /// What multiplies B·A.
    let scale: Double
    /// The probability that an input element is dropped in training.
    let dropout: Double
  }

  /// The module's path in the base model, as in `model.layers.0.self_attn.q_proj`.
  let name: String
  /// `[out, in]`
  let weight: Tensor
  /// `[out]`
  let bias: Tensor?
  /// The update, once the model is adapted.
  var update: Update?

  init(name: String, weight: Tensor, bias: Tensor?) {
    self.name = name
    self.weight = weight
    self.bias = bias
  }

  /// - Parameters:
  ///   - x: `[rows, in]`
  ///   - training: whether dropout is active.
  /// - Returns: `[rows, out]`
  func callAsFunction(_ x: Tensor, training: Bool) throws(GraftError) -> Tensor {
    guard let update else { return try x.linear(weight, bias: bias) }
    let type = x.dtype ?? .f32
    let drops = training && update.dropout > 0
    if !drops, type == .f32 {
      return try x.linear(weight, bias: bias, a: update.a, b: update.b, scale: update.scale)
    }
    var input = try x.converted(to: .f32)
    if drops { input = try input.dropout(update.dropout) }
    let change = try input.linear(update.a).linear(update.b) * update.scale
    return try x.linear(weight, bias: bias) + change.converted(to: type)
  }
}
