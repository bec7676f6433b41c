package import StrictJSON

/// Two answers to one prompt, of which the first is preferred.
package struct PreferencePair: Sendable, Equatable {
  /// The conversation up to the answer: objects with `role` and `content`.
  package var prompt: [JSONValue]
  /// The preferred answer: an object with `role` and `content`.
  package var chosen: JSONValue
  /// The other answer.
  package var rejected: JSONValue
  /// By how much at least the rewards are to differ; 0 unless the row says otherwise.
  package var margin: Double
  /// The file of the row.
  package var file: String
  /// The line that the row begins on, from 1.
  package var line: Int
}
