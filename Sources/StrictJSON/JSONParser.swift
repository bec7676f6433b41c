public import Diagnostics

extension JSONValue {
  /// Reads JSON text.
  ///
  /// Strict where others guess: duplicate keys, invalid UTF-8, lone surrogates and text after the
  /// value are errors. Linear in time; nesting is bounded.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8 text.
  ///   - file: the file's name, for errors.
  ///   - firstLine: the line number of the first byte, for errors; not 1 in a JSON Lines file.
  ///   - allowingNonFinite: whether `NaN` and `Infinity` are numbers, as Python writes them.
  ///   - depthLimit: how deep lists and objects may nest.
  /// - Throws: ``GraftError`` with file, line and column.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer, file: String? = nil, firstLine: Int = 1,
    allowingNonFinite: Bool = false, depthLimit: Int = 256
  ) throws(GraftError) -> JSONValue {
    var parser = unsafe JSONParser(
      bytes: bytes, file: file, firstLine: firstLine, allowsNonFinite: allowingNonFinite,
      depthLimit: depthLimit)
    return try parser.parseDocument()
  }

  /// Reads JSON text from a string or an array of bytes; see ``parse(_:file:firstLine:allowingNonFinite:depthLimit:)``.
  public static func parse(
    _ bytes: [UInt8], file: String? = nil, firstLine: Int = 1, allowingNonFinite: Bool = false
  ) throws(GraftError) -> JSONValue {
    try unsafe bytes.span.bytes.withUnsafeBytes { (buffer) throws(GraftError) in
      try unsafe parse(
        buffer, file: file, firstLine: firstLine, allowingNonFinite: allowingNonFinite)
    }
  }

  /// Reads JSON text from a string.
  public static func parse(_ text: String, file: String? = nil) throws(GraftError) -> JSONValue {
    try parse(Array(text.utf8), file: file)
  }
}

@safe struct JSONParser {
  private let bytes: UnsafeRawBufferPointer
  private let count: Int
  private let file: String?
  private let firstLine: Int
  private let allowsNonFinite: Bool
  private let depthLimit: Int
  private var position = 0
  private var depth = 0

  init(
    bytes: UnsafeRawBufferPointer, file: String?, firstLine: Int, allowsNonFinite: Bool,
    depthLimit: Int
  ) {
    unsafe self.bytes = bytes
    count = bytes.count
    self.file = file
    self.firstLine = firstLine
    self.allowsNonFinite = allowsNonFinite
    self.depthLimit = depthLimit
  }

  mutating func parseDocument() throws(GraftError) -> JSONValue {
    if unsafe bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let value = try parseValue()
    skipSpace()
    guard position == count else { throw failure("more text after the value") }
    return value
  }

  private func peek() -> UInt8? { position < count ? unsafe bytes[position] : nil }

