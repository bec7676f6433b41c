import Diagnostics

/// Little-endian numbers of untrusted bytes; every access is checked.
struct CheckedBytes: Sendable {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var count: Int { bytes.count }

  /// A whole number at a place, or nil where the bytes end before it does.
  func load<T: FixedWidthInteger>(_ type: T.Type, at place: Int) -> T? {
    let size = T.bitWidth / 8
    guard place >= 0, place <= bytes.count - size else { return nil }
    var value: T = 0
    for i in (0..<size).reversed() { value = value << 8 | T(truncatingIfNeeded: bytes[place + i]) }
    return value
  }

  /// Some bytes, or nil where they are not all there.
  func slice(_ start: Int, _ count: Int) -> ArraySlice<UInt8>? {
    guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else {
      return nil
    }
    return bytes[start..<start + count]
  }
}

/// A table of a FlatBuffer: fields by number, each of which may be absent.
///
/// Source: the FlatBuffers binary format.
struct FlatTable: Sendable {
  private let bytes: CheckedBytes
  private let start: Int
  private let fields: Int
  private let fieldsSize: Int

  /// The table that the buffer is of; nil if the buffer is broken.
  init?(root bytes: CheckedBytes) {
    guard let offset = bytes.load(UInt32.self, at: 0) else { return nil }
    self.init(bytes, at: Int(offset))
  }

  private init?(_ bytes: CheckedBytes, at start: Int) {
    guard let back = bytes.load(Int32.self, at: start) else { return nil }
    let fields = start - Int(back)
    guard let size = bytes.load(UInt16.self, at: fields), size >= 4 else { return nil }
    self.bytes = bytes
    self.start = start
    self.fields = fields
    fieldsSize = Int(size)
  }

  private func place(_ field: Int) -> Int? {
    let entry = 4 + 2 * field
    guard entry + 2 <= fieldsSize, let offset = bytes.load(UInt16.self, at: fields + entry),
      offset != 0
    else { return nil }
    return start + Int(offset)
  }

  /// A whole number, or what it is where it is absent.
  func number<T: FixedWidthInteger>(_ field: Int, _ absent: T = 0) -> T {
    place(field).flatMap { bytes.load(T.self, at: $0) } ?? absent
  }

  private func target(_ field: Int) -> Int? {
    guard let place = place(field), let offset = bytes.load(UInt32.self, at: place) else {
      return nil
    }
    return place + Int(offset)
  }

  /// A table within this one.
  func table(_ field: Int) -> FlatTable? { target(field).flatMap { FlatTable(bytes, at: $0) } }

  /// A text.
  func text(_ field: Int) -> String? {
    guard let place = target(field), let count = bytes.load(UInt32.self, at: place),
      let slice = bytes.slice(place + 4, Int(count))
    else { return nil }
    return String(validating: slice, as: UTF8.self)
  }

  /// The tables of a list, or nil where one is broken.
  func tables(_ field: Int) -> [FlatTable]? {
    guard let place = target(field) else { return [] }
    guard let count = bytes.load(UInt32.self, at: place),
      bytes.slice(place + 4, 4 * Int(count)) != nil
    else { return nil }
    var tables: [FlatTable] = []
    for i in 0..<Int(count) {
      let entry = place + 4 + 4 * i
      guard let offset = bytes.load(UInt32.self, at: entry),
        let table = FlatTable(bytes, at: entry + Int(offset))
      else { return nil }
      tables.append(table)
    }
    return tables
  }

  /// Pairs of 64-bit numbers, or nil where they are not all there.
  func pairs(_ field: Int) -> [(Int, Int)]? {
    guard let place = target(field) else { return [] }
    guard let count = bytes.load(UInt32.self, at: place),
      bytes.slice(place + 4, 16 * Int(count)) != nil
    else { return nil }
    return (0..<Int(count)).map { i in
      let entry = place + 4 + 16 * i
      return (
        Int(bytes.load(Int64.self, at: entry) ?? 0), Int(bytes.load(Int64.self, at: entry + 8) ?? 0)
      )
    }
  }
}
