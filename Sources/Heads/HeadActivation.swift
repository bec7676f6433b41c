/// What stands between the layers of a head that has several.
///
/// No file holds it; it is in the code of the model's class.
public enum HeadActivation: String, Sendable, CaseIterable {
  /// Nothing: the layers make one matrix.
  case none
  /// max(x, 0), in Qwen's reward models.
  case relu
  /// The hyperbolic tangent.
  case tanh
  /// GELU, exact or approximated.
  case gelu
  /// x · sigmoid(x).
  case silu
}
