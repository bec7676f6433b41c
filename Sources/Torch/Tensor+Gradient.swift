import CTorch
public import Diagnostics

extension Tensor {
  /// Whether operations on this tensor are recorded for ``backward(_:)``.
  public var requiresGradient: Bool { ctorch_requires_gradient(handle) }

  /// Makes this a parameter that gradients are collected for, or stops that.
  public func setRequiresGradient(_ required: Bool) throws(GraftError) {
    try check("changing a parameter") { ctorch_set_requires_gradient(handle, required) }
  }

  /// Adds the derivative of this tensor to the ``gradient`` of each parameter behind it.
  ///
  /// - Parameter outer: the derivative of the loss by this tensor; needed unless this is a scalar.
  public func backward(_ outer: Tensor? = nil) throws(GraftError) {
    try check("computing gradients") { ctorch_backward(handle, outer?.handle) }
  }

  /// The gradient collected since it was last cleared; nil where there is none.
  public func gradient() throws(GraftError) -> Tensor? {
    var result: OpaquePointer?
    try check("reading a gradient") { ctorch_gradient(handle, &result) }
    return result.map { Tensor(owning: $0) }
  }

  /// Replaces the gradient; nil clears it and frees its memory.
  public func setGradient(_ gradient: Tensor?) throws(GraftError) {
    try check("setting a gradient") { ctorch_set_gradient(handle, gradient?.handle) }
  }

  /// The same elements, cut off from what made them.
  public func detached() throws(GraftError) -> Tensor {
    try produce("detaching") { ctorch_detach(handle, $0) }
  }
}

/// Runs `body` without recording operations for gradients.
public func withoutGradients<Result, Failure>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let before = ctorch_gradient_mode()
  ctorch_set_gradient_mode(false)
  defer { ctorch_set_gradient_mode(before) }
  return try body()
}
