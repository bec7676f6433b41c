import StrictJSON

/// A JSON object as text, with members to be set.
public struct JSONObjectFixture {
  /// The text.
  public private(set) var text: String

  /// Wraps text.
  public init(_ text: String) { self.text = text }

  /// Sets a member to a JSON value given as text, "null" for null; or takes it away, for nil.
  public mutating func set(_ key: String, _ value: String?) throws {
    guard case .object(var object) = try JSONValue.parse(text) else { return }
    object[key] = try value.map { try JSONValue.parse($0) }
    text = JSONValue.object(object).text(.prettySorted)
  }
}
