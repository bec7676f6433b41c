public import Checkpoint
import FileIO
import StrictJSON
import TensorCore

/// What a tool would do with the head of a directory as it stands.
public struct HeadReader: Sendable, Hashable {
  /// How it would end.
  public enum Outcome: String, Sendable {
    /// The trained head is used.
    case uses
    /// The trained head is used, and part of it is lost.
    case usesInPart = "uses-in-part"
    /// A random head takes its place, with a warning at most.
    case random
    /// Loading fails.
    case refuses
  }

  /// The tool, and the class or command in it.
  public let tool: String
  /// How it would end.
  public let outcome: Outcome
  /// Why, in words.
  public let reason: String

  /// What transformers, TRL, OpenRLHF and LLaMA-Factory would do with a model directory.
  ///
  /// Sources: transformers 5.23 `from_pretrained`, TRL 0.24
  /// `AutoModelForCausalLMWithValueHead.from_pretrained`, OpenRLHF 0.11
  /// `get_llm_for_sequence_regression`, LLaMA-Factory 0.9.5 `load_valuehead_params`.
  ///
  /// Of a model whose head has several layers, also what vLLM's class for such heads would do
  /// (vllm/model_executor/models/qwen2_rm.py).
  public static func all(_ search: HeadSearch, config: ModelConfig) -> [HeadReader] {
    var readers = [
      classifier(search, config, tool: "transformers AutoModelForSequenceClassification"),
      classifier(search, config, tool: "transformers AutoModelForTokenClassification"),
      trl(search), openRLHF(search, config), llamaFactory(search),
    ]
    if search.heads.contains(where: \.isStacked) || config.isRewardModelClass {
      readers.append(rewardModel(search, config))
    }
    return readers
  }

  private static func rewardModel(_ search: HeadSearch, _ config: ModelConfig) -> HeadReader {
    let tool = "vLLM Qwen2ForRewardModel"
    guard config.isRewardModelClass else {
      let name = config.architectures.first ?? "nothing"
      return HeadReader(
        tool: tool, outcome: .refuses, reason: "config.json names \(name), not this class")
    }
    guard let head = search.rewardModelHead(config) else {
      let other = search.heads.first.map { "the head is \($0.place)" } ?? "there is no head"
      return HeadReader(
        tool: tool, outcome: .refuses, reason: "it looks for score.0 and score.2; \(other)")
    }
    return HeadReader(
      tool: tool, outcome: .uses, reason: "\(head.inner.count + 1) layers, with a ReLU between")
  }

  /// The same for an adapter directory.
  ///
  /// - Parameter isClassifier: whether adapter_config.json says `"task_type": "SEQ_CLS"` or
  ///   `"TOKEN_CLS"`, or names the head's module in `modules_to_save`.
  public static func all(forAdapter search: HeadSearch, isClassifier: Bool) -> [HeadReader] {
    let head = search.heads.first { $0.kind.isStandard && !$0.isBeside }
    let peft: HeadReader =
      switch (head, isClassifier) {
      case (.some, true):
        HeadReader(
          tool: "PEFT on a classifier", outcome: .uses, reason: "the adapter replaces score")
      case (.some, false):
        HeadReader(
          tool: "PEFT on a classifier", outcome: .random,
          reason: "score is in the file, and the configuration does not name it")
      case (nil, _):
        HeadReader(
          tool: "PEFT on a classifier", outcome: .random, reason: "the adapter holds no score")
      }
    return [
      peft,
      HeadReader(
        tool: "OpenRLHF", outcome: .random,
        reason: "it loads the head from the base model, never from an adapter"),
      llamaFactory(search),
    ]
  }

  private static func classifier(
    _ search: HeadSearch, _ config: ModelConfig, tool: String
  ) -> HeadReader {
    guard let head = search.standard else {
      let other = search.heads.first.map { "the head is \($0.place)" } ?? "there is no head"
      return HeadReader(
        tool: tool, outcome: .random, reason: "it looks for score.weight; \(other)")
    }
    guard head.labelCount == config.labelCount else {
      return HeadReader(
        tool: tool, outcome: .refuses,
        reason: "\(head.labelCount) rows, and config.json declares \(config.labelCount) labels; "
          + "ignore_mismatched_sizes=True would put a random head in its place")
    }
    let isTokenClassifier = tool.hasSuffix("TokenClassification")
    if head.bias != nil, !isTokenClassifier {
      return HeadReader(
        tool: tool, outcome: .usesInPart, reason: "it has no place for score.bias, which is lost")
    }
    if head.bias == nil, isTokenClassifier {
      return HeadReader(
        tool: tool, outcome: .uses, reason: "score.weight; the missing bias starts at zero")
    }
    return HeadReader(tool: tool, outcome: .uses, reason: head.weight.spec.name)
  }

  private static func trl(_ search: HeadSearch) -> HeadReader {
    let tool = "TRL AutoModelForCausalLMWithValueHead"
    if let head = search.heads.first(where: {
      $0.kind == .valueHead && !$0.isBeside && !$0.isStacked
    }) {
      return HeadReader(tool: tool, outcome: .uses, reason: head.weight.spec.name)
    }
    let other =
      search.heads.first.map { "the head is \($0.place)" } ?? "there is no head"
    return HeadReader(
      tool: tool, outcome: .random, reason: "it looks for v_head in the model's weights; \(other)")
  }

  private static func openRLHF(_ search: HeadSearch, _ config: ModelConfig) -> HeadReader {
    let prefix = config.headPrefixes.first ?? "score"
    let tool = "OpenRLHF (value_head_prefix '\(prefix)')"
    let head = search.heads.first {
      $0.kind.module == prefix && !$0.isBeside && $0.wrapper.isEmpty && !$0.isStacked
    }
    guard let head else {
      let other = search.heads.first.map { "the head is \($0.place)" } ?? "there is no head"
      return HeadReader(
        tool: tool, outcome: .random, reason: "it looks for \(prefix).weight; \(other)")
    }
    guard head.labelCount == 1 else {
      return HeadReader(
        tool: tool, outcome: .refuses, reason: "it reads one score; there are \(head.labelCount)")
    }
    return head.bias == nil
      ? HeadReader(tool: tool, outcome: .uses, reason: head.weight.spec.name)
      : HeadReader(
        tool: tool, outcome: .usesInPart, reason: "it has no place for the bias, which is lost")
  }

  private static func llamaFactory(_ search: HeadSearch) -> HeadReader {
    let tool = "LLaMA-Factory (stage rm or ppo)"
    if let head = search.heads.first(where: { $0.kind == .valueHead && $0.isBeside }) {
      return HeadReader(tool: tool, outcome: .uses, reason: splitPath(head.weight.file).name)
    }
    let other = search.heads.first.map { "the head is \($0.place)" } ?? "there is no head"
    return HeadReader(
      tool: tool, outcome: .random,
      reason: "it looks for v_head.summary in value_head.safetensors; \(other)")
  }
}

extension Head {
  /// Where it is, in words.
  var place: String { "\(weight.spec.name) in \(splitPath(weight.file).name)" }
}
