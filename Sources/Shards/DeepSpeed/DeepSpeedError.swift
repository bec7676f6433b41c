import Diagnostics
import FileIO
import TensorCore

extension GraftError {
  // MARK: Files

  static func rankTwice(_ file: String, _ other: String) -> Self {
    Self(
      .shardsDisagree, "stands for the same rank as \(splitPath(other).name)", file: file,
      remedy: "Keep the files of one run only")
  }

  static func pipelineStages(_ file: String) -> Self {
    Self(
      .shardingUnsupported,
      "is of a model that was divided into pipeline stages, whose parameters have no names of their "
        + "own",
      file: file, remedy: "Save it with the program that trained it")
  }

  static func modelStatesMissing(_ directory: String) -> Self {
    Self(
      .shardMissing, "holds no *_model_states.pt, which names the parameters", file: directory,
      remedy: "Copy all files of the step")
  }

  static func optimizerStatesMissing(_ directory: String, stage: Int) -> Self {
    Self(
      .shardMissing,
      "holds no *_optim_states.pt; the run was of stage \(stage), whose weights are in them",
      file: directory,
      remedy: stage < 3
        ? "Copy all files of the step, or take the module's own weights with --weights module"
        : "Copy all files of the step")
  }

  static func ranksMissing(_ names: [String], of size: Int, directory: String) -> Self {
    let shown = names.prefix(4).joined(separator: ", ")
    let more = names.count > 4 ? " and \(names.count - 4) more" : ""
    return Self(
      .shardMissing, "\(names.count) of \(size) ranks are missing: \(shown)\(more)",
      file: directory,
      remedy: "Copy them too; every process writes its own, perhaps to a disk of its own")
  }

  static func rankBeyondWorld(_ file: String, rank: Int, size: Int) -> Self {
    Self(
      .shardsDisagree, "is of rank \(rank), and the run had \(size) ranks", file: file,
      remedy: "It is left from another run; remove it, or pass the directory of one step only")
  }

  static func factsDisagree(
    _ what: String, _ found: String, _ expected: String, _ file: String, _ other: String
  ) -> Self {
    Self(
      .shardsDisagree, "\(what) is \(found); it is \(expected) in \(splitPath(other).name)",
      file: file, remedy: "The files are of different steps or runs; copy those of one step")
  }

  static func parametersDisagree(_ file: String, _ other: String) -> Self {
    Self(
      .shardsDisagree, "lists other parameters or shapes than \(splitPath(other).name)",
      file: file, remedy: "The files are of different runs; copy those of one step")
  }

  static func directoryOfOtherStep(_ directory: String, step: Int) -> Self {
    Self(
      .shardsDisagree, "its files are of step \(step), by their own count", file: directory)
  }

  static func partitionGroups(_ file: String) -> Self {
    Self(
      .shardingUnsupported, "divides some parameters among fewer ranks (ds_zero_partition_groups)",
      file: file, remedy: "Make a universal checkpoint of it with DeepSpeed's ds_to_universal.py")
  }

  // MARK: Content

  static func shardLacks(_ key: String, file: String) -> Self {
    Self(
      .shardInvalid, "has no '\(key)', or one of a form that is not known here", file: file)
  }

  static func groupNotFlat(_ key: String, _ number: Int, shape: [Int], file: String) -> Self {
    Self(
      .shardInvalid, "\(key).\(number) has the shape \(shape); a vector was expected", file: file)
  }

  static func groupDivision(_ group: Int, count: Int, of ranks: Int, file: String) -> Self {
    Self(
      .shardInvalid, "group \(group) is divided among \(count) of \(ranks) ranks", file: file)
  }

  static func shareSize(
    _ group: Int, rank: Int, stored: Int, total: Int, ranks: Int, file: String
  ) -> Self {
    Self(
      .elementsUnaccounted,
      "group \(group) of rank \(rank) has \(stored) elements, which is no share of \(total) among "
        + "\(ranks) ranks",
      file: file, remedy: "The file is of another run or another step, or damaged")
  }

  static func elementsDisagree(
    stored: Int, expected: Int, parameters: Int, file: String, model: String
  ) -> Self {
    Self(
      .elementsUnaccounted,
      "holds \(stored) elements; the \(parameters) parameters of \(splitPath(model).name) need "
        + "\(expected)",
      file: file, remedy: "The file is of another run or another step, or damaged")
  }

  static func sliceDisagrees(
    _ name: String, noted: Range<Int>, computed: Int, count: Int, file: String
  ) -> Self {
    Self(
      .shardsDisagree,
      "is at \(noted.lowerBound), of \(noted.count) elements, by param_slice_mappings; by the "
        + "shapes it is at \(computed), of \(count)",
      file: file, tensor: name)
  }

  static func sliceOfStranger(_ name: String, file: String, model: String) -> Self {
    Self(
      .shardsDisagree,
      "is in param_slice_mappings, and is no parameter of \(splitPath(model).name)", file: file,
      tensor: name)
  }

  static func fragmentMissing(_ name: String, file: String) -> Self {
    Self(
      .shardInvalid, "is listed, and its values are not there", file: file, tensor: name,
      remedy: "Save the checkpoint with all its parameters")
  }

  static func fragmentSize(_ name: String, stored: Int, expected: Int, file: String) -> Self {
    Self(
      .elementsUnaccounted, "this rank's share has \(stored) elements; \(expected) were expected",
      file: file, tensor: name)
  }

  static func shapesDisagree(
    _ name: String, _ found: [Int], _ expected: [Int], file: String, other: String
  ) -> Self {
    Self(
      .shardsDisagree, "is \(found) here and \(expected) in \(splitPath(other).name)", file: file,
      tensor: name)
  }

  static func expertsUnknown(_ name: String, file: String) -> Self {
    Self(
      .shardingUnsupported,
      "belongs to a group of experts, and its name does not say to which expert", file: file,
      tensor: name)
  }

  static func universalMissing(_ name: String, directory: String) -> Self {
    Self(
      .shardMissing, "is a parameter of the run, and has no directory with fp32.pt",
      file: directory, tensor: name, remedy: "Copy all files of the checkpoint")
  }

  static func moduleWeightsDivided(_ file: String) -> Self {
    Self(
      .shardingUnsupported, "the module's own weights are not stored whole at stage 3", file: file,
      remedy: "Take the float32 weights and round them once, as training does: --dtype bf16")
  }

  static func noMaster(_ file: String) -> Self {
    Self(
      .shardInvalid,
      "the run divided nothing, and its optimiser's copy has no names; these are the module's own "
        + "weights",
      file: file)
  }

  static func notTensors(_ names: [String], file: String) -> Self {
    Self(
      .shardInvalid,
      "entries of the module that are no tensors are left out: "
        + names.prefix(4).joined(separator: ", ")
        + (names.count > 4 ? " and \(names.count - 4) more" : ""), file: file)
  }
}
