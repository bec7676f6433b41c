import StrictJSON

/// What a column of an Arrow file holds, as far as rows of training data can use it.
indirect enum ArrowType: Sendable, Equatable {
  case null
  case bool
  case integer(bits: Int, isSigned: Bool)
  /// Half, single or double precision.
  case float(bits: Int)
  /// Offsets of 32 or 64 bits.
  case text(offsetBits: Int)
  case list(ArrowField, offsetBits: Int)
  case fixedList(ArrowField, size: Int)
  case object([ArrowField])
  /// Something else, which has so many buffers; rows go without it.
  case other(buffers: Int)

  /// The deepest nesting.
  static let depthLimit = 32
}

/// A column, or a part of one.
struct ArrowField: Sendable, Equatable {
  var name: String
  var type: ArrowType
  /// The dictionary that its values are numbers of, with the width of these.
  var dictionary: (id: Int64, indices: ArrowType)?

  static func == (a: ArrowField, b: ArrowField) -> Bool {
    a.name == b.name && a.type == b.type && a.dictionary?.id == b.dictionary?.id
  }

  /// Reads a field of a schema.
  ///
  /// - Returns: nil if it is broken, nested too deep, or of a layout that is not known.
  init?(_ table: FlatTable, depth: Int = 0) {
    guard depth < ArrowType.depthLimit, let tables = table.tables(5) else { return nil }
    name = table.text(0) ?? ""
    let type = table.table(3)
    func children(_ count: Int?) -> [ArrowField]? {
      guard count == nil || count == tables.count else { return nil }
      var fields: [ArrowField] = []
      for child in tables {
        guard let field = ArrowField(child, depth: depth + 1) else { return nil }
        fields.append(field)
      }
      return fields
    }
    switch table.number(2) as UInt8 {
    case 1: self.type = .null
    case 2:
      guard let integer = Self.integer(type) else { return nil }
      self.type = integer
    case 3:
      let precision = type?.number(0) ?? 0 as UInt16
      guard precision < 3 else { return nil }
      let bits = 16 << Int(precision)
      self.type = .float(bits: bits)
    case 5: self.type = .text(offsetBits: 32)
    case 20: self.type = .text(offsetBits: 64)
    case 6: self.type = .bool
    case 12, 17:
      guard let item = children(1)?.first else { return nil }
      self.type = .list(item, offsetBits: 32)
    case 21:
      guard let item = children(1)?.first else { return nil }
      self.type = .list(item, offsetBits: 64)
    case 16:
      guard let item = children(1)?.first, let size = type?.number(0) as Int32?, size >= 0 else {
        return nil
      }
      self.type = .fixedList(item, size: Int(size))
    case 13:
      guard let fields = children(nil) else { return nil }
      self.type = .object(fields)
    case 4, 19: self.type = .other(buffers: 3)
    case 7, 8, 9, 10, 11, 15, 18: self.type = .other(buffers: 2)
    default: return nil
    }
    if let encoding = table.table(4) {
      let indices = encoding.table(1).map { Self.integer($0) } ?? .integer(bits: 32, isSigned: true)
      guard let indices else { return nil }
      dictionary = (encoding.number(0), indices)
    }
  }

  private static func integer(_ table: FlatTable?) -> ArrowType? {
    let bits = Int(table?.number(0) ?? 0 as Int32)
    guard [8, 16, 32, 64].contains(bits) else { return nil }
    return .integer(bits: bits, isSigned: table?.number(1) ?? 0 as UInt8 != 0)
  }
}

/// The values of a column in one batch.
indirect enum ArrowValues: Sendable {
  case null
  case bool(CheckedBytes, start: Int)
  case integer(CheckedBytes, start: Int, bits: Int, isSigned: Bool)
  case float(CheckedBytes, start: Int, bits: Int)
  case text(CheckedBytes, offsets: Int, data: Range<Int>, bits: Int)
  case list(CheckedBytes, offsets: Int, bits: Int, ArrowColumn)
  case fixedList(size: Int, ArrowColumn)
  case object([(name: String, column: ArrowColumn)])
  case dictionary(ArrowColumn, indices: ArrowColumn)
  case other
}

/// A column of one batch.
struct ArrowColumn: Sendable {
  var count: Int
  /// Where the bits stand that say which values are there; nil where all are.
  var validity: (bytes: CheckedBytes, start: Int)?
  var values: ArrowValues

  /// Whether rows go without it.
  var isOther: Bool { if case .other = values { true } else { false } }

