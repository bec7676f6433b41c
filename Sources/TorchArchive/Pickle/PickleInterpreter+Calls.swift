import Diagnostics
import TensorCore

/// Operations that name, call or fill classes: the only ones through which a pickle could act.
extension PickleInterpreter {
  mutating func call(_ opcode: PickleOpcode) throws(GraftError) {
    switch opcode {
    case .global: try push(global(cursor.line(), cursor.line()))
    case .stackGlobal:
      let name = try pop()
      guard case .string(let module) = parts[try pop()], case .string(let name) = parts[name]
      else { throw invalid("a class whose name is no string") }
      try push(global(module, name))
    case .instance:
      let type = try named(cursor.line(), cursor.line())
      try make(type, popMark())
    case .object:
      var operands = try popMark()
      guard !operands.isEmpty else { throw invalid("an object without a class") }
      let type = try callee(operands.removeFirst())
      try make(type, operands)
    case .reduce, .newObject:
      let arguments = try pop()
      try make(callee(pop()), arguments: arguments)
    case .newObjectKeywords:
      let keywords = try pop()
      let arguments = try pop()
      try make(callee(pop()), arguments: arguments)
      if case .dictionary(let index) = parts[keywords], !parts.sequences[Int(index)].isEmpty {
        try fill(keywords)
      }
    case .build: try fill(pop())
    case .binPersistentID:
      try charge(8)
      parts.storages.append(try storage(pop()))
      try push(.storage(UInt32(parts.storages.count - 1)))
    case .persistentID: throw invalid("a reference that is a line of text")
    default: throw invalid("the operation \(opcode) out of place")
    }
  }

  private func named(_ module: String, _ name: String) throws(GraftError) -> PickleGlobal {
    let global = PickleGlobal(module: module, name: name)
    guard !global.isHarmful else { throw .pickleHarmful(cursor.file, global: global) }
    return global
  }

  private mutating func global(_ module: String, _ name: String) throws(GraftError) -> PickleNode {
    parts.globals.append(try named(module, name))
    return .global(UInt32(parts.globals.count - 1))
  }

  func globalNamed(by id: UInt32) -> PickleGlobal? {
    if case .global(let index) = parts[id] { parts.globals[Int(index)] } else { nil }
  }

  func tuple(_ id: UInt32) -> [UInt32]? {
    if case .tuple(let index) = parts[id] { parts.sequences[Int(index)] } else { nil }
  }

  /// Only what has a name can be called: never the result of another call.
  private func callee(_ id: UInt32) throws(GraftError) -> PickleGlobal {
    guard let global = globalNamed(by: id) else {
      throw .pickleUnsafeCall(cursor.file, "calls \(parts.kindName(id))")
    }
    return global
  }

  // MARK: Calls

  private mutating func make(_ type: PickleGlobal, _ arguments: [UInt32]) throws(GraftError) {
    try push(.tuple(sequence(arguments)))
    try make(type, arguments: pop())
  }

  /// Makes what is known here, and records every other call as data.
  private mutating func make(_ type: PickleGlobal, arguments: UInt32) throws(GraftError) {
    guard let ids = tuple(arguments) else {
      throw invalid("'\(type)' is called with \(parts.kindName(arguments))")
    }
    if let node = try known(type, ids) {
      try push(node)
      return
    }
    try charge(4)
    var object = PickleObjectNode(type: type, arguments: arguments)
    if type.name == "_reconstructor", ids.count == 3, let global = globalNamed(by: ids[0]) {
      object.type = global  // copyreg's way of saying "an empty object of this class"
    }
    parts.objects.append(object)
    try push(.object(UInt32(parts.objects.count - 1)))
  }

