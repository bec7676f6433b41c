public import Checkpoint
public import Diagnostics
import StrictJSON

/// The heads of a model directory, and what is wrong with them.
public struct HeadSearch: Sendable {
  /// The directory.
  public let directory: String
  /// Every head found, standard ones first.
  public let heads: [Head]
  /// Heads of several layers, which are named but not used.
  public let stacked: [HeadKind]

  /// Looks in the model's tensors and in the files beside them.
  public init(_ directory: String, store: TensorStore) throws(GraftError) {
    self.directory = directory
    let beside = try Head.beside(directory)
    heads = Head.all(in: store) + beside
    stacked = Head.stacked(in: store)
  }

  /// The head that transformers would use.
  public var standard: Head? { heads.first { $0.kind.isStandard } }

  /// The head to score with.
  ///
  /// - Throws: ``GraftError`` if there is none, naming the ways out, or if the only one has a form
  ///   that this version does not convert.
  public func require() throws(GraftError) -> Head {
    if let standard {
      if let bias = standard.bias { throw .headBias(bias) }
      return standard
    }
    if let other = heads.first { throw .headNotConverted(other) }
    if let kind = stacked.first { throw .headStacked(kind, directory: directory) }
    throw .headMissing(directory)
  }

  /// Compares the heads with config.json.
  ///
  /// A causal model without a head is fine; one that claims to be a classifier is not.
  public func findings(config: ModelConfig) -> [Finding] {
    var out: [Finding] = []
    let claimsClassifier = config.architectures.contains {
      $0.hasSuffix("ForSequenceClassification")
    }
    if claimsClassifier || config.json["value_head_prefix"] != nil, standard == nil {
      do {
        _ = try require()
      } catch {
        out.append(Finding(.problem, error))
      }
    } else {
      for head in heads where !head.kind.isStandard {
        out.append(Finding(.warning, .headNotConverted(head)))
      }
      for kind in stacked {
        out.append(Finding(.warning, .headStacked(kind, directory: directory)))
      }
    }
    if let standard { out += Self.check(standard, config: config) }
    return out
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
    if let bias = head.bias, head.kind.isStandard {
      out.append(Finding(.problem, .headBias(bias)))
    }
    return out
  }
}
