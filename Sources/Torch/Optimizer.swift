import CTorch
public import Diagnostics

/// AdamW as `torch.optim.AdamW` defines it, over float32 parameters.
public final class AdamW {
  /// The numbers of one step but the learning rate.
  public struct Settings: Sendable, Equatable {
    /// The decay of the mean gradient.
    public var beta1: Double
    /// The decay of the mean squared gradient.
    public var beta2: Double
    /// Added to the root of the mean squared gradient.
    public var epsilon: Double
    /// The fraction of each weight, times the learning rate, that a step takes away.
    public var weightDecay: Double

    /// The defaults are those of `transformers.TrainingArguments`.
    public init(
      beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  /// What AdamW remembers of one parameter.
  public struct State {
    /// The mean gradient, shaped as the parameter.
    public let firstMoment: Tensor
    /// The mean squared gradient, shaped as the parameter.
    public let secondMoment: Tensor
    /// The number of steps taken, a float32 scalar.
    public let steps: Tensor
  }

  /// The parameters, in the order given.
  public let parameters: [Tensor]
  /// The numbers of a step.
  public let settings: Settings
  /// One per parameter; restore a saved one with ``Tensor/copy(from:)``.
  public let states: [State]

  /// Creates the state of an optimiser that has taken no step.
  public init(_ parameters: [Tensor], settings: Settings = Settings()) throws(GraftError) {
    self.parameters = parameters
    self.settings = settings
    var states: [State] = []
    for parameter in parameters {
      states.append(
        State(
          firstMoment: try .zeros(parameter.shape, device: parameter.device),
          secondMoment: try .zeros(parameter.shape, device: parameter.device),
          steps: try .zeros([], device: parameter.device)))
    }
    self.states = states
  }

  /// Moves every parameter that has a gradient.
  public func step(learningRate: Double) throws(GraftError) {
    var moved: [(parameter: Tensor, gradient: Tensor, state: State)] = []
    for (parameter, state) in zip(parameters, states) {
      guard let gradient = try parameter.gradient() else { continue }
      moved.append((parameter, gradient, state))
    }
    let adamw = ctorch_adamw(
      learning_rate: learningRate, beta1: settings.beta1, beta2: settings.beta2,
      epsilon: settings.epsilon, weight_decay: settings.weightDecay)
    try withExtendedLifetime(moved) { () throws(GraftError) in
      try check("AdamW") {
        ctorch_adamw_step(
          moved.map(\.parameter.handle), moved.map(\.gradient.handle),
          moved.map(\.state.firstMoment.handle), moved.map(\.state.secondMoment.handle),
          moved.map(\.state.steps.handle), moved.count, adamw)
      }
    }
  }

  /// Forgets all gradients and frees their memory.
  public func clearGradients() throws(GraftError) {
    for parameter in parameters { try parameter.setGradient(nil) }
  }
}

/// Scales the gradients of `parameters` so that their norm together is at most `limit`, as
/// `torch.nn.utils.clip_grad_norm_` does.
///
/// - Returns: the norm before; not finite where a gradient is not, and then the gradients are not
///   to be used.
@discardableResult
public func clipGradients(
  of parameters: [Tensor], to limit: Double
) throws(GraftError) -> Double {
  var gradients: [Tensor] = []
  for parameter in parameters {
    if let gradient = try parameter.gradient() { gradients.append(gradient) }
  }
  let handles: [OpaquePointer] = gradients.map(\.handle)
  var norm = 0.0
  try withExtendedLifetime(gradients) { () throws(GraftError) in
    try check("the gradients' norm") { ctorch_global_norm(handles, handles.count, &norm) }
    let factor = limit / (norm + 1e-6)
    if factor < 1 {
      try check("clipping") { ctorch_scale_all_in_place(handles, handles.count, factor) }
    }
  }
  return norm
}