  private mutating func known(
    _ type: PickleGlobal, _ ids: [UInt32]
  ) throws(GraftError) -> PickleNode? {
    switch (type.module, type.name) {
    case ("torch._utils", _), ("torch._tensor", _):
      guard let tensor = try rebuilt(type, ids) else { return nil }
      try charge(16 + 2 * tensor.shape.count)
      parts.tensors.append(tensor)
      return .tensor(UInt32(parts.tensors.count - 1))
    case ("torch", "Size"): return try copy(ids).map { .tuple($0) }
    case ("collections", "OrderedDict"): return try pairs(ids).map { .dictionary($0) }
    case ("builtins", let name), ("__builtin__", let name):
      switch name {
      case "set", "frozenset": return try copy(ids).map { .set($0) }
      case "list": return try copy(ids).map { .list($0) }
      case "tuple": return try copy(ids).map { .tuple($0) }
      case "dict": return try pairs(ids).map { .dictionary($0) }
      case "bytes", "bytearray": return try bytes(ids)
      default: return nil
      }
    case ("_codecs", "encode"): return try bytes(ids)
    case (let module, "scalar") where module.hasPrefix("numpy"): return numpyScalar(ids)
    default: return nil
    }
  }

  /// The elements of the list, tuple or set that a container is made from.
  private func items(_ id: UInt32) -> [UInt32]? {
    switch parts[id] {
    case .tuple(let index), .list(let index), .set(let index): parts.sequences[Int(index)]
    default: nil
    }
  }

  /// A new sequence of the elements of the only argument; empty without one.
  private mutating func copy(_ ids: [UInt32]) throws(GraftError) -> UInt32? {
    guard let first = ids.first else { return sequence([]) }
    guard ids.count == 1, let items = items(first) else { return nil }
    try charge(items.count)
    return sequence(items)
  }

  private mutating func pairs(_ ids: [UInt32]) throws(GraftError) -> UInt32? {
    guard let first = ids.first else { return sequence([]) }
    guard ids.count == 1 else { return nil }
    if case .dictionary(let index) = parts[first] {
      try charge(parts.sequences[Int(index)].count)
      return sequence(parts.sequences[Int(index)])
    }
    guard let items = items(first) else { return nil }
    try charge(2 * items.count)
    var entries: [UInt32] = []
    for item in items {
      guard let pair = self.items(item), pair.count == 2 else {
        throw invalid("a dictionary of things that are no pairs")
      }
      entries += pair
    }
    return sequence(entries)
  }

  /// `bytes` as older protocols spell them: Latin-1 text.
  private mutating func bytes(_ ids: [UInt32]) throws(GraftError) -> PickleNode? {
    guard let first = ids.first else { return .bytes([]) }
    if ids.count == 1, case .bytes(let bytes) = parts[first] { return .bytes(bytes) }
    guard ids.count == 2, case .string(let text) = parts[first],
      case .string(let encoding) = parts[ids[1]], encoding == "latin1" || encoding == "latin-1"
    else { return nil }
    try charge(text.utf8.count)
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { return nil }
      bytes.append(byte)
    }
    return .bytes(bytes)
  }

  private func numpyScalar(_ ids: [UInt32]) -> PickleNode? {
    guard ids.count == 2, case .object(let index) = parts[ids[0]],
      parts.objects[Int(index)].type.name == "dtype",
      let first = tuple(parts.objects[Int(index)].arguments)?.first,
      case .string(let code) = parts[first], case .bytes(let bytes) = parts[ids[1]]
    else { return nil }
    let source = ByteSource.memory(bytes)
    switch (code, bytes.count) {
    case ("f8", 8): return .double(Double(bitPattern: source.integer(UInt64.self, at: 0)))
    case ("f4", 4): return .double(Double(Float(bitPattern: source.integer(UInt32.self, at: 0))))
    case ("i8", 8): return .int(Int(source.integer(Int64.self, at: 0)))
    case ("i4", 4): return .int(Int(source.integer(Int32.self, at: 0)))
    case ("b1", 1): return .bool(bytes[0] != 0)
    default: return nil
    }
  }

  // MARK: State

  /// BUILD: keeps the state of an object as data; drops that of plain containers and tensors,
  /// which are attributes that carry no weights (`_metadata` of a state dict).
  private mutating func fill(_ state: UInt32) throws(GraftError) {
    let id = try top()
    switch parts[id] {
    case .object(let index): parts.objects[Int(index)].state = state
    case .dictionary, .list, .set, .tensor: break
    default: throw .pickleUnsafeCall(cursor.file, "sets the state of \(parts.kindName(id))")
    }
  }
}
