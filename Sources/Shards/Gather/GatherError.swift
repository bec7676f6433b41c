import Diagnostics

extension GraftError.Code {
  /// Nothing beside a directory that its values could come from.
  static let noShards = Self("no-shards", .input)
  /// A tensor has values nowhere.
  static let valuesLost = Self("values-lost", .input)
  /// Several adapters were trained at once.
  static let severalAdapters = Self("several-adapters", .input)
  /// A configuration is not there, or cannot be made.
  static let gatherConfig = Self("gather-config", .input)
  /// Where the values of a gathered tensor come from.
  static let gatherOrigin = Self("gather-origin", .input)
}

extension GraftError {
  static func noShardsBeside(_ path: String) -> Self {
    Self(
      .noShards, "no sharded checkpoint is in it or beside it", file: path,
      remedy: "Name the trainer's checkpoint with --shards")
  }

  static func severalShardsBeside(_ path: String, _ found: [String]) -> Self {
    Self(
      .noShards, "several sharded checkpoints are beside it", file: path,
      remedy: "Name one with --shards: \(found.prefix(4).joined(separator: ", "))")
  }

  static func emptyEverywhere(_ name: String, file: String) -> Self {
    Self(
      .valuesLost, "has no values here, and the shards do not have it", file: file, tensor: name,
      remedy: "Name another checkpoint of the same run with --shards")
  }

  static func parameterAbsent(_ absent: ShardedCheckpoint.Absent) -> Self {
    Self(
      .valuesLost,
      "is named\(absent.shape.map { " with the shape \($0)" } ?? ""), and no file holds its values",
      file: absent.file, tensor: absent.name,
      remedy: "Name the model that was trained from with --base, if it was not trained")
  }

  static func severalAdapters(_ names: [String], file: String) -> Self {
    Self(
      .severalAdapters, "several adapters were trained: \(names.joined(separator: ", "))",
      file: file, remedy: "Save them with PEFT, each in a directory of its own")
  }

  static func noAdapterParameters(_ directory: String) -> Self {
    Self(.valuesLost, "holds no parameters of an adapter", file: directory)
  }

  static func alphaUnknown(_ directory: String) -> Self {
    Self(
      .gatherConfig,
      "no adapter_config.json is in it or above it, and lora_alpha cannot be told from the tensors",
      file: directory,
      remedy: "Name its directory with --config, or the number with --alpha")
  }

  static func configNotRebuilt(_ directory: String) -> Self {
    Self(
      .gatherConfig, "its parameters are not those of a LoRA adapter alone", file: directory,
      remedy: "Name the directory of its adapter_config.json with --config")
  }

  static func configRebuilt(_ rank: Int, alpha: Double) -> Self {
    Self(
      .gatherConfig,
      "adapter_config.json is made from the tensors: rank \(rank), alpha \(alpha); it takes the "
        + "scale to be alpha / rank, and the base to be named by --base")
  }

  static func noModelConfig(_ directory: String) -> Self {
    Self(
      .gatherConfig,
      "no config.json is in it or above it: only weights are written, and nothing says whether they "
        + "are a whole model",
      file: directory, remedy: "Name a directory that has it with --config or --base")
  }

  static func savedDiffers(_ name: String, file: String, shards: String) -> Self {
    Self(
      .gatherOrigin, "has other values here than in \(shards), which are taken", file: file,
      tensor: name, remedy: "The two may be of different steps")
  }

  static func rescued(_ count: Int, of total: Int, file: [String]) -> Self {
    Self(
      .gatherOrigin, "\(count) of \(total) tensors have no values here; they come from the shards",
      file: file.first)
  }

  static func baseTrained(_ names: [String]) -> Self {
    let shown = names.prefix(4).joined(separator: ", ")
    return Self(
      .gatherOrigin,
      "parameters of the base were trained too and go along whole: \(shown)"
        + (names.count > 4 ? " and \(names.count - 4) more" : ""))
  }

  static func fromBase(_ names: [String], base: String) -> Self {
    let shown = names.prefix(4).joined(separator: ", ")
    return Self(
      .gatherOrigin,
      "the shards lack \(names.count) of its tensors, which are taken from here: \(shown)"
        + (names.count > 4 ? " and \(names.count - 4) more" : ""), file: base)
  }
}
