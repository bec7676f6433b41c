import Diagnostics

/// Builds the values of one pickle (protocols 0 to 5) without running anything.
///
/// It makes plain data, containers, and torch's storages and tensors. Every other class becomes
/// an object that only records the call; calling what such an object would have returned is
/// refused, and so are names that can do harm. Bounds: a pickle has at most ``byteLimit`` bytes
/// and makes at most ``valueLimit`` values; its memory stays below about 80 bytes for each of its
/// own. Neither depth nor cycles cost stack.
///
/// Source: Python's pickletools.
struct PickleInterpreter {
  /// The largest pickle that is read, in bytes.
  static let byteLimit = 64 << 20
  /// The number of values that one pickle may make.
  static let valueLimit = 1 << 23

  var cursor: PickleCursor
  var parts = PickleParts()
  var stack: [UInt32] = []
  private var marks: [Int] = []
  private var memo: [UInt32: UInt32] = [:]
  private var copied = 0

  private init(_ cursor: PickleCursor) { self.cursor = cursor }

  /// Reads one pickle at the cursor and moves it behind the pickle's end.
  static func read(_ cursor: inout PickleCursor) throws(GraftError) -> PickleValue {
    var interpreter = PickleInterpreter(cursor)
    let root = try interpreter.run()
    cursor = interpreter.cursor
    return PickleValue(graph: PickleGraph(interpreter.parts), id: root)
  }

  private mutating func run() throws(GraftError) -> UInt32 {
    let start = cursor.position
    while true {
      guard cursor.position - start < Self.byteLimit else {
        throw invalid("more than \(Self.byteLimit) bytes")
      }
      let code = try cursor.integer(UInt8.self)
      guard let opcode = PickleOpcode(rawValue: code) else {
        throw invalid("the unknown operation \(code)")
      }
      if opcode == .stop {
        let root = try pop()
        guard stack.isEmpty, marks.isEmpty else { throw invalid("values left over at its end") }
        return root
      }
      try step(opcode)
    }
  }

  private mutating func step(_ opcode: PickleOpcode) throws(GraftError) {
    switch opcode {
    case .proto:
      let version = try cursor.integer(UInt8.self)
      guard version <= 5 else { throw invalid("the unknown protocol \(version)") }
    case .frame: _ = try cursor.length64()
    case .mark: marks.append(stack.count)
    case .pop: if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popMark()
    case .dup: stack.append(try top())
    case .put: try store(at: decimal(cursor.line()))
    case .binPut: try store(at: UInt32(cursor.integer(UInt8.self)))
    case .longBinPut: try store(at: cursor.integer(UInt32.self))
    case .memoize: try store(at: UInt32(memo.count))
    case .get: try recall(decimal(cursor.line()))
    case .binGet: try recall(UInt32(cursor.integer(UInt8.self)))
    case .longBinGet: try recall(cursor.integer(UInt32.self))
    case .emptyTuple: try push(.tuple(sequence([])))
    case .tuple1: try pushTuple(of: 1)
    case .tuple2: try pushTuple(of: 2)
    case .tuple3: try pushTuple(of: 3)
    case .tuple: try push(.tuple(sequence(popMark())))
    case .emptyList: try push(.list(sequence([])))
    case .list: try push(.list(sequence(popMark())))
    case .emptyDictionary: try push(.dictionary(sequence([])))
    case .dictionary: try push(.dictionary(sequence(pairs(popMark()))))
    case .emptySet: try push(.set(sequence([])))
    case .frozenSet: try push(.set(sequence(popMark())))
    case .append: try append([pop()])
    case .appends, .addItems: try append(popMark())
    case .setItem:
      let value = try pop()
      try set([pop(), value])
    case .setItems: try set(pairs(popMark()))
    case .global, .stackGlobal, .instance, .object, .reduce, .newObject, .newObjectKeywords,
      .build, .persistentID, .binPersistentID:
      try call(opcode)
    case .extension1, .extension2, .extension4:
      throw GraftError.pickleUnsafeCall(cursor.file, "asks for an extension of Python's registry")
    case .nextBuffer, .readOnlyBuffer: throw invalid("a buffer that is not in the file")
    default: try push(scalar(opcode))
    }
  }

  // MARK: Stack and memo

  mutating func push(_ node: PickleNode) throws(GraftError) {
    guard parts.nodes.count < Self.valueLimit else {
      throw .pickleTooManyValues(cursor.file, limit: Self.valueLimit)
    }
    parts.nodes.append(node)
    stack.append(UInt32(parts.nodes.count - 1))
  }

  mutating func pop() throws(GraftError) -> UInt32 {
    guard stack.count > marks.last ?? 0, let id = stack.popLast() else {
      throw invalid("an operation without its operands")
    }
    return id
  }

  func top() throws(GraftError) -> UInt32 {
    guard stack.count > marks.last ?? 0, let id = stack.last else {
      throw invalid("an operation without its operands")
    }
    return id
  }

  mutating func popMark() throws(GraftError) -> [UInt32] {
    guard let mark = marks.popLast() else { throw invalid("an operation without its mark") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  func invalid(_ what: String) -> GraftError { cursor.invalid(what) }

  private mutating func pushTuple(of count: Int) throws(GraftError) {
    var values: [UInt32] = []
    for _ in 0..<count { values.append(try pop()) }
    try push(.tuple(sequence(values.reversed())))
  }

  private func pairs(_ values: [UInt32]) throws(GraftError) -> [UInt32] {
    guard values.count % 2 == 0 else { throw invalid("a key without a value") }
    return values
  }

  private mutating func store(at index: UInt32) throws(GraftError) { memo[index] = try top() }

  private mutating func recall(_ index: UInt32) throws(GraftError) {
    guard let id = memo[index] else { throw invalid("a reference to nothing") }
    guard stack.count < Self.valueLimit else {
      throw .pickleTooManyValues(cursor.file, limit: Self.valueLimit)
    }
    stack.append(id)
  }

  private func decimal(_ text: String) throws(GraftError) -> UInt32 {
    guard let index = UInt32(text) else { throw invalid("'\(text.prefix(20))' for a number") }
    return index
  }

  // MARK: Containers

  /// Puts elements into the table of sequences.
  mutating func sequence(_ ids: [UInt32]) -> UInt32 {
    parts.sequences.append(ids)
    return UInt32(parts.sequences.count - 1)
  }

  /// Accounts for what is copied from one value to another, which costs a pickle few bytes.
  mutating func charge(_ count: Int) throws(GraftError) {
    guard count <= Self.valueLimit - copied else {
      throw .pickleTooManyValues(cursor.file, limit: Self.valueLimit)
    }
    copied += count
  }

  private mutating func append(_ values: [UInt32]) throws(GraftError) {
    let id = try top()
    switch parts[id] {
    case .list(let index), .set(let index): parts.sequences[Int(index)] += values
    case .object(let index): parts.objects[Int(index)].elements += values
    default: throw invalid("elements for \(parts.kindName(id))")
    }
  }

  private mutating func set(_ values: [UInt32]) throws(GraftError) {
    let id = try top()
    switch parts[id] {
    case .dictionary(let index): parts.sequences[Int(index)] += values
    case .object(let index): parts.objects[Int(index)].entries += values
    default: throw invalid("entries for \(parts.kindName(id))")
    }
  }
}
