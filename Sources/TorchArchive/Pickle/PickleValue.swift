public import TensorCore

/// A value that a pickle describes: plain data, tensors, and objects kept as data.
///
/// Values are cheap handles into the pickle that they came from. They may share parts and may
/// even contain themselves, so do not walk one without a bound.
public struct PickleValue: Sendable {
  let graph: PickleGraph
  let id: UInt32

  var node: PickleNode { graph.parts[id] }
  private var object: PickleObjectNode? {
    if case .object(let index) = node { graph.parts.objects[Int(index)] } else { nil }
  }
  private func value(_ id: UInt32) -> PickleValue { PickleValue(graph: graph, id: id) }

  /// Whether this is None.
  public var isNone: Bool { if case .none = node { true } else { false } }

  /// The truth value, if this is one.
  public var bool: Bool? { if case .bool(let value) = node { value } else { nil } }

  /// The integer, if this is one of at most 64 bits.
  public var int: Int? { if case .int(let value) = node { value } else { nil } }

  /// The number, if this is an integer or a real number.
  public var double: Double? {
    switch node {
    case .double(let value): value
    case .int(let value): Double(value)
    default: nil
    }
  }

  /// The string, if this is one.
  public var string: String? { if case .string(let value) = node { value } else { nil } }

  /// The bytes, if this is a `bytes` or `bytearray`.
  public var bytes: [UInt8]? { if case .bytes(let value) = node { value } else { nil } }

  /// The tensor, if this is one.
  public var tensor: TorchTensor? {
    if case .tensor(let index) = node { graph.parts.tensors[Int(index)] } else { nil }
  }

  /// The class or function, if this is the bare name of one.
  public var global: PickleGlobal? {
    if case .global(let index) = node { graph.parts.globals[Int(index)] } else { nil }
  }

  /// The element type, if this is a `torch.dtype` that is known here.
  public var dtype: DType? {
    guard let global, global.module == "torch" else { return nil }
    return TorchElementType(dtypeName: global.name).dtype
  }

  /// The elements, if this is a list, tuple, `torch.Size` or set, or an object of a class derived
  /// from one.
  public var elements: [PickleValue]? {
    switch node {
    case .tuple(let index), .list(let index), .set(let index):
      graph.parts.sequences[Int(index)].map(value)
    default: object.flatMap { $0.elements.isEmpty ? nil : $0.elements.map(value) }
    }
  }

  /// The elements as integers, if they all are: a `torch.Size`, a shape.
  public var ints: [Int]? {
    guard let elements else { return nil }
    let ints = elements.compactMap(\.int)
    return ints.count == elements.count ? ints : nil
  }

  /// Whether this is a dictionary; an `OrderedDict` is one.
  public var isDictionary: Bool { if case .dictionary = node { true } else { false } }

  /// The entries in their order, if this is a dictionary, or an object of a class derived from
  /// one. A key that is set twice is there twice; Python lets the later one count.
  public var entries: [(key: PickleValue, value: PickleValue)]? {
    let ids: [UInt32]
    if case .dictionary(let index) = node {
      ids = graph.parts.sequences[Int(index)]
    } else if let object, !object.entries.isEmpty {
      ids = object.entries
    } else {
      return nil
    }
    return stride(from: 0, to: ids.count - 1, by: 2).map { (value(ids[$0]), value(ids[$0 + 1])) }
  }

  /// The value of a string key, if this is a dictionary that has it. Searches from the end.
  public subscript(key: String) -> PickleValue? {
    entries?.last { $0.key.string == key }?.value
  }

  /// The class whose object this is, if it is one of a class that is not known here.
  public var type: PickleGlobal? { object?.type }

  /// The arguments that the class, or the function that makes the object, would have been called
  /// with; for an enum the value. Nothing was called.
  public var arguments: [PickleValue]? { object.map { value($0.arguments).elements ?? [] } }

  /// What the object would have been filled with: its attributes by name, for most classes.
  public var state: PickleValue? { object?.state.map(value) }

  /// An attribute of an object whose state is a dictionary, or the pair of one and slots.
  public func attribute(_ name: String) -> PickleValue? {
    guard let state else { return nil }
    if let value = state[name] { return value }
    guard let parts = state.elements, parts.count == 2 else { return nil }
    return parts[0][name] ?? parts[1][name]
  }

  /// What kind of value this is, in words for an error message.
  public var kindName: String { graph.parts.kindName(id) }
}
