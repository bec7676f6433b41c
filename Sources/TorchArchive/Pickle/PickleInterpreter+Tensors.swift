import Diagnostics
import TensorCore

/// Torch's storages and tensors.
///
/// Source: torch/_utils.py and torch/serialization.py of PyTorch 2.13.
extension PickleInterpreter {
  /// `('storage', storage class, key, location, element count[, view])`
  func storage(_ reference: UInt32) throws(GraftError) -> TorchStorage {
    guard let fields = tuple(reference), fields.count == 5 || fields.count == 6,
      case .string("storage") = parts[fields[0]], let type = globalNamed(by: fields[1]),
      let elementType = TorchElementType(storageClass: type), let key = key(fields[2]),
      case .int(let count) = parts[fields[4]], count >= 0
    else { throw invalid("a reference that is no storage of torch's") }
    var location = ""
    if case .string(let device) = parts[fields[3]] { location = device }
    var storage = TorchStorage(
      key: key, elementType: elementType, elementCount: count, location: location, start: 0)
    // (key, start, element count) of a part that is seen as a storage of its own
    if fields.count == 6, let view = tuple(fields[5]) {
      guard view.count == 3, case .int(let start) = parts[view[1]],
        case .int(let size) = parts[view[2]], start >= 0, size >= 0, start <= count,
        size <= count - start
      else { throw invalid("a part of a storage that lies outside it") }
      storage.start = start
    }
    return storage
  }

  private func key(_ id: UInt32) -> String? {
    switch parts[id] {
    case .string(let key): key
    case .int(let key): String(key)
    default: nil
    }
  }

  /// The tensor that a function of torch's makes, or nil for other functions.
  func rebuilt(_ type: PickleGlobal, _ ids: [UInt32]) throws(GraftError) -> TorchTensor? {
    switch type.name {
    case "_rebuild_tensor", "_rebuild_tensor_v2": return try tensor(ids, typeAt: nil)
    case "_rebuild_tensor_v3": return try tensor(ids, typeAt: 6)
    case "_rebuild_parameter", "_rebuild_parameter_with_state":
      guard let first = ids.first else { throw invalid("a parameter without a tensor") }
      // A parameter over something that is no tensor here stays an object.
      guard case .tensor(let index) = parts[first] else { return nil }
      return parts.tensors[Int(index)]
    case "_rebuild_from_type_v2":
      guard ids.count >= 3, let function = globalNamed(by: ids[0]),
        let subclass = globalNamed(by: ids[1]), subclass.isPlainTensorClass,
        let arguments = tuple(ids[2]), function.module == "torch._utils",
        function.name != type.name
      else { return nil }
      return try rebuilt(function, arguments)
    default: return nil
    }
  }

  /// `(storage, offset, size, stride, ...)`, with the element type at `typeAt` if not the
  /// storage's.
  private func tensor(_ ids: [UInt32], typeAt: Int?) throws(GraftError) -> TorchTensor {
    guard ids.count >= 4, case .storage(let index) = parts[ids[0]],
      case .int(let offset) = parts[ids[1]], let shape = sizes(ids[2]),
      let strides = sizes(ids[3]), offset >= 0, shape.count == strides.count, shape.count <= 64
    else { throw invalid("a tensor whose storage, offset, size or stride makes no sense") }
    let storage = parts.storages[Int(index)]
    var elementType = storage.elementType
    if let typeAt {
      guard ids.count > typeAt, let dtype = globalNamed(by: ids[typeAt]), dtype.module == "torch"
      else { throw invalid("a tensor without a type") }
      elementType = TorchElementType(dtypeName: dtype.name)
    }
    return TorchTensor(
      elementType: elementType, shape: shape, strides: strides, offset: offset, storage: storage)
  }

  private func sizes(_ id: UInt32) -> [Int]? {
    guard let ids = tuple(id) else { return nil }
    var sizes: [Int] = []
    for id in ids {
      guard case .int(let size) = parts[id], size >= 0 else { return nil }
      sizes.append(size)
    }
    return sizes
  }
}

extension PickleGlobal {
  fileprivate var isPlainTensorClass: Bool {
    [
      "torch.Tensor", "torch._tensor.Tensor", "torch.nn.parameter.Parameter",
      "torch.nn.parameter.Buffer",
    ].contains(description)
  }
}
