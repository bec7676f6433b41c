public import Checkpoint
import Diagnostics
import TensorCore

/// Heads of several layers: made one where nothing stands between them, or carried whole into the
/// class that has such a head.
extension HeadConversion {
  /// Whether the form can hold this head, given what stands between its layers.
  func checkLayers(of head: Head, _ source: HeadedDirectory) throws(GraftError) {
    let known = source.config.isRewardModelClass && head.kind == .score
    if known, let activation, activation != .relu {
      throw .activationContradicted(activation, config: source.config.file)
    }
    let activation = activation ?? (known ? .relu : nil)
    guard form == .rewardModel else {
      guard let activation else { throw .activationUnknown(head, form: form.rawValue) }
      guard activation == .none else { throw .headActivated(head, activation, form: form.rawValue) }
      return
    }
    guard let activation else { throw .activationUnknown(head, form: form.rawValue) }
    guard activation == .relu else {
      throw .headForm(
        form.rawValue, "has a ReLU between its layers, not '\(activation)'", file: source.path)
    }
    let shapes = (head.inner.map(\.weight) + [head.weight]).map(\.spec.shape)
    let hidden = head.hiddenSize
    guard shapes == [[hidden, hidden], [head.labelCount, hidden]] else {
      throw .headForm(
        form.rawValue,
        "holds layers of [\(hidden), \(hidden)] and [labels, \(hidden)]; the head has "
          + shapes.map { "\($0)" }.joined(separator: ", "), file: source.path)
    }
  }

  /// Puts the layers of a head, and of its last one what became of it on the way.
  func placeLayers(
    of head: Head, last values: HeadValues, _ edit: inout HeadEdit
  ) throws(GraftError) {
    for layer in head.inner {
      edit.put(layer.weight, as: "score.0.weight", how: values.how)
      try placeBias(layer.bias, of: layer.weight, as: "score.0.bias", &edit)
    }
    edit.put(values.weight, as: "score.2.weight", how: values.how, dtype: values.dtype)
    try placeBias(values.bias, of: values.weight, as: "score.2.bias", &edit)
    edit.note(
      "vLLM reads this head by itself; transformers needs the modelling code of the class beside "
        + "it (auto_map in config.json), which is carried along where it is there")
  }

  /// The class of a family that has one for such heads.
  func rewardModelClass(
    _ config: ModelConfig, _ family: Architecture
  ) throws(GraftError) -> String {
    if config.isRewardModelClass, let name = config.architectures.first { return name }
    guard family.modelType == Architecture.qwen2.modelType else {
      throw .rewardModelClassUnknown(family.modelType, file: config.file)
    }
    return "Qwen2ForRewardModel"
  }

  private func placeBias(
    _ bias: (any TensorSource)?, of weight: any TensorSource, as name: String,
    _ edit: inout HeadEdit
  ) throws(GraftError) {
    if let bias { return edit.put(bias, as: name, how: "the head's bias") }
    edit.create(
      HeadValues.zeroBias(weight.spec.rowCount, dtype: weight.spec.dtype), as: name,
      how: "zero: the form has a bias and the head has none")
  }
}

extension ModelConfig {
  /// Whether the class is one of Qwen's reward models, whose `score` is two layers with a ReLU
  /// between them.
  ///
  /// Source: vLLM, vllm/model_executor/models/qwen2_rm.py.
  public var isRewardModelClass: Bool {
    architectures.contains {
      $0.hasPrefix("Qwen")
        && ($0.hasSuffix("ForRewardModel") || $0.hasSuffix("ForProcessRewardModel"))
    }
  }
}
