import Adapters
import Checkpoint
public import Diagnostics
import TensorCore
public import Torch

/// A trainable tensor and its name in a PEFT checkpoint.
public struct NamedParameter {
  /// As PEFT writes it: `base_model.model.` + the module's path + `.lora_A.weight`.
  public let name: String
  /// A float32 leaf that collects gradients.
  public let tensor: Tensor
}

extension DecoderModel {
  /// Adds fresh low-rank updates: A drawn evenly within ±1/√in, as PEFT does, B zero.
  ///
  /// - Parameters:
  ///   - settings: rank, scale, and which layers.
  ///   - seed: of a draw that depends on nothing else.
  /// - Throws: ``GraftError`` where a target is no linear layer of the model.
  public func adapt(_ settings: LoRASettings, seed: UInt64) throws(GraftError) {
    let chosen = try targets(settings)
    let counts = chosen.map { settings.rank * $0.weight.shape[1] }
    let draw = try Tensor.uniform([counts.reduce(0, +)], low: -1, high: 1, seed: seed)
    var start = 0
    for (linear, count) in zip(chosen, counts) {
      let shape = linear.weight.shape
      let part = try draw.slice(start..<start + count).reshaped([settings.rank, shape[1]])
      start += count
      let a = try part * (1 / Double(shape[1]).squareRoot())
      try install(a, try Tensor.zeros([shape[0], settings.rank]), in: linear, settings)
    }
    didAdapt(settings)
  }

  /// Adds saved low-rank updates.
  ///
  /// - Parameters:
  ///   - settings: as they were when the tensors were saved.
  ///   - tensors: A and B of each target, by module path and letter
  ///     (`model.layers.0.self_attn.q_proj.lora_A.weight`).
  /// - Throws: ``GraftError`` where one is missing, has another shape, or has no place.
  public func adapt(
    _ settings: LoRASettings, tensors: [String: Tensor]
  ) throws(GraftError) {
    let chosen = try targets(settings)
    var source = ParameterSource(tensors, dtype: .f32)
    for linear in chosen {
      let shape = linear.weight.shape
      let a = try source.take("\(linear.name).lora_A.weight", [settings.rank, shape[1]])
      let b = try source.take("\(linear.name).lora_B.weight", [shape[0], settings.rank])
      try install(try a.copied(), try b.copied(), in: linear, settings)
    }
    try source.finish()
    didAdapt(settings)
  }

  /// The parameters of the updates in the order of the layers, A before B.
  public var adapterParameters: [NamedParameter] {
    linears.flatMap { linear -> [NamedParameter] in
      guard let update = linear.update else { return [] }
      let name = "base_model.model.\(linear.name)"
      return [
        NamedParameter(name: "\(name).lora_A.weight", tensor: update.a),
        NamedParameter(name: "\(name).lora_B.weight", tensor: update.b),
      ]
    }
  }

  /// Puts one saved update on the layer that it changes.
  func install(_ delta: LowRankDelta, dropout: Double) throws(GraftError) {
    let name = delta.target.hasPrefix("model.") ? delta.target : "model.\(delta.target)"
    guard let linear = linears.first(where: { "\($0.name).weight" == name }) else {
      throw .adapterTarget(delta.target, file: delta.a.file)
    }
    let (a, b) = (try Tensor.load(delta.a, as: .f32), try Tensor.load(delta.b, as: .f32))
    try a.setRequiresGradient(true)
    try b.setRequiresGradient(true)
    linear.update = LinearLayer.Update(a: a, b: b, scale: delta.scale, dropout: dropout)
  }

  private func targets(_ settings: LoRASettings) throws(GraftError) -> [LinearLayer] {
    try settings.check()
    var known: [String] = []
    for linear in linears where !known.contains(linear.lastName) { known.append(linear.lastName) }
    let wanted = Set(settings.targetModules)
    if wanted.isDisjoint(with: ["all", "all-linear"]) {
      if let stranger = settings.targetModules.first(where: { !known.contains($0) }) {
        throw .loraTarget(stranger, known: known)
      }
      return linears.filter { wanted.contains($0.lastName) }
    }
    return linears
  }

  private func install(
    _ a: Tensor, _ b: Tensor, in linear: LinearLayer, _ settings: LoRASettings
  ) throws(GraftError) {
    try a.setRequiresGradient(true)
    try b.setRequiresGradient(true)
    linear.update = LinearLayer.Update(
      a: a, b: b, scale: settings.scale, dropout: settings.dropout)
  }
}

extension LinearLayer {
  /// The last part of the path, as in `q_proj`.
  var lastName: String { String(name.split(separator: ".").last ?? "") }
}

extension Tensor {
  /// A parameter of its own with the same elements.
  func copied() throws(GraftError) -> Tensor {
    let copy = try Tensor.empty(shape, dtype: dtype ?? .f32)
    try copy.copy(from: detached())
    return copy
  }
}
