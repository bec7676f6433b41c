public import Checkpoint
public import Diagnostics
import FileIO
import TensorCore

/// A head that turns the last hidden state into scores: `[labels, hidden]`, perhaps with a bias.
public struct Head: Sendable {
  /// The form it is stored in.
  public let kind: HeadKind
  /// The matrix, `[labels, hidden]`.
  public let weight: any TensorSource
  /// The bias, `[labels]`.
  public let bias: (any TensorSource)?

  /// The number of outputs; 1 for a reward model.
  public var labelCount: Int { weight.spec.shape.first ?? 0 }
  /// The width of the hidden state that it reads.
  public var hiddenSize: Int { weight.spec.shape.last ?? 0 }

  /// Wraps tensors.
  ///
  /// - Returns: nil if the weight is no matrix.
  public init?(kind: HeadKind, weight: any TensorSource, bias: (any TensorSource)?) {
    guard weight.spec.shape.count == 2 else { return nil }
    self.kind = kind
    self.weight = weight
    self.bias = bias
  }

  /// The heads among the tensors of a model, in the order of ``HeadKind/all``.
  public static func all(in store: TensorStore) -> [Head] {
    all { store[$0] }
  }

  /// The heads among tensors by name, such as an adapter's replacements.
  public static func all(in tensors: [String: any TensorSource]) -> [Head] {
    all { tensors[$0] }
  }

  /// The heads in files that trainers put beside the weights: `value_head.safetensors`.
  ///
  /// - Throws: ``GraftError`` if the file is there and broken.
  public static func beside(_ directory: String) throws(GraftError) -> [Head] {
    let path = "\(directory)/value_head.safetensors"
    guard fileExists(path) else { return [] }
    return all(in: try TensorStore(safetensors: path))
  }

  /// The modules of heads with several layers, which this version cannot use ("score" of
  /// `score.0.weight`).
  public static func stacked(in store: TensorStore) -> [HeadKind] {
    HeadKind.all.filter { store["\($0.module).0.weight"] != nil }
  }

  private static func all(_ tensor: (String) -> (any TensorSource)?) -> [Head] {
    HeadKind.all.compactMap { kind in
      guard let weight = tensor("\(kind.module).weight") else { return nil }
      return Head(kind: kind, weight: weight, bias: tensor("\(kind.module).bias"))
    }
  }
}
