/// What a checkpoint is to be used as.
public enum ModelRole: Sendable, Hashable {
  /// Hidden states only, names without a prefix (AutoModel).
  case backbone
  /// A language model.
  case causal
  /// A model with a `score` head of this many outputs; one output is a reward model.
  case sequenceClassifier(labels: Int)
  /// A model with a head of this many outputs, with a bias, at every position.
  case tokenClassifier(labels: Int)

  /// Whether it has a head in the place of the output matrix.
  public var isClassifier: Bool {
    switch self {
    case .backbone, .causal: false
    case .sequenceClassifier, .tokenClassifier: true
    }
  }
}
