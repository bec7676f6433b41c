public import Checkpoint
public import Diagnostics
import FileIO
import TensorCore

/// A head that turns the last hidden state into scores: `[labels, hidden]`, perhaps with a bias, or
/// a sequence of such layers.
public struct Head: Sendable {
  /// One linear layer.
  public struct Layer: Sendable {
    /// Its place in the sequence, as in the 2 of `score.2.weight`.
    public let index: Int
    /// The matrix, `[out, in]`.
    public let weight: any TensorSource
    /// The bias, `[out]`.
    public let bias: (any TensorSource)?
  }

  /// The form it is stored in.
  public let kind: HeadKind
  /// What stands before the module in the file, as in "pretrained_model."; mostly nothing.
  public let wrapper: String
  /// The last layer's matrix, `[labels, hidden]`.
  public let weight: any TensorSource
  /// The last layer's bias, `[labels]`.
  public let bias: (any TensorSource)?
  /// The layers before the last, in order; none for most heads.
  public let inner: [Layer]
  /// Whether it lies in a file of its own beside the weights.
  public let isBeside: Bool

  /// The number of outputs; 1 for a reward model.
  public var labelCount: Int { weight.spec.shape.first ?? 0 }
  /// The width of the hidden state that it reads.
  public var hiddenSize: Int { (inner.first?.weight ?? weight).spec.shape.last ?? 0 }
  /// Whether it has several layers, with activations between them that no file names.
  public var isStacked: Bool { !inner.isEmpty }
  /// The module as the file names it.
  public var name: String { wrapper + kind.module }
  /// All its tensors, first layer first.
  public var tensors: [any TensorSource] {
    inner.flatMap { [$0.weight] + ($0.bias.map { [$0] } ?? []) } + [weight]
      + (bias.map { [$0] } ?? [])
  }

  /// Wraps the tensors of one layer.
  ///
  /// - Returns: nil if the weight is no matrix.
  public init?(
    kind: HeadKind, weight: any TensorSource, bias: (any TensorSource)?, isBeside: Bool = false
  ) {
    self.init(
      kind: kind, wrapper: "", layers: [Layer(index: 0, weight: weight, bias: bias)],
      isBeside: isBeside)
  }

  private init?(kind: HeadKind, wrapper: String, layers: [Layer], isBeside: Bool) {
    guard let last = layers.last, layers.allSatisfy({ $0.weight.spec.shape.count == 2 }) else {
      return nil
    }
    self.kind = kind
    self.wrapper = wrapper
    weight = last.weight
    bias = last.bias
    inner = layers.dropLast()
    self.isBeside = isBeside
  }

  /// The heads among the tensors of a model or an adapter file, those of preferred names first.
  ///
  /// - Parameter names: module names to look for besides the known ones, and before them.
  public static func all(in store: TensorStore, named names: [String] = []) -> [Head] {
    all(store.names.lazy.compactMap { store[$0] }, names)
  }

  /// The heads among tensors by name, such as an adapter's replacements.
  public static func all(in tensors: [String: any TensorSource]) -> [Head] {
    all(tensors.sorted { $0.key < $1.key }.map { RenamedSource($0.value, as: $0.key) }, [])
  }

  /// The heads in files that trainers put beside the weights of a model or an adapter; see
  /// ``sideFile(in:)``.
  ///
  /// - Throws: ``GraftError`` if the file is there and broken.
  public static func beside(
    _ directory: String, named names: [String] = []
  ) throws(GraftError) -> [Head] {
    guard let path = sideFile(in: directory) else { return [] }
    return all(in: try TensorStore(file: path), named: names).compactMap {
      Head(kind: $0.kind, wrapper: $0.wrapper, layers: $0.layers, isBeside: true)
    }
  }

  /// The file of its own that a trainer keeps a head in, or nil: LLaMA-Factory's
  /// `value_head.safetensors` or `value_head.bin`, and TRL's `pytorch_model.bin` beside an adapter.
  public static func sideFile(in directory: String) -> String? {
    var names = ["value_head.safetensors", "value_head.bin"]
    if fileExists("\(directory)/adapter_config.json") { names.append("pytorch_model.bin") }
    return names.map { "\(directory)/\($0)" }.first(where: fileExists)
  }

  private var layers: [Layer] { inner + [Layer(index: inner.count, weight: weight, bias: bias)] }

  private static func all(
    _ tensors: some Sequence<any TensorSource>, _ names: [String]
  ) -> [Head] {
    let kinds = HeadKind.all(preferring: names)
    var weights: [Place: [Int: any TensorSource]] = [:]
    var biases: [Place: [Int: any TensorSource]] = [:]
    for source in tensors {
      guard let name = HeadName(source.spec.name, kinds: kinds) else { continue }
      let place = Place(wrapper: name.wrapper, kind: name.kind)
      // A single layer sorts after the numbered ones, should both be there.
      let index = name.layer ?? 100
      if name.isBias {
        biases[place, default: [:]][index] = source
      } else {
        weights[place, default: [:]][index] = source
      }
    }
    let places = weights.keys.sorted {
      let (a, b) = (kinds.firstIndex(of: $0.kind) ?? 0, kinds.firstIndex(of: $1.kind) ?? 0)
      return (a, $0.wrapper) < (b, $1.wrapper)
    }
    return places.compactMap { place in
      let layers = (weights[place] ?? [:]).sorted { $0.key < $1.key }.map { index, weight in
        Layer(index: index, weight: weight, bias: biases[place]?[index])
      }
      return Head(kind: place.kind, wrapper: place.wrapper, layers: layers, isBeside: false)
    }
  }
}

/// Where a head's tensors are in a file.
private struct Place: Hashable {
  var wrapper: String
  var kind: HeadKind
}
