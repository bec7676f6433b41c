public import Checkpoint
public import Diagnostics
import FileIO
import StrictJSON

/// The heads of a model or adapter directory, and which of them counts.
public struct HeadSearch: Sendable {
  /// The directory.
  public let directory: String
  /// Every head found: those of names that were asked for first, then standard ones; in the
  /// weights first, then in files beside them.
  public let heads: [Head]
  /// The names to look for first: what the user asks for, then OpenRLHF's `value_head_prefix`.
  public let names: [String]
  /// The module that transformers' class reads: "score", and for token classifiers of some
  /// families "classifier".
  public let standardModule: String

  /// Looks in the tensors and in the files beside them.
  ///
  /// - Parameters:
  ///   - directory: where files may lie beside the weights.
  ///   - store: the weights.
  ///   - names: modules to look for before the known ones, as in `value_head_prefix`.
  ///   - standardModule: the module that transformers' class reads.
  public init(
    _ directory: String, store: TensorStore, names: [String] = [],
    standardModule: String = HeadKind.score.module
  ) throws(GraftError) {
    self.directory = directory
    self.names = names
    self.standardModule = standardModule
    heads = Head.all(in: store, named: names) + (try Head.beside(directory, named: names))
  }

  /// Looks in a model directory, for the name that its config.json gives too.
  public init(_ model: ModelDirectory, names: [String] = []) throws(GraftError) {
    let isTokenClassifier =
      if case .tokenClassifier = model.savedRole { true } else { false }
    let tokenHead = isTokenClassifier ? model.architecture?.tokenHead : nil
    try self.init(
      model.path, store: model.store, names: names + model.config.headPrefixes,
      standardModule: tokenHead ?? HeadKind.score.module)
  }

  /// The head that transformers would use.
  public var standard: Head? {
    heads.first {
      $0.kind.module == standardModule && $0.wrapper.isEmpty && !$0.isBeside && !$0.isStacked
    }
  }

  /// The head that counts: the first of the names asked for, else transformers', else the only one.
  ///
  /// - Throws: ``GraftError`` if there is none, naming the ways out, or if there are several and no
  ///   rule to choose.
  public func choose() throws(GraftError) -> Head {
    for name in names {
      let named = heads.filter { $0.kind.module == name }
      guard let head = named.first else { continue }
      if named.count > 1 { throw .headAmbiguous(named, directory: directory) }
      return head
    }
    let standards = heads.filter { $0.kind.module == standardModule }
    if let standard, standards.count == 1 { return standard }
    guard let head = heads.first else {
      throw .headMissing(directory, candidates: Self.candidates(near: directory))
    }
    if heads.count > 1 { throw .headAmbiguous(heads, directory: directory) }
    return head
  }

  /// The head that transformers' sequence classifier would use, without a bias.
  ///
  /// - Throws: ``GraftError`` if there is none, naming the ways out, or if the only one has another
  ///   form, which `graft head convert` can change.
  public func require() throws(GraftError) -> Head {
    if let standard {
      if let bias = standard.bias { throw .headBias(bias) }
      return standard
    }
    if let other = heads.first { throw .headNotConverted(other, directory: directory) }
    throw .headMissing(directory, candidates: Self.candidates(near: directory))
  }

  /// Files near a directory that hold a head; looks into a bounded number of neighbours.
  public static func candidates(near directory: String) -> [String] {
    let own = resolvedPath(directory) ?? directory
    var found: [String] = []
    for parent in [own, splitPath(own).parent] {
      let entries = (try? directoryEntries(parent)) ?? []
      for name in entries.prefix(64) {
        let path = "\(parent)/\(name)"
        guard path != own, directoryExists(path) else { continue }
        if let file = Head.sideFile(in: path) {
          found.append(file)
        } else if let file = headFile(in: path) {
          found.append(file)
        }
        if found.count == 3 { return found }
      }
    }
    return found
  }

  private static func headFile(in directory: String) -> String? {
    for name in ["adapter_model", "model"] {
      guard let store = try? TensorStore(directory: directory, name: name) else { continue }
      return Head.all(in: store).first?.weight.file
    }
    return nil
  }
}

extension ModelConfig {
  /// The name that OpenRLHF gave the head, if it says so; it beats the default.
  public var headPrefixes: [String] {
    json["value_head_prefix"]?.string.map { [$0] } ?? []
  }

  /// Whether the class name promises a head.
  public var claimsHead: Bool {
    json["value_head_prefix"]?.string != nil
      || architectures.contains {
        $0.hasSuffix("ForSequenceClassification") || $0.hasSuffix("ForTokenClassification")
      }
  }
}