  private mutating func skipSpace() {
    while position < count {
      switch unsafe bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private mutating func parseValue() throws(GraftError) -> JSONValue {
    skipSpace()
    guard let byte = peek() else { throw failure("the text ends too early") }
    switch byte {
    case UInt8(ascii: "{"): return try parseObject()
    case UInt8(ascii: "["): return try parseArray()
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    case UInt8(ascii: "N") where allowsNonFinite:
      return try parseWord("NaN", .number(JSONNumber(unchecked: "NaN")))
    case UInt8(ascii: "I") where allowsNonFinite:
      return try parseWord("Infinity", .number(JSONNumber(unchecked: "Infinity")))
    default: throw failure("a value must begin here")
    }
  }

  private mutating func enter() throws(GraftError) {
    depth += 1
    guard depth <= depthLimit else {
      throw .jsonTooDeep(limit: depthLimit, file: file, line: place(of: position).line)
    }
    position += 1
  }

  private mutating func parseObject() throws(GraftError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var object = JSONObject()
    skipSpace()
    if peek() == UInt8(ascii: "}") {
      position += 1
      return .object(object)
    }
    while true {
      skipSpace()
      guard peek() == UInt8(ascii: "\"") else { throw failure("a key in quotes must stand here") }
      let keyPosition = position
      let key = try parseString()
      skipSpace()
      guard peek() == UInt8(ascii: ":") else { throw failure("a colon must stand here") }
      position += 1
      let value = try parseValue()
      guard object.append(key, value) else {
        throw .duplicateKey(key, file: file, line: place(of: keyPosition).line)
      }
      skipSpace()
      switch peek() {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return .object(object)
      default: throw failure("a comma or a closing brace must stand here")
      }
    }
  }

  private mutating func parseArray() throws(GraftError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var elements: [JSONValue] = []
    skipSpace()
    if peek() == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    while true {
      elements.append(try parseValue())
      skipSpace()
      switch peek() {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return .array(elements)
      default: throw failure("a comma or a closing bracket must stand here")
      }
    }
  }

  private mutating func parseWord(
    _ word: StaticString, _ value: JSONValue
  ) throws(GraftError) -> JSONValue {
    let expected = unsafe UnsafeRawBufferPointer(
      start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard unsafe bytes[position...].starts(with: expected) else {
      throw failure("a value must begin here")
    }
    position += expected.count
    return value
  }

  private mutating func parseNumber() throws(GraftError) -> JSONValue {
    let start = position
    if peek() == UInt8(ascii: "-") { position += 1 }
    if allowsNonFinite, peek() == UInt8(ascii: "I") {
      return try parseWord("Infinity", .number(JSONNumber(unchecked: "-Infinity")))
    }
    let integerStart = position
    try skipDigits()
    if position - integerStart > 1, unsafe bytes[integerStart] == UInt8(ascii: "0") {
      throw failure("a number cannot begin with 0")
    }
    if peek() == UInt8(ascii: ".") {
      position += 1
      try skipDigits()
    }
    if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
      position += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
      try skipDigits()
    }
    return .number(
      JSONNumber(unchecked: unsafe String(decoding: bytes[start..<position], as: UTF8.self)))
  }

  private mutating func skipDigits() throws(GraftError) {
    let start = position
    while let byte = peek(), byte >= 0x30, byte <= 0x39 { position += 1 }
    guard position > start else { throw failure("a digit must stand here") }
  }

  private mutating func parseString() throws(GraftError) -> String {
    position += 1
    let start = position
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""):
        let text = try decode(start..<position)
        position += 1
        return text
      case UInt8(ascii: "\\"): return try parseEscapedString(from: start)
      case 0x00..<0x20: throw failure("a control character in a string must be escaped")
      default: position += 1
      }
    }
    throw failure("the text ends inside a string")
  }

  private mutating func parseEscapedString(from start: Int) throws(GraftError) -> String {
    var text = try decode(start..<position)
    var runStart = position
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""):
        text += try decode(runStart..<position)
        position += 1
        return text
      case UInt8(ascii: "\\"):
        text += try decode(runStart..<position)
        position += 1
        text.unicodeScalars.append(try parseEscape())
        runStart = position
      case 0x00..<0x20: throw failure("a control character in a string must be escaped")
      default: position += 1
      }
    }
    throw failure("the text ends inside a string")
  }

  private mutating func parseEscape() throws(GraftError) -> Unicode.Scalar {
    guard let byte = peek() else { throw failure("the text ends inside a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let high = try parseHex4()
      if let scalar = Unicode.Scalar(high) { return scalar }
      guard high < 0xDC00, peek() == UInt8(ascii: "\\") else {
        throw failure("a lone surrogate is no character")
      }
      position += 1
      guard peek() == UInt8(ascii: "u") else { throw failure("a lone surrogate is no character") }
      position += 1
      let low = try parseHex4()
      guard (0xDC00...0xDFFF).contains(low),
        let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
      else { throw failure("a lone surrogate is no character") }
      return scalar
    default:
      position -= 1
      throw failure("no such escape")
    }
  }

  private mutating func parseHex4() throws(GraftError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue,
        byte < 0x80
      else { throw failure("four hexadecimal digits must stand here") }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private func decode(_ range: Range<Int>) throws(GraftError) -> String {
    let slice = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
    guard let text = unsafe String(validating: slice, as: UTF8.self) else {
      throw failure("a string is not valid UTF-8")
    }
    return text
  }

  private func failure(_ what: String) -> GraftError {
    let (line, column) = place(of: position)
    return .invalidJSON(what, file: file, line: line, column: column)
  }

  private func place(of offset: Int) -> (line: Int, column: Int) {
    var line = firstLine
    var lineStart = 0
    for i in 0..<min(offset, count) where unsafe bytes[i] == 0x0A {
      line += 1
      lineStart = i + 1
    }
    return (line, offset - lineStart + 1)
  }
}
