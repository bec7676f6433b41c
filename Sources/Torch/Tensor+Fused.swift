import CTorch
public import Diagnostics

/// Steps of a decoder that are one operation each, with a backward of their own.
///
/// They run fused in float32 on the CPU, and as plain operations elsewhere.
extension Tensor {
  /// x / √(mean(x²) + ε) · weight over the last dimension, computed in float32.
  ///
  /// - Parameter weight: `[size]`
  public func rmsNormalized(_ weight: Tensor, epsilon: Double) throws(GraftError) -> Tensor {
    try produce("RMS norm") { ctorch_rms_norm(handle, weight.handle, epsilon, $0) }
  }

  /// Turns elements i and i + size/2 of each head by the row's i-th angle.
  ///
  /// - Parameters:
  ///   - cosine: `[rows, size/2]`; this tensor is `[rows, heads · size]`.
  ///   - sine: as `cosine`.
  public func rotated(cosine: Tensor, sine: Tensor) throws(GraftError) -> Tensor {
    try produce("rotary embedding") {
      ctorch_rotary(handle, cosine.handle, sine.handle, $0)
    }
  }

  /// silu(self) · up, the gate of SwiGLU (arXiv 2002.05202).
  public func gated(_ up: Tensor) throws(GraftError) -> Tensor {
    try produce("SwiGLU") { ctorch_swiglu(handle, up.handle, $0) }
  }
}
