/// Finds the base model's tensor that an adapter's name means.
///
/// The same weight is `layers.0...` for one model class and `model.layers.0...` for another, so a
/// name lands on the one tensor that equals it, ends in it, or that it ends in.
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
    case one(String, Shift)
    case none
    case several([String])
  }

  private let names: Set<String>
  private let bySuffix: [Substring: [String]]

  init(_ names: some Sequence<String>) {
    self.names = Set(names)
    var bySuffix: [Substring: [String]] = [:]
    for name in self.names.sorted() {
      for suffix in suffixes(of: name).dropFirst() { bySuffix[suffix, default: []].append(name) }
    }
    self.bySuffix = bySuffix
  }

  func match(_ name: String) -> Match {
    if names.contains(name) { return .one(name, Shift()) }
    let longer = bySuffix[name[...]] ?? []
    let shorter = suffixes(of: name).dropFirst().filter { names.contains(String($0)) }
    let found = longer + shorter.map(String.init)
    guard let base = found.first else { return .none }
    guard found.count == 1 else { return .several(found) }
    let extra = abs(base.count - name.count)
    return .one(
      base,
      base.count > name.count
        ? Shift(added: String(base.prefix(extra))) : Shift(dropped: String(name.prefix(extra))))
  }
}