  /// The value of a row; nil where the file is broken.
  ///
  /// - Parameter budget: the values and bytes of text that may yet be made: lists may overlap, so
  ///   that a small file could stand for more than fits anywhere. Below 0 where there were more.
  func value(_ row: Int, _ budget: inout Int) -> JSONValue? {
    budget -= 1
    guard row >= 0, row < count, budget >= 0 else { return nil }
    if let validity {
      guard let byte = validity.bytes.load(UInt8.self, at: validity.start + row / 8) else {
        return nil
      }
      if byte >> UInt8(row % 8) & 1 == 0 { return .null }
    }
    switch values {
    case .null, .other: return .null
    case .bool(let bytes, let start):
      return bytes.load(UInt8.self, at: start + row / 8).map {
        .bool($0 >> UInt8(row % 8) & 1 == 1)
      }
    case .integer(let bytes, let start, let bits, let isSigned):
      return Self.integer(bytes, start + row * bits / 8, bits, isSigned)
    case .float(let bytes, let start, let bits):
      return Self.float(bytes, start + row * bits / 8, bits)
    case .text(let bytes, let offsets, let data, let bits):
      guard let range = Self.range(bytes, offsets, row, bits), range.upperBound <= data.count,
        let slice = bytes.slice(data.lowerBound + range.lowerBound, range.count)
      else { return nil }
      budget -= slice.count
      guard budget >= 0 else { return nil }
      return String(validating: slice, as: UTF8.self).map(JSONValue.string)
    case .list(let bytes, let offsets, let bits, let items):
      guard let range = Self.range(bytes, offsets, row, bits), range.upperBound <= items.count
      else {
        return nil
      }
      return Self.list(items, range, &budget)
    case .fixedList(let size, let items):
      guard size == 0 || row < items.count / size else { return nil }
      return Self.list(items, row * size..<(row + 1) * size, &budget)
    case .object(let fields):
      var object = JSONObject()
      for (name, column) in fields where !column.isOther {
        guard let value = column.value(row, &budget) else { return nil }
        object[name] = value
      }
      return .object(object)
    case .dictionary(let words, let indices):
      guard let index = indices.value(row, &budget)?.int else { return nil }
      return words.value(index, &budget)
    }
  }

  private static func list(
    _ items: ArrowColumn, _ range: Range<Int>, _ budget: inout Int
  ) -> JSONValue? {
    var list: [JSONValue] = []
    for i in range {
      guard let value = items.value(i, &budget) else { return nil }
      list.append(value)
    }
    return .array(list)
  }

  private static func range(
    _ bytes: CheckedBytes, _ offsets: Int, _ row: Int, _ bits: Int
  ) -> Range<Int>? {
    func offset(_ i: Int) -> Int? {
      bits == 32
        ? bytes.load(Int32.self, at: offsets + 4 * i).map { Int($0) }
        : bytes.load(Int64.self, at: offsets + 8 * i).map { Int($0) }
    }
    guard let start = offset(row), let end = offset(row + 1), 0 <= start, start <= end else {
      return nil
    }
    return start..<end
  }

  private static func integer(
    _ bytes: CheckedBytes, _ place: Int, _ bits: Int, _ isSigned: Bool
  ) -> JSONValue? {
    switch (bits, isSigned) {
    case (8, true): bytes.load(Int8.self, at: place).map { JSONValue(Int($0)) }
    case (16, true): bytes.load(Int16.self, at: place).map { JSONValue(Int($0)) }
    case (32, true): bytes.load(Int32.self, at: place).map { JSONValue(Int($0)) }
    case (64, true): bytes.load(Int64.self, at: place).map { JSONValue(Int($0)) }
    case (8, false): bytes.load(UInt8.self, at: place).map { JSONValue(Int($0)) }
    case (16, false): bytes.load(UInt16.self, at: place).map { JSONValue(Int($0)) }
    case (32, false): bytes.load(UInt32.self, at: place).map { JSONValue(Int($0)) }
    default: bytes.load(UInt64.self, at: place).map { .number(JSONNumber($0)) }
    }
  }

  private static func float(_ bytes: CheckedBytes, _ place: Int, _ bits: Int) -> JSONValue? {
    let value: Double? =
      switch bits {
      case 16: bytes.load(UInt16.self, at: place).map { Double(Self.half($0)) }
      case 32: bytes.load(UInt32.self, at: place).map { Double(Float(bitPattern: $0)) }
      default: bytes.load(UInt64.self, at: place).map { Double(bitPattern: $0) }
      }
    return value.map { JSONValue($0) }
  }

  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF) / 1024
    if exponent == 0x1F { return fraction == 0 ? sign * .infinity : .nan }
    if exponent == 0 { return sign * fraction * 0x1p-14 }
    return sign * (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
  }
}
