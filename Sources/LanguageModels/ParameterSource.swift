import Diagnostics
import TensorCore
import Torch

/// Hands out a model's parameters by name, checked, each once.
struct ParameterSource {
  private var tensors: [String: Tensor]
  private let dtype: DType

  init(_ tensors: [String: Tensor], dtype: DType) {
    self.tensors = tensors
    self.dtype = dtype
  }

  mutating func take(_ name: String, _ shape: [Int]) throws(GraftError) -> Tensor {
    guard let tensor = tensors.removeValue(forKey: name) else { throw .parameterMissing(name) }
    guard tensor.shape == shape else {
      throw .parameterShape(name, found: tensor.shape, expected: shape)
    }
    return try tensor.converted(to: dtype)
  }

  mutating func linear(
    _ name: String, from input: Int, to output: Int, bias: Bool
  ) throws(GraftError) -> LinearLayer {
    LinearLayer(
      name: name, weight: try take("\(name).weight", [output, input]),
      bias: bias ? try take("\(name).bias", [output]) : nil)
  }

  mutating func norm(_ name: String, _ config: DecoderConfig) throws(GraftError) -> RMSNorm {
    RMSNorm(
      weight: try take("\(name).weight", [config.hiddenSize]), epsilon: config.normEpsilon)
  }

  /// Throws where a tensor was not taken.
  func finish() throws(GraftError) {
    guard tensors.isEmpty else { throw .parameterUnexpected(tensors.keys.sorted()) }
  }
}
