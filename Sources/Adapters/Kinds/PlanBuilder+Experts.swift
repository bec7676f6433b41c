import Checkpoint
import Diagnostics
import StrictJSON
import TensorCore

/// Pairs of A and B for the experts of a layer: all of them in one pair ("target_parameters"), or
/// one pair each as up to transformers 4.
extension PlanBuilder {
  /// Places a pair for all experts.
  ///
  /// The file does not name the parameter: several on one module are nested, the first that the
  /// module registers innermost, so that the count of `base_layer` tells which it is.
  mutating func placeExperts(a: any TensorSource, b: any TensorSource, _ path: String) {
    var module = path
    var depth = 0
    while module.hasSuffix(".base_layer") {
      module = String(module.dropLast(".base_layer".count))
      depth += 1
    }
    let parameters = targetedParameters(of: module)
    guard depth < parameters.count else {
      return problem(.notTargeted(a.spec.name, module: module, file: configFile))
    }
    let (name, parameter) = parameters[parameters.count - 1 - depth]
    for piece in parameter.pieces { mean(piece.tensor) }
    let settings: (rank: Int, scale: Double)
    do {
      settings = try rankAndScale(module + "." + lastComponent(name))
    } catch { return problem(error) }
    let count = parameter.shape[0]
    guard a.spec.rowCount == count * settings.rank,
      b.spec.rowElementCount == count * settings.rank
    else {
      return problem(
        .rankMismatch(a: a.spec, b: b.spec, expected: settings.rank * count, file: a.file))
    }
    let isTransposed: Bool
    switch readings(a, b, parameter) {
    case .one(let reading): isTransposed = reading
    case .none:
      let base = TensorSpec(name: name, dtype: .f32, shape: parameter.shape)
      return problem(.doesNotFit(a: a.spec, b: b.spec, base: base, file: a.file))
    case .both:
      guard let reading = squareReading(path, parameter) else {
        return problem(.ambiguousExperts(a.spec.name, shape: parameter.shape, file: a.file))
      }
      isTransposed = reading
    }
    for piece in parameter.pieces {
      for index in piece.expert.map({ $0..<$0 + 1 }) ?? 0..<count {
        var delta = LowRankDelta(
          target: piece.tensor, a: a, b: b, rank: settings.rank, scale: settings.scale)
        delta.isTransposed = isTransposed
        delta.expert = LowRankDelta.Expert(index: index, of: count)
        if piece.rows != 0..<parameter.shape[1] { delta.rows = piece.rows }
        if piece.expert == nil { delta.place = LowRankDelta.Place(slice: index, firstRow: 0) }
        add(.lowRank(delta), to: piece.tensor, at: delta.place)
      }
    }
  }

  private enum Readings {
    case one(Bool)
    case none
    case both
  }

  private func readings(
    _ a: any TensorSource, _ b: any TensorSource, _ parameter: ExpertParameters.Parameter
  ) -> Readings {
    let (rows, columns) = (parameter.shape[1], parameter.shape[2])
    let plain = b.spec.rowCount == rows && a.spec.rowElementCount == columns
    let transposed = a.spec.rowElementCount == rows && b.spec.rowCount == columns
    return plain && transposed ? .both : plain ? .one(false) : transposed ? .one(true) : .none
  }

  /// How a square parameter was read in training: as its neighbour on the module, else by the
  /// version of PEFT, which changed the reading in 0.19.1 for layers that do not call themselves
  /// transposed.
  private func squareReading(_ path: String, _ parameter: ExpertParameters.Parameter) -> Bool? {
    let module = String(
      path.split(separator: ".").filter { $0 != "base_layer" }.joined(separator: "."))
    let targeted = targetedParameters(of: module)
    for (place, neighbour) in targeted.enumerated() {
      let depth = targeted.count - 1 - place
      let other = module + String(repeating: ".base_layer", count: depth)
      guard let a = modules[other]?[.loraA], let b = modules[other]?[.loraB] else { continue }
      if case .one(let reading) = readings(a, b, neighbour.parameter) { return reading }
    }
    guard let version = adapter.config.json["peft_version"]?.string else { return nil }
    let numbers = version.split(separator: ".").prefix(3).map { part in
      Int(part.prefix { $0.isNumber }) ?? 0
    }
    guard numbers.count == 3 else { return nil }
    if numbers.lexicographicallyPrecedes([0, 19, 1]) { return true }
    // Whether a fused layer calls itself transposed is not in any file.
    return parameter.pieces.contains { $0.expert == nil } ? nil : false
  }

  /// The parameters of a module that the configuration targets, in the order of registration.
  private func targetedParameters(
    of module: String
  ) -> [(name: String, parameter: ExpertParameters.Parameter)] {
    let known = ["gate_up_proj", "down_proj"]
    let matcher = BaseNames(layout.parameters.keys)
    let names = known + layout.parameters.keys.map(lastComponent).filter { !known.contains($0) }
    var out: [(name: String, parameter: ExpertParameters.Parameter)] = []
    for name in names where !out.contains(where: { lastComponent($0.name) == name }) {
      guard rules.isTargetParameter(module + "." + name),
        case .one(let found, _) = matcher.match(module + "." + name),
        let parameter = layout.parameters[found]
      else { continue }
      out.append((found, parameter))
    }
    return out
  }

  /// Where the weight of one expert lies in a base that stores all experts together.
  func placeInFused(_ module: String) -> (name: String, place: LowRankDelta.Place)? {
    guard let split = ExpertParameters.split(module + ".weight") else { return nil }
    let (fused, half): (String, Int?) =
      switch split.part {
      case "gate_proj", "w1": ("gate_up_proj", 0)
      case "up_proj", "w3": ("gate_up_proj", 1)
      default: ("down_proj", nil)
      }
    let matcher = BaseNames(layout.parameters.keys)
    guard case .one(let name, _) = matcher.match("\(split.experts).\(fused)"),
      let parameter = layout.parameters[name], parameter.pieces.first?.expert == nil,
      split.index < parameter.shape[0]
    else { return nil }
    let firstRow = half.map { $0 * parameter.shape[1] / 2 } ?? 0
    return (name, LowRankDelta.Place(slice: split.index, firstRow: firstRow))
  }

  /// Places one expert's pair in a tensor of all experts.
  mutating func placeExpertPair(
    a: any TensorSource, b: any TensorSource, _ module: String,
    in fused: (name: String, place: LowRankDelta.Place)
  ) {
    guard let spec = base[fused.name] else { return }
    mean(fused.name)
    guard rules.isTarget(module) else {
      return problem(.notTargeted(a.spec.name, module: module, file: configFile))
    }
    let settings: (rank: Int, scale: Double)
    do { settings = try rankAndScale(module) } catch { return problem(error) }
    guard a.spec.rowCount == settings.rank, b.spec.rowElementCount == settings.rank else {
      return problem(.rankMismatch(a: a.spec, b: b.spec, expected: settings.rank, file: a.file))
    }
    let isHalf = lastComponent(fused.name) == "gate_up_proj"
    guard a.spec.rowElementCount == spec.shape[2],
      b.spec.rowCount * (isHalf ? 2 : 1) == spec.shape[1], spec.shape[1] != spec.shape[2]
    else { return problem(.doesNotFit(a: a.spec, b: b.spec, base: spec, file: a.file)) }
    var delta = LowRankDelta(
      target: fused.name, a: a, b: b, rank: settings.rank, scale: settings.scale)
    delta.place = fused.place
    add(.lowRank(delta), to: fused.name, at: fused.place)
  }
}
