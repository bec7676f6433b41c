/// Finds the base model's tensor that an adapter's name means.
///
/// The same weight is `layers.0...` for one model class and `model.layers.0...` for another, so a
/// name lands on the one tensor that equals it, ends in it, or that it ends in. Where that finds
/// none, names are compared without the nestings of vision-language models, whose order differs
/// between versions of transformers, and without the two names of a mixture of experts.
struct BaseNames {
  /// How an adapter's names differ from the base's: what to take off and what to put in front.
  struct Shift: Hashable {
    var dropped = ""
    var added = ""

    /// The adapter's name for a name of the base, or nil where the base's is of another part.
    func adapterName(_ base: String) -> String? {
      base.hasPrefix(added) ? dropped + base.dropFirst(added.count) : nil
    }
  }

  enum Match {
    /// Found; the shift is nil where the names differ in more than what stands in front.
    case one(String, Shift?)
    case none
    case several([String])
  }

  private let names: Set<String>
  private let bySuffix: [Substring: [String]]
  private let byPlainName: [String: [String]]

  init(_ names: some Sequence<String>) {
    self.names = Set(names)
    var bySuffix: [Substring: [String]] = [:]
    var byPlainName: [String: [String]] = [:]
    for name in self.names.sorted() {
      for suffix in suffixes(of: name).dropFirst() { bySuffix[suffix, default: []].append(name) }
      byPlainName[Self.plain(name), default: []].append(name)
    }
    self.bySuffix = bySuffix
    self.byPlainName = byPlainName
  }

  /// The base's tensor that a name means.
  func match(_ name: String) -> Match {
    let found = matchAsNamed(name)
    guard case .none = found, let other = Self.onDisk(name), names.contains(other) else {
      return found
    }
    return .one(other, nil)
  }

  /// The name in GPT-NeoX's files of the output matrix that transformers 5 calls `lm_head`.
  static func onDisk(_ name: String) -> String? {
    name == "lm_head" || name.hasPrefix("lm_head.") ? "embed_out" + name.dropFirst(7) : nil
  }

  private func matchAsNamed(_ name: String) -> Match {
    if names.contains(name) { return .one(name, Shift()) }
    let longer = bySuffix[name[...]] ?? []
    let shorter = suffixes(of: name).dropFirst().filter { names.contains(String($0)) }
    let found = longer + shorter.map(String.init)
    guard let base = found.first else { return matchPlain(name) }
    guard found.count == 1 else {
      // One of them may be the same weight under another nesting; the others only end alike.
      if case .one(let exact, let shift) = matchPlain(name), Self.isNested(exact) {
        return .one(exact, shift)
      }
      return .several(found)
    }
    let extra = abs(base.count - name.count)
    return .one(
      base,
      base.count > name.count
        ? Shift(added: String(base.prefix(extra))) : Shift(dropped: String(name.prefix(extra))))
  }

  /// Whether a name lies in the language part of a larger model.
  private static func isNested(_ name: String) -> Bool {
    name.split(separator: ".").contains { $0 == "language_model" || $0 == "text_model" }
  }

  private func matchPlain(_ name: String) -> Match {
    let found = byPlainName[Self.plain(name)] ?? []
    guard let base = found.first else { return .none }
    return found.count == 1 ? .one(base, nil) : .several(found)
  }

  /// The name without nestings, and with `mlp` for Mixtral's `block_sparse_moe`.
  private static func plain(_ name: String) -> String {
    name.split(separator: ".").filter { !nestings.contains($0) }
      .map { $0 == "block_sparse_moe" ? "mlp" : $0 }.joined(separator: ".")
  }

  private static let nestings: Set<Substring> = ["model", "language_model", "text_model"]
}
