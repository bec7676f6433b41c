/// A form that heads are stored in: the module's name and who writes it.
///
/// Sources: transformers (`score`, `classifier`), TRL and LLaMA-Factory (`v_head.summary`), OpenRLHF
/// (`score`, `value_head`), and public reward models (`v_head`, `regression_head`, ...).
public struct HeadKind: Sendable, Hashable {
  /// The module's path in the file, as in "score" or "v_head.summary".
  public let module: String
  /// Who writes it.
  public let writer: String
  /// Whether transformers' decoder classes read it under this name.
  public var isStandard: Bool { module == Self.score.module }

  /// What transformers' `...ForSequenceClassification` of a decoder reads.
  public static let score = HeadKind(
    module: "score", writer: "transformers, TRL's RewardTrainer, OpenRLHF")
  /// What TRL and LLaMA-Factory put beside or into a causal model.
  public static let valueHead = HeadKind(
    module: "v_head.summary", writer: "TRL's value-head wrapper, LLaMA-Factory")

  /// All known forms.
  public static let all: [HeadKind] = [
    score,
    valueHead,
    HeadKind(module: "v_head", writer: "Starling"),
    HeadKind(module: "value_head", writer: "OpenRLHF's older checkpoints"),
    HeadKind(module: "reward_head", writer: "custom trainers"),
    HeadKind(module: "regression_head", writer: "UltraRM, Eurus"),
    HeadKind(module: "regression_layer", writer: "QRM, ArmoRM"),
    HeadKind(module: "score_head", writer: "Beaver"),
    HeadKind(module: "classifier", writer: "encoder models"),
  ]

  /// The form of this module name, or nil.
  public static func named(_ module: String) -> HeadKind? { all.first { $0.module == module } }

  /// The forms with these names in front, known or not, and then all others.
  static func all(preferring names: [String]) -> [HeadKind] {
    let preferred = names.map { name in
      named(name) ?? HeadKind(module: name, writer: "the module that was named")
    }
    return preferred + all.filter { !preferred.contains($0) }
  }
}
