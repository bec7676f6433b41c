public import Diagnostics
import FileIO
import Glibc

/// Where the files of a sharded checkpoint are, and which program laid them out so.
public struct ShardedLayout: Sendable, Hashable {
  /// A program's way to lay out its files; the first that fits counts.
  public enum Kind: String, Sendable, CaseIterable {
    /// DeepSpeed's universal checkpoint: `zero/NAME/fp32.pt`.
    case universal
    /// DeepSpeed: `*_model_states.pt` and `*_optim_states.pt`.
    case deepSpeed
    /// torch.distributed.checkpoint: `.metadata` and `*.distcp`.
    case distributed
    /// torch.distributed.checkpoint in safetensors: every file holds parts of tensors.
    case distributedSafetensors
    /// Megatron: `mp_rank_XX/model_optim_rng.pt`.
    case megatron
  }

  /// The kind.
  public var kind: Kind
  /// The path that was given.
  public var root: String
  /// The directory that holds the files of one step: `root` or one below it.
  public var directory: String

  /// Looks at a directory: at itself, at the step that its `latest` names, at the only step within.
  ///
  /// - Throws: ``GraftError`` if there is no sharded checkpoint, if `latest` names no directory, or
  ///   another step than the last, or if there are several steps and nothing to choose by.
  public init(_ path: String) throws(GraftError) {
    guard directoryExists(path) else { throw .system("opening", path, errno: ENOENT) }
    root = path
    if let kind = try Self.kind(of: path) {
      (self.kind, directory) = (kind, path)
      return
    }
    let found = try Self.inner(of: path)
    guard let chosen = try Self.tagged(path, among: found) ?? found.first else {
      throw .notSharded(path, inner: try Self.nestedSteps(in: path))
    }
    if found.count > 1, try Self.tagged(path, among: found) == nil {
      throw .severalSteps(path, found.map(\.directory))
    }
    (kind, directory) = chosen
  }

  /// Whether a directory, or one below it, holds a sharded checkpoint.
  public static func isPresent(at path: String) -> Bool {
    guard directoryExists(path) else { return false }
    if (try? kind(of: path)) != nil { return true }
    return ((try? inner(of: path)) ?? []).isEmpty == false
  }

  /// The files by which each kind is known, when they lie in the directory itself.
  private static func kind(of directory: String) throws(GraftError) -> Kind? {
    let entries = try directoryEntries(directory)
    return Kind.allCases.first { $0.isPresent(in: directory, entries: entries) }
  }

  private static func inner(
    of path: String
  ) throws(GraftError) -> [(kind: Kind, directory: String)] {
    var found: [(kind: Kind, directory: String)] = []
    for name in try directoryEntries(path) {
      let directory = "\(path)/\(name)"
      guard directoryExists(directory), let kind = try kind(of: directory) else { continue }
      // The optimiser's directory stands beside the model's.
      if kind == .distributed, name.hasPrefix("optim") { continue }
      found.append((kind, directory))
    }
    return found
  }

  /// Megatron's file with the number of the last step.
  private static let megatronTag = "latest_checkpointed_iteration.txt"

  /// The step that `latest` names.
  private static func tagged(
    _ path: String, among found: [(kind: Kind, directory: String)]
  ) throws(GraftError) -> (kind: Kind, directory: String)? {
    let names = ["latest", "latest_universal", megatronTag]
    guard let name = names.first(where: { fileExists("\(path)/\($0)") }) else { return nil }
    let file = "\(path)/\(name)"
    let bytes = try readFile(file, limit: 4096)
    var tag =
      String(decoding: bytes, as: UTF8.self)
      .split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    if name == megatronTag, let step = Int(tag) { tag = "iter_\(MegatronRanks.padded(step, 7))" }
    guard !tag.isEmpty, tag != ".", tag != "..", !tag.contains("/"), !tag.contains("\0") else {
      throw .tagLeavesDirectory(tag, file: file)
    }
    guard let chosen = found.first(where: { $0.directory == "\(path)/\(tag)" }) else {
      throw .tagWithoutStep(tag, file: file, found: found.map(\.directory))
    }
    let later = found.filter {
      (stepNumber($0.directory) ?? -1) > (stepNumber(chosen.directory) ?? .max)
    }
    if let last = later.max(by: { stepNumber($0.directory) ?? 0 < stepNumber($1.directory) ?? 0 }) {
      throw .tagIsStale(tag, file: file, later: last.directory)
    }
    return chosen
  }

  /// Directories of a trainer's output that hold steps of their own, as in `checkpoint-500`.
  private static func nestedSteps(in path: String) throws(GraftError) -> [String] {
    var found: [String] = []
    for name in try directoryEntries(path).prefix(256) where directoryExists("\(path)/\(name)") {
      if try !inner(of: "\(path)/\(name)").isEmpty { found.append("\(path)/\(name)") }
    }
    return found
  }

  /// The number at the end of a directory's name, as in `global_step120`.
  static func stepNumber(_ directory: String) -> Int? {
    let digits = splitPath(directory).name.reversed().prefix { $0.isASCII && $0.isNumber }
    return Int(String(digits.reversed()))
  }
}
