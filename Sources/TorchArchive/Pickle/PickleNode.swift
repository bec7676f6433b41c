/// One value of a pickle. Containers, tensors and objects stand in tables of ``PickleParts``;
/// values refer to each other by number, so that neither depth nor cycles cost stack, in building
/// them or in freeing them.
enum PickleNode: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  /// An integer of more than 64 bits, little-endian two's complement.
  case wideInteger([UInt8])
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case tuple(UInt32)
  case list(UInt32)
  case set(UInt32)
  /// A sequence of keys and values in turn.
  case dictionary(UInt32)
  case global(UInt32)
  case storage(UInt32)
  case tensor(UInt32)
  case object(UInt32)
}

/// An object of a class that is not known here: the call that would have made it, as data.
struct PickleObjectNode: Sendable {
  var type: PickleGlobal
  /// A tuple.
  var arguments: UInt32
  /// What BUILD would have handed to it.
  var state: UInt32?
  /// What APPEND and ADDITEMS would have added.
  var elements: [UInt32] = []
  /// What SETITEM would have set: keys and values in turn.
  var entries: [UInt32] = []
}

/// All values of one pickle.
struct PickleParts: Sendable {
  var nodes: [PickleNode] = []
  var sequences: [[UInt32]] = []
  var globals: [PickleGlobal] = []
  var storages: [TorchStorage] = []
  var tensors: [TorchTensor] = []
  var objects: [PickleObjectNode] = []

  subscript(id: UInt32) -> PickleNode { nodes[Int(id)] }

  /// What kind of value this is, in words for an error message.
  func kindName(_ id: UInt32) -> String {
    switch self[id] {
    case .none: "None"
    case .bool: "a truth value"
    case .int, .wideInteger: "an integer"
    case .double: "a real number"
    case .string: "a string"
    case .bytes: "bytes"
    case .tuple: "a tuple"
    case .list: "a list"
    case .set: "a set"
    case .dictionary: "a dictionary"
    case .global(let index): "the class or function '\(globals[Int(index)])'"
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .object(let index): "a Python object of '\(objects[Int(index)].type)'"
    }
  }
}

/// All values of one pickle, finished.
final class PickleGraph: Sendable {
  let parts: PickleParts

  init(_ parts: PickleParts) { self.parts = parts }
}
