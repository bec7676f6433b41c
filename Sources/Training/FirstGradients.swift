import Datasets
public import Diagnostics
import LanguageModels
import Safetensors
import TensorCore
import Torch

/// Writes the gradients of a run's first step, before clipping, by PEFT's names, and its `loss`.
///
/// - Throws: ``GraftError`` as ``trainRewardModel(_:interruption:)`` does, and if `path` exists.
public func writeFirstGradients(_ config: TrainingConfig, to path: String) throws(GraftError) {
  let encoder = try config.encoder()
  let data = try RewardData(config, encoder: encoder)
  let model = try loadForTraining(config, resuming: nil).model
  let order = BatchOrder(config, count: data.train.count)
  model.isTraining = true
  let batches = try order.batches(ofStep: 0).map { (places) throws(GraftError) in
    try data.train.pairs(places)
  }
  let sums = try model.accumulateGradients(batches)
  var tensors: [(spec: TensorSpec, bytes: [UInt8])] = []
  for parameter in model.trainableParameters {
    let shape = parameter.tensor.shape
    let gradient = try parameter.tensor.gradient()
    let bytes = try gradient.map { (tensor) throws(GraftError) in try tensor.bytes() }
    tensors.append(
      (
        TensorSpec(name: parameter.name, dtype: .f32, shape: shape),
        bytes ?? [UInt8](repeating: 0, count: 4 * shape.reduce(1, *))
      ))
  }
  let loss = try Tensor([Float(sums.loss)]).bytes()
  tensors.append((TensorSpec(name: "loss", dtype: .f32, shape: [1]), loss))
  let writer = try SafetensorsWriter(path, tensors: tensors.map(\.spec))
  for (_, bytes) in tensors {
    try bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in try writer.append(raw) }
  }
  _ = try writer.close()
}
