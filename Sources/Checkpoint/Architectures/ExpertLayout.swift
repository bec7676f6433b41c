/// How the matrices of a mixture's experts lie in a file.
public enum ExpertLayout: String, Sendable, Hashable, CaseIterable {
  /// One matrix per expert and projection, as in transformers 4's files (`experts.0.up_proj`).
  case perExpert = "per-expert"
  /// One three-dimensional tensor for all experts, as in transformers 5's memory
  /// (`experts.gate_up_proj`).
  case fused
}

/// A tensor of all experts, and the matrices that it is made of.
public struct ExpertParameter: Sendable, Hashable {
  /// The fused tensor's full name.
  public var name: String
  /// `[experts, outputs, inputs]`
  public var shape: [Int]
  /// For each expert the full names of its matrices, whose rows follow each other in the fused
  /// tensor: gate before up.
  public var members: [[String]]
}
