public import Checkpoint
public import Diagnostics
import FileIO
import GGUF
import StrictJSON
public import TensorCore

extension Conversion {
  /// What a conversion would write.
  public struct Plan: Sendable {
    /// The tensors, in the order of the files.
    public var tensors: [TensorSpec]
    /// Where each comes from, and what is left out.
    public var ledger: Ledger
    /// What a user should know.
    public var notes: [String]
  }

  /// Everything but the writing.
  ///
  /// - Throws: ``GraftError`` as ``run(progress:)`` does, but for what the disk refuses.
  public func plan() throws(GraftError) -> Plan {
    try checkType()
    guard directoryExists(input) else {
      let model = try GGUFModel(try GGUFFile(input), dtype: dtype ?? .bf16)
      let planned = try plan(model)
      _ = try GGUFTokenizer(try GGUFFile(input))
      return Plan(tensors: planned.map(\.spec), ledger: model.ledger, notes: model.notes)
    }
    let model = try ModelDirectory(input)
    let (planned, ledger) = try plan(model)
    let beside = try DirectoryContents(input, weights: model.store.files)
    return Plan(
      tensors: planned.map(\.spec), ledger: ledger, notes: beside.notes + notes(model))
  }

  func checkType() throws(GraftError) {
    if let dtype, ![.f32, .f16, .bf16].contains(dtype) {
      throw .unsupportedOutputType(dtype.rawValue)
    }
  }

  /// The tensors of a GGUF file, rounded to their type.
  func plan(_ model: GGUFModel) throws(GraftError) -> [PlannedTensor] {
    var planned: [PlannedTensor] = []
    for (name, source) in model.tensors {
      planned.append(try PlannedTensor(rounding: source, as: name, to: dtype ?? .bf16))
    }
    return planned
  }

  /// What is worth knowing about the way that was asked for.
  func notes(_ model: ModelDirectory) -> [String] {
    guard let experts, model.expertLayout == experts else { return [] }
    return ["the experts are \(experts.rawValue) already"]
  }
}
