import Diagnostics

/// Looks at the characters of a valid UTF-8 text, by byte offset.
///
/// Lives only within ``withCharacters(of:_:)``, which keeps the bytes and the table alive.
struct UTF8Text {
  private let bytes: UnsafePointer<UInt8>
  private let table: UnsafePointer<UInt8>
  /// The number of bytes.
  let count: Int

  fileprivate init(bytes: UnsafePointer<UInt8>, count: Int, table: UnsafePointer<UInt8>) {
    self.bytes = bytes
    self.count = count
    self.table = table
  }

  /// The bytes themselves.
  var pointer: UnsafePointer<UInt8> { bytes }

  /// The byte at `position`.
  @inline(__always)
  subscript(position: Int) -> UInt8 { bytes[position] }

  /// The classes of the character at `position`, and the position after it.
  @inline(__always)
  func character(at position: Int) -> (classes: CharacterClasses, end: Int) {
    let first = bytes[position]
    if first < 0x80 { return (CharacterClasses(rawValue: table[Int(first)]), position + 1) }
    let (scalar, end) = scalar(at: position)
    return (CharacterClasses(rawValue: table[Int(scalar)]), end)
  }

  /// The code point at `position`, and the position after it.
  @inline(__always)
  func scalar(at position: Int) -> (value: UInt32, end: Int) {
    let first = UInt32(bytes[position])
    if first < 0x80 { return (first, position + 1) }
    func tail(_ offset: Int) -> UInt32 { UInt32(bytes[position + offset] & 0x3F) }
    if first < 0xE0 { return ((first & 0x1F) << 6 | tail(1), position + 2) }
    if first < 0xF0 { return ((first & 0x0F) << 12 | tail(1) << 6 | tail(2), position + 3) }
    return ((first & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), position + 4)
  }

  /// The end of the run of characters from `position` on that `belongs` accepts.
  @inline(__always)
  func endOfRun(
    from position: Int, before limit: Int, _ belongs: (CharacterClasses) -> Bool
  ) -> Int {
    var position = position
    while position < limit {
      let (classes, end) = character(at: position)
      guard belongs(classes) else { break }
      position = end
    }
    return position
  }

  /// The start of the character that ends at `position`, which is not the start of the text.
  @inline(__always)
  func start(ofCharacterBefore position: Int) -> Int {
    var start = position - 1
    while bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }
}

/// Lends a view of `bytes`, which must be valid UTF-8, as characters.
@inline(__always)
func withCharacters<R>(
  of bytes: [UInt8], _ body: (UTF8Text) throws(GraftError) -> R
) throws(GraftError) -> R {
  let result: Result<R, GraftError> = CharacterClasses.withTable { table in
    table.withUnsafeBufferPointer { table in
      bytes.withUnsafeBufferPointer { bytes in
        Result { () throws(GraftError) in
          guard let base = bytes.baseAddress, let table = table.baseAddress else {
            return try withEmptyText(body)
          }
          return try body(UTF8Text(bytes: base, count: bytes.count, table: table))
        }
      }
    }
  }
  return try result.get()
}

/// Lends a view of nothing.
private func withEmptyText<R>(
  _ body: (UTF8Text) throws(GraftError) -> R
) throws(GraftError) -> R {
  let result = withUnsafePointer(to: 0) { nothing in
    Result { () throws(GraftError) in
      try body(UTF8Text(bytes: nothing, count: 0, table: nothing))
    }
  }
  return try result.get()
}

/// Lends a view of `bytes`, which must be valid UTF-8, as characters.
@inline(__always)
func withCharacters<R>(of bytes: [UInt8], _ body: (UTF8Text) -> R) -> R {
  CharacterClasses.withTable { table in
    table.withUnsafeBufferPointer { table in
      bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress, let table = table.baseAddress else {
          return withUnsafePointer(to: 0) { body(UTF8Text(bytes: $0, count: 0, table: $0)) }
        }
        return body(UTF8Text(bytes: base, count: bytes.count, table: table))
      }
    }
  }
}
