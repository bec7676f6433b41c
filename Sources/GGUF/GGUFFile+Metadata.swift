public import Diagnostics

/// Metadata by key, with an error that names the key where a value is missing or of another kind.
extension GGUFFile {
  /// A string that must be there.
  public func string(_ key: String) throws(GraftError) -> String {
    try require(key, "a string", \.string)
  }

  /// An integer that must be there.
  public func int(_ key: String) throws(GraftError) -> Int {
    try require(key, "an integer", \.int)
  }

  /// A number that must be there.
  public func double(_ key: String) throws(GraftError) -> Double {
    try require(key, "a number", \.double)
  }

  /// An array of strings that must be there.
  public func strings(_ key: String) throws(GraftError) -> [String] {
    try require(key, "an array of strings", \.strings)
  }

  /// An array of integers that must be there.
  public func ints(_ key: String) throws(GraftError) -> [Int] {
    try require(key, "an array of integers", \.ints)
  }

  /// A string, or nil where the key is absent.
  public func optionalString(_ key: String) throws(GraftError) -> String? {
    metadata[key] == nil ? nil : try string(key)
  }

  /// An integer, or nil where the key is absent.
  public func optionalInt(_ key: String) throws(GraftError) -> Int? {
    metadata[key] == nil ? nil : try int(key)
  }

  /// A number, or nil where the key is absent.
  public func optionalDouble(_ key: String) throws(GraftError) -> Double? {
    metadata[key] == nil ? nil : try double(key)
  }

  private func require<T>(
    _ key: String, _ expected: String, _ part: (GGUFValue) -> T?
  ) throws(GraftError) -> T {
    guard let value = metadata[key] else { throw .keyMissing(path, key: key) }
    guard let result = part(value) else {
      throw .keyKind(path, key: key, found: value.kindName, expected: expected)
    }
    return result
  }
}
