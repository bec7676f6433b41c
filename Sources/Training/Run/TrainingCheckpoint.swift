import Checkpoint
import Diagnostics
import FileIO
import LanguageModels
import Safetensors
import StrictJSON
import TensorCore
import Torch

/// A directory `checkpoint-N`: an adapter with its head, and what is needed to go on exactly.
///
/// The order of the rows and the numbers of dropout depend on seeds and step alone, so no
/// generator's state is saved.
enum TrainingCheckpoint {
  /// Step, sums, and the fingerprint of the run.
  static let stateFile = "training_state.json"
  /// The moments of AdamW by parameter: `exp_avg.NAME`, `exp_avg_sq.NAME`, `step.NAME`.
  static let optimizerFile = "optimizer.safetensors"

  /// Writes a checkpoint; it appears whole or not at all.
  ///
  /// - Parameter isResumable: whether optimiser and state are written too.
  static func save(
    _ path: String, _ model: RewardModel, _ optimizer: AdamW, _ state: TrainingState,
    fingerprint: JSONObject, adapter: AdapterOutput, isResumable: Bool
  ) throws(GraftError) {
    let output = try OutputDirectory(path, replacing: true)
    var records: [FileRecord] = []
    if isResumable {
      let text = state.json(fingerprint: fingerprint).text(.pretty) + "\n"
      records = [
        FileRecord(name: stateFile, seal: try output.write(text, to: stateFile)),
        FileRecord(
          name: optimizerFile,
          seal: try write(optimizer, model, to: output.file(optimizerFile))),
      ]
    }
    try adapter.write(model, step: state.step, others: records, to: output)
    try output.commit()
  }

  /// Restores optimiser and state; the model was loaded from the checkpoint's adapter.
  static func restore(
    _ path: String, _ model: RewardModel, _ optimizer: AdamW, fingerprint: JSONObject
  ) throws(GraftError) -> TrainingState {
    let stateFile = "\(path)/\(stateFile)"
    let json = try JSONValue.parse(readFile(stateFile), file: stateFile)
    let state = try TrainingState(json, fingerprint: fingerprint, file: stateFile)
    let file = try SafetensorsFile("\(path)/\(optimizerFile)")
    for (name, tensor) in moments(optimizer, model) {
      guard let spec = file.spec(of: name) else {
        throw .checkpointLacks(name, file: file.path)
      }
      guard spec.dtype == .f32, spec.shape == tensor.shape else {
        throw .optimizerShape(spec, expected: tensor.shape, file: file.path)
      }
      let saved = try file.withBytes(of: name) { (bytes) throws(GraftError) in
        try Tensor(bytes: bytes, dtype: .f32, shape: spec.shape)
      }
      try tensor.copy(from: saved)
    }
    return state
  }

  private static func write(
    _ optimizer: AdamW, _ model: RewardModel, to path: String
  ) throws(GraftError) -> OutputFile.Seal {
    let all = moments(optimizer, model)
    let writer = try SafetensorsWriter(
      path, tensors: all.map { TensorSpec(name: $0.name, dtype: .f32, shape: $0.tensor.shape) })
    for (_, tensor) in all {
      let bytes = try tensor.bytes()
      try bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in try writer.append(raw) }
    }
    return try writer.close()
  }

  private static func moments(
    _ optimizer: AdamW, _ model: RewardModel
  ) -> [(name: String, tensor: Tensor)] {
    zip(model.trainableParameters, optimizer.states).flatMap { parameter, state in
      [
        ("exp_avg.\(parameter.name)", state.firstMoment),
        ("exp_avg_sq.\(parameter.name)", state.secondMoment),
        ("step.\(parameter.name)", state.steps),
      ]
    }
  }
}
