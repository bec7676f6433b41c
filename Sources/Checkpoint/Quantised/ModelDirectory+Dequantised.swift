public import Diagnostics
import StrictJSON
import TensorCore

extension ModelDirectory {
  /// The method by which the weights are quantised, as config.json names it; nil for none.
  public var quantisation: String? {
    guard let settings = config.json["quantization_config"], !settings.isNull else { return nil }
    return settings["quant_method"]?.string ?? "an unnamed method"
  }

  /// The model as the numbers that it computes with: each quantised weight as a plain tensor that
  /// is computed when it is read, and a configuration that says so.
  ///
  /// - Throws: ``GraftError`` for methods other than bitsandbytes (nf4, fp4, int8) and FP8 with
  ///   block factors, and where a part of a weight is missing or left over.
  public func dequantised() throws(GraftError) -> ModelDirectory {
    guard let quantisation else { return self }
    let settings = config.json["quantization_config"] ?? .null
    let computed = config.dtype ?? .bf16
    let tensors: [any TensorSource]
    switch quantisation.lowercased() {
    case "bitsandbytes": tensors = try bitsAndBytes(computed.isFloatingPoint ? computed : .f16)
    case "fp8" where settings["fmt"]?.string ?? "e4m3" == "e4m3":
      tensors = try blockScaled(settings, computed.isFloatingPoint ? computed : .bf16)
    default: throw .quantisationUnknown(quantisation, file: config.file)
    }
    var members = JSONObject()
    for (key, value) in config.json where key != "quantization_config" { members[key] = value }
    return ModelDirectory(
      path: path, config: ModelConfig(members, file: config.file),
      store: try TensorStore(tensors, files: store.files))
  }

  private func bitsAndBytes(_ dtype: DType) throws(GraftError) -> [any TensorSource] {
    var used: Set<String> = []
    var found: [String: any TensorSource] = [:]
    for name in store.names {
      guard let codes = store[name] else { continue }
      if let marker = name.firstRange(of: FourBitSource.stateMarker) {
        let weight = String(name[..<marker.lowerBound])
        guard let codes = store[weight] else {
          throw .quantisedPartSpare(name, file: store[name]?.file ?? path)
        }
        let source = try FourBitSource(codes, in: store)
        used.formUnion(source.originals.map(\.spec.name))
        found[weight] = source
      } else if codes.spec.dtype == .i8, name.hasSuffix(".weight") {
        let module = name.dropLast("weight".count)
        guard let factors = store["\(module)SCB"] else {
          throw .quantisedPartMissing("SCB", of: name, file: codes.file)
        }
        let source = try EightBitSource(
          codes, factors: factors, format: store["\(module)weight_format"], dtype: dtype)
        used.formUnion(source.originals.map(\.spec.name))
        found[name] = source
      }
    }
    return try assembled(found, used)
  }

  private func blockScaled(
    _ settings: JSONValue, _ dtype: DType
  ) throws(GraftError) -> [any TensorSource] {
    let sizes = settings["weight_block_size"]?.array?.compactMap(\.int) ?? []
    let block: (rows: Int, columns: Int)? =
      sizes.count == 2 && sizes.allSatisfy { $0 > 0 } ? (sizes[0], sizes[1]) : nil
    var used: Set<String> = []
    var found: [String: any TensorSource] = [:]
    for name in store.names {
      guard let codes = store[name], codes.spec.dtype == .f8E4M3 else { continue }
      guard let factors = store["\(name)_scale_inv"] else {
        throw .quantisedPartMissing("weight_scale_inv", of: name, file: codes.file)
      }
      let source = try BlockScaledSource(codes, factors: factors, block: block, dtype: dtype)
      used.formUnion(source.originals.map(\.spec.name))
      found[name] = source
      // The scale of activations concerns a kernel, not the weight.
      for suffix in ["activation_scale", "input_scale"] {
        used.insert(String(name.dropLast("weight".count)) + suffix)
      }
    }
    return try assembled(found, used)
  }

  /// The tensors in their order, each quantised weight in the place of its codes.
  private func assembled(
    _ found: [String: any TensorSource], _ used: Set<String>
  ) throws(GraftError) -> [any TensorSource] {
    var out: [any TensorSource] = []
    for source in store.inFileOrder {
      let name = source.spec.name
      if let weight = found[name] {
        out.append(weight)
      } else if used.contains(name) {
        continue
      } else if source.spec.dtype.isFloatingPoint {
        out.append(source)
      } else {
        throw .quantisedPartSpare(name, file: source.file)
      }
    }
    return out
  }
}
