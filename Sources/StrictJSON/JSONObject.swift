/// The members of a JSON object, in order, with look-up by key in constant time.
///
/// Keys are the same if their bytes are: "é" as one character and as "e" with an accent are two
/// keys, as in other readers, though Swift calls the strings equal. Small objects are searched from
/// front to back; larger ones have an index.
public struct JSONObject: Sendable, Hashable {
  /// The keys, in order.
  public private(set) var keys: [String] = []
  /// The values, in the order of ``keys``.
  public private(set) var values: [JSONValue] = []
  /// The place of each key; empty while the object is small.
  private var index: [ExactKey: Int] = [:]
  private static let indexThreshold = 8

  /// Creates an object without members.
  public init() {}

  /// The number of members.
  public var count: Int { keys.count }

  /// Whether there are no members.
  public var isEmpty: Bool { keys.isEmpty }

  /// The value of `key`; setting appends a new key at the end, and nil removes a key.
  public subscript(key: String) -> JSONValue? {
    get { position(of: key).map { values[$0] } }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): values[position] = value
      case (let position?, nil): remove(at: position)
      case (nil, let value?): _ = append(key, value)
      case (nil, nil): break
      }
    }
  }

  /// Appends a member.
  ///
  /// - Returns: false, and changes nothing, if the key is there already.
  mutating func append(_ key: String, _ value: JSONValue) -> Bool {
    if index.isEmpty {
      guard position(of: key) == nil else { return false }
      if keys.count == Self.indexThreshold {
        for (position, key) in keys.enumerated() { index[ExactKey(key)] = position }
        index[ExactKey(key)] = keys.count
      }
    } else if let other = index.updateValue(keys.count, forKey: ExactKey(key)) {
      index[ExactKey(key)] = other
      return false
    }
    keys.append(key)
    values.append(value)
    return true
  }

  private func position(of key: String) -> Int? {
    guard index.isEmpty else { return index[ExactKey(key)] }
    return keys.firstIndex { ExactKey($0) == ExactKey(key) }
  }

  private mutating func remove(at position: Int) {
    let isIndexed = !index.isEmpty
    index[ExactKey(keys[position])] = nil
    keys.remove(at: position)
    values.remove(at: position)
    guard isIndexed else { return }
    for later in position..<keys.count { index[ExactKey(keys[later])] = later }
  }

  /// Two objects are equal if they have equal members, in whatever order.
  public static func == (a: Self, b: Self) -> Bool {
    a.count == b.count && zip(a.keys, a.values).allSatisfy { b[$0] == $1 }
  }

  /// Feeds the members, independent of their order.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for key in keys.sorted() { hasher.combine(key) }
  }
}

extension JSONObject: Sequence {
  /// The members in order.
  public func makeIterator() -> Zip2Sequence<[String], [JSONValue]>.Iterator {
    zip(keys, values).makeIterator()
  }
}

/// A string that equals another only if their bytes are the same.
private struct ExactKey: Hashable, Sendable {
  private let text: String

  init(_ text: String) { self.text = text }

  static func == (a: Self, b: Self) -> Bool {
    a.text == b.text && a.text.utf8.elementsEqual(b.text.utf8)
  }

  func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
