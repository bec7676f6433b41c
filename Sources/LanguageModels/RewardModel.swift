public import Diagnostics
import TensorCore
public import Torch

/// A decoder with a scalar head: one reward per sequence, read at its last token.
public final class RewardModel {
  /// The decoder.
  public let decoder: DecoderModel
  /// The head, `[1, hidden]`, a float32 parameter.
  public let head: Tensor
  /// Added to every reward, `[1]`; most heads have none.
  public let headBias: Tensor?
  /// What scoring does to the head's value; training does not see it.
  public var adjustment = RewardAdjustment()

  /// Puts a head on a decoder.
  ///
  /// - Parameters:
  ///   - decoder: the model; its output matrix is not used.
  ///   - head: `[1, hidden]`; copied.
  ///   - bias: `[1]`.
  public init(
    decoder: DecoderModel, head: Tensor, bias: Tensor? = nil
  ) throws(GraftError) {
    var source = ParameterSource(["score.weight": head], dtype: .f32)
    self.decoder = decoder
    self.head = try source.take("score.weight", [1, decoder.config.hiddenSize]).copied()
    if let bias {
      var source = ParameterSource(["score.bias": bias], dtype: .f32)
      headBias = try source.take("score.bias", [1]).copied()
    } else {
      headBias = nil
    }
    try self.head.setRequiresGradient(true)
    try headBias?.setRequiresGradient(true)
  }

  /// A fresh head: normal with deviation 1/√(hidden + 1), as OpenRLHF draws it.
  ///
  /// - Parameter seed: of a draw that depends on nothing else.
  /// - Returns: `[1, hidden]`
  public static func freshHead(hiddenSize: Int, seed: UInt64) throws(GraftError) -> Tensor {
    try .normal([1, hiddenSize], deviation: 1 / Double(hiddenSize + 1).squareRoot(), seed: seed)
  }

  /// The reward of each sequence, `[sequences]`, float32.
  public func rewards(_ batch: PackedBatch) throws(GraftError) -> Tensor {
    let hidden = try decoder.lastHiddenStates(batch).converted(to: .f32)
    return try hidden.linear(head, bias: headBias).squeezed(1)
  }

  /// Whether dropout is active; off at first.
  public var isTraining: Bool {
    get { decoder.isTraining }
    set { decoder.isTraining = newValue }
  }

  /// Everything that training changes: the adapter in layer order, then the head, by PEFT's names.
  public var trainableParameters: [NamedParameter] {
    var parameters = decoder.adapterParameters
    parameters.append(NamedParameter(name: "base_model.model.score.weight", tensor: head))
    if let headBias {
      parameters.append(NamedParameter(name: "base_model.model.score.bias", tensor: headBias))
    }
    return parameters
  }
}
