import Diagnostics
import StrictJSON
import TensorCore

/// Answers what a configuration says about single modules.
struct ModuleRules {
  private let config: AdapterConfig
  private let targets: ModuleMatcher
  private let excluded: ModuleMatcher?
  private let ranks: [(pattern: PathPattern, entry: AdapterConfig.PatternValue<Int>)]
  private let alphas: [(pattern: PathPattern, entry: AdapterConfig.PatternValue<Double>)]
  private let saved: ModuleMatcher?
  private let feedforward: ModuleMatcher?

  /// - Throws: ``GraftError`` if a regular expression cannot be read.
  init(_ config: AdapterConfig) throws(GraftError) {
    self.config = config
    targets = try Self.matcher(config.targetModules, "target_modules", config)
    saved = ModuleMatcher(.names(config.savedModules))
    if let selection = config.feedforwardModules {
      feedforward = try Self.matcher(selection, "feedforward_modules", config)
    } else {
      feedforward = nil
    }
    if let selection = config.excludedModules {
      excluded = try Self.matcher(selection, "exclude_modules", config)
    } else {
      excluded = nil
    }
    ranks = try Self.compile(config.rankPattern, "rank_pattern", config)
    alphas = try Self.compile(config.alphaPattern, "alpha_pattern", config)
  }

  /// Whether the module carries A and B.
  ///
  /// - Parameter path: the module's path as the trainer saw it, without PEFT's prefix.
  func isTarget(_ path: String) -> Bool {
    if isSavedWhole(path) || excluded?.matches(path) == true { return false }
    guard targets.matches(path) else { return isTiedOutput(path) }
    guard let layers = config.layers, case .names = config.targetModules else { return true }
    return layerNumber(path).map(layers.contains) ?? false
  }

  /// Whether a parameter carries A and B by its own name ("target_parameters").
  func isTargetParameter(_ path: String) -> Bool {
    suffixes(of: path).contains { config.targetParameters.contains(String($0)) }
  }

  /// Whether IA3 scales the module's inputs.
  func isFeedforward(_ path: String) -> Bool { feedforward?.matches(path) ?? false }

  /// Whether the base stores a weight as `[in, out]`, as GPT-2's layers do.
  ///
  /// Told by the shapes: a bias is as long as its layer has outputs. A square weight is judged by
  /// the other layers with a bias.
  func isStoredTransposed(_ name: String, in base: [String: TensorSpec]) -> Bool {
    guard let own = Self.biasLength(name, base), let spec = base[name], spec.shape.count == 2
    else { return false }
    if spec.shape[0] != spec.shape[1] { return own == spec.shape[1] }
    return base.values.contains { other in
      guard other.shape.count == 2, other.shape[0] != other.shape[1],
        let length = Self.biasLength(other.name, base)
      else { return false }
      return length == other.shape[1]
    }
  }

  private static func biasLength(_ name: String, _ base: [String: TensorSpec]) -> Int? {
    guard name.hasSuffix(".weight") else { return nil }
    return base[name.dropLast("weight".count) + "bias"]?.elementCount
  }

  /// Whether the output matrix carries what the embedding carries, since the configuration keeps
  /// them tied; the list of targets names the embedding alone.
  private func isTiedOutput(_ path: String) -> Bool {
    config.json["ensure_weight_tying"]?.bool == true
      && outputMatrices.contains(lastComponent(path))
      && inputEmbeddings.contains { targets.matches($0) || targets.matches("model.\($0)") }
  }

  /// Whether the module, or one that it lies in, is replaced as a whole.
  func isSavedWhole(_ path: String) -> Bool {
    var rest = path[...]
    while true {
      if saved?.matches(String(rest)) == true { return true }
      guard let dot = rest.lastIndex(of: ".") else { return false }
      rest = rest[..<dot]
    }
  }

  /// Rank and alpha of a module, by the first pattern that matches.
  ///
  /// - Throws: ``GraftError`` if several patterns of one table match with different values: the
  ///   file has lost their order, so that the true value cannot be known.
  func rankAndAlpha(_ path: String) throws(GraftError) -> (rank: Int, alpha: Double) {
    (
      try resolve(ranks, path, "rank_pattern") ?? config.rank,
      try resolve(alphas, path, "alpha_pattern") ?? config.alpha
    )
  }

  private func resolve<T: Equatable & Sendable>(
    _ table: [(pattern: PathPattern, entry: AdapterConfig.PatternValue<T>)], _ path: String,
    _ key: String
  ) throws(GraftError) -> T? {
    let matches = table.filter { $0.pattern.matches(path) }.map(\.entry)
    guard let first = matches.first else { return nil }
    if let other = matches.first(where: { $0.value != first.value }) {
      throw .ambiguousPattern(key, first.pattern, other.pattern, module: path, file: config.file)
    }
    return first.value
  }

  private func layerNumber(_ path: String) -> Int? {
    let parts = path.split(separator: ".")
    for (before, part) in zip(parts, parts.dropFirst()) {
      guard let number = Int(part) else { continue }
      if config.layersPattern.isEmpty || config.layersPattern.contains(String(before)) {
        return number
      }
    }
    return nil
  }

  private static func matcher(
    _ selection: ModuleSelection, _ key: String, _ config: AdapterConfig
  ) throws(GraftError) -> ModuleMatcher {
    guard let matcher = ModuleMatcher(selection) else {
      guard case .pattern(let text) = selection else { throw .badPattern(key, "", config.file) }
      throw .badPattern(key, text, config.file)
    }
    return matcher
  }

  private static func compile<T>(
    _ entries: [AdapterConfig.PatternValue<T>], _ key: String, _ config: AdapterConfig
  ) throws(GraftError) -> [(pattern: PathPattern, entry: AdapterConfig.PatternValue<T>)] {
    var out: [(pattern: PathPattern, entry: AdapterConfig.PatternValue<T>)] = []
    for entry in entries {
      guard let pattern = PathPattern("(.*\\.)?(\(entry.pattern))$") else {
        throw .badPattern(key, entry.pattern, config.file)
      }
      out.append((pattern, entry))
    }
    return out
  }
}
