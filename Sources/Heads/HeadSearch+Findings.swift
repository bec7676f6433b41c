public import Checkpoint
public import Diagnostics
import StrictJSON

extension HeadSearch {
  /// Compares the heads with config.json.
  ///
  /// A causal model without a head is fine; one that claims to be a classifier is not.
  ///
  /// - Parameter missingOutput: the output matrix that the class needs and that is not there, as in
  ///   "lm_head.weight": with a head, the model is a classifier under another class's name.
  public func findings(config: ModelConfig, missingOutput: String? = nil) -> [Finding] {
    var out: [Finding] = []
    if let head = rewardModelHead(config) {
      if let hidden = try? config.hiddenSize, hidden != head.hiddenSize {
        let width = (head.inner.first?.weight ?? head.weight).spec
        out.append(Finding(.problem, .headWidth(width, hidden: hidden, file: config.file)))
      }
    } else if config.claimsHead, standard == nil {
      do throws(GraftError) {
        let head = try choose()
        if head.kind.module != config.headPrefixes.first || head.isBeside {
          throw GraftError.headNotConverted(head, directory: directory)
        }
        out += Self.check(head, config: config)
        out.append(Finding(.warning, .headNotConverted(head, directory: directory)))
      } catch {
        out.append(Finding(.problem, error))
      }
    } else {
      for head in heads where head.kind.module != standardModule || head.isStacked {
        out.append(
          Finding(
            missingOutput == nil ? .warning : .problem,
            .headNotConverted(head, directory: directory, lacking: missingOutput)))
      }
    }
    if let standard { out += Self.check(standard, config: config) }
    do throws(GraftError) {
      if try config.headDeclaration.fresh != nil {
        out.append(Finding(.warning, .headFresh(config.file)))
      }
      _ = try RewardNormalization(config)
    } catch {
      out.append(Finding(.problem, error))
    }
    return out
  }

  /// The head of two layers that the class of Qwen's reward models reads, where that is the class.
  public func rewardModelHead(_ config: ModelConfig) -> Head? {
    guard config.isRewardModelClass else { return nil }
    return heads.first {
      $0.kind.isStandard && $0.wrapper.isEmpty && !$0.isBeside && $0.inner.map(\.index) == [0]
    }
  }

  /// Compares a head's shape with config.json: hidden size, number of labels.
  public static func check(_ head: Head, config: ModelConfig) -> [Finding] {
    var out: [Finding] = []
    if let hidden = try? config.hiddenSize, hidden != head.hiddenSize {
      out.append(Finding(.problem, .headWidth(head.weight.spec, hidden: hidden, file: config.file)))
    }
    if head.labelCount != config.labelCount {
      let isDeclared = config.json["id2label"] != nil || config.json["num_labels"] != nil
      out.append(
        Finding(
          .problem,
          .headLabels(
            head.weight.spec, config: config.labelCount, isDeclared: isDeclared,
            file: config.file)))
    }
    let isTokenClassifier = config.architectures.contains {
      $0.hasSuffix("ForTokenClassification")
    }
    if let bias = head.bias, head.kind.isStandard, !isTokenClassifier {
      out.append(Finding(.problem, .headBias(bias)))
    }
    if let offset = try? config.headDeclaration.offset, !offset.isEmpty,
      offset.count != head.labelCount
    {
      out.append(
        Finding(
          .problem,
          .offsetLabels(offset.count, labels: head.labelCount, file: config.file)))
    }
    return out
  }
}
