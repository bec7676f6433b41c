public import Diagnostics
public import StrictJSON
import TensorCore

/// The account of a load or a conversion: every expected tensor has an origin, every tensor that
/// was read has a fate, and ``check(place:)`` holds both before anything is written.
public struct Ledger: Sendable {
  /// A tensor in a file.
  public struct Reference: Sendable, Hashable, CustomStringConvertible {
    /// The file's path.
    public var file: String
    /// The tensor's name in it.
    public var tensor: String

    /// Refers to a tensor.
    public init(file: String, tensor: String) {
      self.file = file
      self.tensor = tensor
    }

    /// Refers to a source's tensor by its name on disk.
    public init(_ source: any TensorSource) {
      var onDisk = source
      while let derived = onDisk as? any DerivedSource { onDisk = derived.original }
      self.init(file: onDisk.file, tensor: onDisk.spec.name)
    }

    /// The tensors on disk that a source comes from: itself, or those that it is computed from.
    public static func all(of source: any TensorSource) -> [Reference] {
      if let composed = source as? ComposedSource { return composed.references }
      if let derived = source as? any DerivedSource { return all(of: derived.original) }
      if let made = source as? any SynthesizedSource { return made.originals.flatMap(all) }
      return [Reference(source)]
    }

    /// `FILE: TENSOR`
    public var description: String { "\(file): \(tensor)" }
  }

  /// Where an expected tensor comes from.
  public enum Origin: Sendable, Hashable {
    /// The same numbers as this tensor's, perhaps in another type or row order.
    case tensor(Reference, how: String)
    /// Arithmetic over several tensors.
    case computed([Reference], how: String)
    /// No file: made here, because that was asked for.
    case created(how: String)
  }

  /// What becomes of a tensor that was read.
  public enum Fate: Sendable, Hashable {
    /// It is in, or went into, this expected tensor.
    case used(in: String)
    /// It is left out, for a reason that loses nothing.
    case dropped(reason: String)
  }

  private var expected: [ExpectedTensor]
  private var expectedNames: Set<String>
  private var origins: [String: Origin] = [:]
  private var fates: [Reference: Fate] = [:]
  private var unsettled: Set<Reference> = []
  /// What could not be checked, in words.
  public private(set) var unchecked: [String] = []

  /// Opens an account for these tensors.
  public init(expecting expected: [ExpectedTensor]) {
    self.expected = expected
    expectedNames = Set(expected.map(\.name))
  }

  /// Records that a tensor was read, so that it needs a fate.
  public mutating func read(_ source: any TensorSource) {
    let reference = Reference(source)
    if fates[reference] == nil { unsettled.insert(reference) }
  }

  /// Adds a tensor to what is expected, such as a head that an adapter brings.
  public mutating func expect(_ tensor: ExpectedTensor) {
    guard expectedNames.insert(tensor.name).inserted else { return }
    expected.append(tensor)
  }

  /// Gives an expected tensor its origin, and the tensors it comes from their fate.
  ///
  /// - Throws: ``GraftError`` if it has another origin already.
  public mutating func assign(_ name: String, from origin: Origin) throws(GraftError) {
    if let other = origins.updateValue(origin, forKey: name) {
      throw .doubleOrigin(name, other.text, origin.text)
    }
    for reference in origin.references { settle(reference, .used(in: name)) }
  }

  /// Gives a tensor that was read its fate.
  public mutating func settle(_ reference: Reference, _ fate: Fate) {
    fates[reference] = fate
    unsettled.remove(reference)
  }

  /// Records what could not be checked.
  public mutating func note(unchecked what: String) { unchecked.append(what) }

  /// The origin of an expected tensor.
  public func origin(of name: String) -> Origin? { origins[name] }

  /// The names that were given an origin, sorted.
  public var assignedNames: [String] { origins.keys.sorted() }

  /// What was left out, with the reasons, sorted.
  public var dropped: [(tensor: Reference, reason: String)] {
    fates.compactMap { reference, fate in
      if case .dropped(let reason) = fate { (reference, reason) } else { nil }
    }.sorted { $0.tensor.description < $1.tensor.description }
  }

  /// Holds the account: nothing missing, nothing unexpected, nothing read without a fate.
  ///
  /// - Parameter place: the file or directory to name in an error.
  /// - Throws: ``GraftError`` that lists what is wrong.
  public func check(place: String) throws(GraftError) {
    let missing = expected.filter { !$0.isOptional && origins[$0.name] == nil }.map(\.name)
    if !missing.isEmpty { throw .missing(missing.sorted(), from: place) }
    let surplus = origins.keys.filter { !expectedNames.contains($0) }
    if !surplus.isEmpty { throw .unexpected(surplus.sorted(), in: place) }
    if !unsettled.isEmpty {
      throw .unexpected(unsettled.map(\.tensor).sorted(), in: place)
    }
  }

  /// The account as it is saved in graft.json: origins by expected tensor, and what was dropped.
  public var json: JSONValue {
    var tensors = JSONObject()
    for name in assignedNames {
      guard let origin = origins[name] else { continue }
      var entry = JSONObject()
      entry["how"] = .string(origin.how)
      if !origin.references.isEmpty {
        entry["from"] = .array(origin.references.map { .string($0.description) })
      }
      tensors[name] = .object(entry)
    }
    var out = JSONObject()
    out["tensors"] = .object(tensors)
    out["dropped"] = .array(
      dropped.map { ["tensor": .string($0.tensor.description), "reason": .string($0.reason)] })
    if !unchecked.isEmpty { out["unchecked"] = .array(unchecked.map { .string($0) }) }
    return .object(out)
  }
}

extension Ledger.Origin {
  /// The tensors it comes from.
  public var references: [Ledger.Reference] {
    switch self {
    case .tensor(let reference, _): [reference]
    case .computed(let references, _): references
    case .created: []
    }
  }

  /// What was done, in words.
  public var how: String {
    switch self {
    case .tensor(_, let how), .computed(_, let how), .created(let how): how
    }
  }

  /// The same origin, with another step after it.
  public func adding(_ step: String) -> Self {
    let how = how == "copied" ? step : "\(how), \(step)"
    return switch self {
    case .tensor(let reference, _): .tensor(reference, how: how)
    case .computed(let references, _): .computed(references, how: how)
    case .created: .created(how: how)
    }
  }

  /// What was done to what, in words.
  public var text: String {
    references.isEmpty
      ? how : "\(how) (\(references.map(\.description).joined(separator: ", ")))"
  }
}
