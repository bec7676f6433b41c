import Diagnostics
import Torch

/// x / √(mean(x²) + ε) · w over the last dimension, computed in float32.
struct RMSNorm {
  let weight: Tensor
  let epsilon: Double

  func callAsFunction(_ x: Tensor) throws(GraftError) -> Tensor {
    try x.rmsNormalized(weight, epsilon: epsilon)
  }
}
