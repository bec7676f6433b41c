public import Diagnostics
import FileIO
public import StrictJSON

extension AdapterConfig {
  /// Reads the `adapter_config.json` of a directory.
  ///
  /// - Throws: ``GraftError`` if it is missing, is no JSON, or a value is of the wrong kind. What
  ///   is well-formed but cannot be merged is no error here; see ``refusals``.
  public init(directory: String) throws(GraftError) {
    let file = "\(directory)/adapter_config.json"
    guard fileExists(file) else { throw .adapterConfigMissing(directory) }
    let json = try JSONValue.parse(
      try readFile(file, limit: 16 << 20), file: file, allowingNonFinite: true)
    guard let object = json.object else {
      throw .adapterConfigValue("the file", is: json.kindName, expected: "an object", file: file)
    }
    try self.init(object, file: file)
  }

  /// Reads the members of an `adapter_config.json`.
  public init(_ json: JSONObject, file: String) throws(GraftError) {
    let reader = Reader(json: json, file: file)
    guard let type = try reader.string("peft_type") else {
      throw .adapterConfigKeyMissing("peft_type", file: file)
    }
    self.json = json
    self.file = file
    peftType = type
    taskType = try reader.string("task_type")
    baseModel = try reader.string("base_model_name_or_path")
    guard let kind else { return }
    if kind.hasRank {
      rank = try reader.value("r", "a whole number of at least 1", Self.rank) ?? kind.defaultRank
    }
    alpha = try reader.value(kind.alphaKey, "a finite number", Self.finite) ?? 8
    dropout = try reader.value("lora_dropout", "a finite number", Self.finite) ?? 0
    usesRankStabilizedScale = try reader.value("use_rslora", "true or false") { $0.bool } ?? false
    targetModules = try reader.selection("target_modules") ?? .names([])
    feedforwardModules = try reader.selection("feedforward_modules")
    targetParameters = try reader.names("target_parameters")
    trainedTokens = try Self.trainedTokens(reader, kind)
    excludedModules = try reader.selection("exclude_modules")
    layers = try reader.value("layers_to_transform", "a layer number or a list of them") {
      Self.list($0) { $0.int }
    }
    layersPattern = try reader.names("layers_pattern")
    modulesToSave = try reader.names("modules_to_save")
    bias =
      try reader.value("bias", "\"none\", \"all\" or \"\(kind.biasOnly)\"") { value in
        guard let text = value.string else { return nil }
        return text == kind.biasOnly ? .loraOnly : Bias(rawValue: text)
      } ?? .none
    rankPattern = try reader.patterns("rank_pattern", "ranks of at least 1", Self.rank)
    alphaPattern = try reader.patterns("alpha_pattern", "finite numbers", Self.finite)
  }

  /// `trainable_token_indices`: a list of rows of the input embedding, or lists by module name.
  private static func trainedTokens(
    _ reader: Reader, _ kind: AdapterKind
  ) throws(GraftError) -> [TrainedTokens] {
    let expected = "a list of token ids, or an object from module names to such lists"
    func ids(_ value: JSONValue) -> [Int]? {
      value.array == nil
        ? nil : list(value) { element in element.int.flatMap { $0 >= 0 ? $0 : nil } }
    }
    if kind == .trainableTokens {
      let tokens = try reader.value("token_indices", "a list of token ids", ids) ?? []
      let modules = try reader.names("target_modules")
      return modules.isEmpty
        ? [TrainedTokens(module: nil, ids: tokens)]
        : modules.map { TrainedTokens(module: $0, ids: tokens) }
    }
    return try reader.value("trainable_token_indices", expected) { value in
      if let list = ids(value) {
        return list.isEmpty ? [] : [TrainedTokens(module: nil, ids: list)]
      }
      guard let object = value.object else { return nil }
      var out: [TrainedTokens] = []
      for (module, value) in object {
        guard let list = ids(value) else { return nil }
        out.append(TrainedTokens(module: module, ids: list))
      }
      return out
    } ?? []
  }

  private static func rank(_ value: JSONValue) -> Int? {
    value.int.flatMap { (1...(1 << 20)).contains($0) ? $0 : nil }
  }

  private static func finite(_ value: JSONValue) -> Double? {
    value.double.flatMap { $0.isFinite ? $0 : nil }
  }

  /// A list of values, or a single one.
  fileprivate static func list<T>(_ value: JSONValue, _ element: (JSONValue) -> T?) -> [T]? {
    guard let array = value.array else { return element(value).map { [$0] } }
    let elements = array.compactMap(element)
    return elements.count == array.count ? elements : nil
  }
}

/// Typed access that names the key in its errors; absent and null mean nil.
private struct Reader {
  let json: JSONObject
  let file: String

  func value<T>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> T?
  ) throws(GraftError) -> T? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let converted = convert(value) else {
      throw .adapterConfigValue(key, is: value.text(), expected: expected, file: file)
    }
    return converted
  }

  func string(_ key: String) throws(GraftError) -> String? {
    try value(key, "a string") { $0.string }
  }

  func names(_ key: String) throws(GraftError) -> [String] {
    try value(key, "a list of names") { AdapterConfig.list($0) { $0.string } } ?? []
  }

  func selection(_ key: String) throws(GraftError) -> ModuleSelection? {
    if let text = json[key]?.string {
      return text.lowercased() == "all-linear" ? .allLinear : .pattern(text)
    }
    return try value(key, "a list of names or a regular expression") { value in
      value.array == nil ? nil : AdapterConfig.list(value) { $0.string }
    }.map { .names($0) }
  }

  func patterns<T>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> T?
  ) throws(GraftError) -> [AdapterConfig.PatternValue<T>] {
    try value(key, "an object from module patterns to \(expected)") { value in
      guard let object = value.object else { return nil }
      var entries: [AdapterConfig.PatternValue<T>] = []
      for (pattern, value) in object {
        guard let converted = convert(value) else { return nil }
        entries.append(AdapterConfig.PatternValue(pattern, converted))
      }
      return entries
    } ?? []
  }
}
