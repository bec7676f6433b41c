import Checkpoint
public import Diagnostics
import FileIO
import StrictJSON
import TensorCore

/// Gives a head's module another name; every number stays.
public struct HeadRenaming: Sendable {
  /// The directory to read: a model or an adapter.
  public var input: String
  /// The directory to make.
  public var output: String
  /// The module's name.
  public var from: String
  /// Its new name.
  public var to: String
  /// Whether an existing output may be replaced.
  public var replacesOutput = false
  /// The size above which another weight file is begun, in bytes.
  public var shardByteLimit = 5_000_000_000

  /// Asks for a new name.
  public init(input: String, output: String, from: String, to: String) {
    self.input = input
    self.output = output
    self.from = from
    self.to = to
  }

  /// Renames.
  ///
  /// - Throws: ``GraftError`` if no head has the name, or if the new name is taken.
  public func run(
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(GraftError) -> HeadEditSummary {
    let source = try HeadedDirectory(input, names: [from, to])
    let heads = source.search.heads.filter { $0.kind.module == from }
    guard let head = heads.first else {
      throw .headNameMissing(from, found: source.search.heads, directory: input)
    }
    if let taken = source.search.heads.first(where: { $0.kind.module == to }) {
      throw .headExists(taken)
    }
    guard !to.isEmpty, to.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !to.hasSuffix("."),
      !to.hasPrefix(".")
    else { throw .headNameInvalid(to) }
    var edit = HeadEdit(source)
    edit.keepsHeadFile = !head.isBeside
    func renamed(_ name: String) -> String {
      name.hasPrefix(head.name + ".")
        ? head.wrapper + to + name.dropFirst(head.name.count) : name
    }
    for tensor in source.store.inFileOrder {
      edit.put(tensor, as: head.isBeside ? tensor.spec.name : renamed(tensor.spec.name))
    }
    if head.isBeside {
      for tensor in head.tensors {
        edit.put(tensor, as: renamed(tensor.spec.name), how: "renamed", beside: true)
      }
    }
    if edit.members["value_head_prefix"]?.string == from {
      edit.members["value_head_prefix"] = .string(to)
    }
    if let saved = edit.members["modules_to_save"]?.array {
      edit.members["modules_to_save"] = .array(saved.map { $0.string == from ? .string(to) : $0 })
    }
    if to == HeadKind.score.module, !source.isAdapter, !source.config.claimsHead {
      edit.note(
        "config.json still names no classifier; 'graft head convert --to score' changes it too")
    }
    var settings = JSONObject()
    settings["from"] = .string(from)
    settings["to"] = .string(to)
    return try edit.write(
      to: output, command: "head rename", settings: settings, others: [],
      replacing: replacesOutput, shardByteLimit: shardByteLimit, progress: progress)
  }
}
