import Diagnostics

/// How a value is laid out by `format` and `%`.
struct FormatSpec {
  var fill: Unicode.Scalar = " "
  var align: Unicode.Scalar?
  /// `+`, `-`, a space, or nil for `-`.
  var sign: Unicode.Scalar?
  /// Whether numbers are marked with their base.
  var isAlternate = false
  var width = 0
  var group: Unicode.Scalar?
  var precision: Int?
  var kind: Unicode.Scalar?
  /// Whether this is of `%`, which converts more types.
  var isPercent = false

  private var isEmpty: Bool {
    align == nil && sign == nil && !isAlternate && width == 0 && group == nil && precision == nil
      && kind == nil && fill == " "
  }

  init() {}

  /// Reads `[[fill]align][sign][#][0][width][grouping][.precision][type]`.
  init(_ scalars: ArraySlice<Unicode.Scalar>) throws(GraftError) {
    var scalars = scalars
    let aligns = "<>^=".unicodeScalars
    if let second = scalars.dropFirst().first, aligns.contains(second) {
      fill = scalars.removeFirst()
      align = scalars.removeFirst()
    } else if let first = scalars.first, aligns.contains(first) {
      align = scalars.removeFirst()
    }
    if let first = scalars.first, "+- ".unicodeScalars.contains(first) {
      sign = scalars.removeFirst()
    }
    if scalars.first == "#" {
      isAlternate = true
      scalars.removeFirst()
    }
    if scalars.first == "0" {
      if align == nil {
        fill = "0"
        align = "="
      }
      scalars.removeFirst()
    }
    width = try scalars.takeNumber() ?? 0
    if scalars.first == "," || scalars.first == "_" { group = scalars.removeFirst() }
    if scalars.first == "." {
      scalars.removeFirst()
      guard let digits = try scalars.takeNumber() else {
        throw .wrongArgument("format", "the precision is missing")
      }
      precision = digits
    }
    kind = scalars.popFirst()
    guard scalars.isEmpty else { throw .wrongArgument("format", "the format is not valid") }
  }

  /// The value, laid out.
  func text(of value: Value) throws(GraftError) -> String {
    if isEmpty, !isPercent { return value.text }
    switch kind {
    case "s", "r", "a": return padded(try words(value), isNumber: false)
    case "c":
      if isPercent, case .string(let text) = value, text.unicodeScalars.count == 1 {
        return padded(text, isNumber: false)
      }
      guard let scalar = value.integer.flatMap({ UInt32(exactly: $0) }).flatMap(Unicode.Scalar.init)
      else { throw .wrongArgument("format", "'c' needs a character's number") }
      return padded(String(scalar), isNumber: true)
    case nil where value.number == nil:
      guard case .string = value.plain else {
        throw .wrongArgument("format", "a \(value.typeName) has no format")
      }
      return padded(try words(value), isNumber: false)
    default: return padded(try signed(digits(of: value)), isNumber: true)
    }
  }

  private func words(_ value: Value) throws(GraftError) -> String {
    if !isPercent, kind != nil {
      guard case .string = value.plain else {
        throw .wrongArgument("format", "'s' needs text, not \(value.typeName)")
      }
    }
    let body =
      kind == "r" ? value.representation : kind == "a" ? value.representation.inASCII : value.text
    guard let precision else { return body }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: body.unicodeScalars.prefix(precision))
    return String(view)
  }

  private func digits(of value: Value) throws(GraftError) -> String {
    guard let number = value.number else {
      throw .wrongArgument("format", "a number is needed, not \(value.typeName)")
    }
    switch kind {
    case "e", "E", "f", "F", "g", "G":
      return printed(number, precision: precision ?? 6, conversion: kind ?? "g")
    case "%" where !isPercent:
      return printed(number * 100, precision: precision ?? 6, conversion: "f") + "%"
    case nil where value.integer == nil:
      guard let precision else { return Value.text(of: number) }
      let text = printed(number, precision: max(precision, 1), conversion: "g")
      return text.allSatisfy { $0.isNumber || $0 == "-" } ? text + ".0" : text
    case "n" where value.integer == nil:
      return printed(number, precision: precision ?? 6, conversion: "g")
    case nil, "d", "i", "u", "n":
      if let integer = value.integer { return minimum(String(integer)) }
      guard isPercent, let integer = Int(exactly: number.rounded(.towardZero)) else {
        throw .wrongArgument("format", "an integer is needed, not \(value.typeName)")
      }
      return minimum(String(integer))
    case "x", "X", "o", "b":
      guard let integer = value.integer else {
        throw .wrongArgument("format", "an integer is needed, not \(value.typeName)")
      }
      let radix = kind == "o" ? 8 : kind == "b" ? 2 : 16
      let body = String(integer.magnitude, radix: radix, uppercase: kind == "X")
      let mark = isAlternate ? "0\(kind ?? "x")" : ""
      return (integer < 0 ? "-" : "") + mark + minimum(body)
    case .some(let kind): throw .wrongArgument("format", "'\(kind)' is no format of a number")
    }
  }

  /// In `%`, a precision is the least number of digits.
  private func minimum(_ digits: String) -> String {
    guard isPercent, let precision else { return digits }
    let isNegative = digits.hasPrefix("-")
    let body = isNegative ? String(digits.dropFirst()) : digits
    let zeros = String(repeating: "0", count: max(0, precision - body.utf8.count))
    return (isNegative ? "-" : "") + zeros + body
  }

  private func signed(_ digits: String) -> String {
    let body = group.map { Self.grouped(digits, $0, every: kind == "x" || kind == "b" ? 4 : 3) }
    let text = body ?? digits
    guard let sign, sign != "-", !text.hasPrefix("-") else { return text }
    return String(sign) + text
  }

  private func padded(_ body: String, isNumber: Bool) -> String {
    let missing = width - body.unicodeScalars.count
    guard missing > 0 else { return body }
    func pad(_ count: Int) -> String { String(repeating: String(fill), count: count) }
    switch align ?? (isNumber || isPercent ? ">" : "<") {
    case "<": return body + pad(missing)
    case "^": return pad(missing / 2) + body + pad(missing - missing / 2)
    case "=" where isNumber:
      var head = ""
      var rest = body[...]
      if let first = rest.first, "+- ".contains(first) { head.append(rest.removeFirst()) }
      if isAlternate, rest.hasPrefix("0"), rest.count > 1, kind != nil,
        "xXob".contains(String(kind ?? " "))
      {
        head += rest.prefix(2)
        rest = rest.dropFirst(2)
      }
      return head + pad(missing) + rest
    default:
      return (fill == "0" && !isNumber ? String(repeating: " ", count: missing) : pad(missing))
        + body
    }
  }

  private static func grouped(_ number: String, _ mark: Unicode.Scalar, every size: Int) -> String {
    let start = number.prefix { $0 == "-" }
    let whole = number.dropFirst(start.count).prefix { $0.isHexDigit }
    var out = String(start)
    for (i, digit) in whole.enumerated() {
      if i > 0, (whole.count - i) % size == 0 { out.unicodeScalars.append(mark) }
      out.append(digit)
    }
    return out + number.dropFirst(start.count + whole.count)
  }
}

extension String {
  /// The text with everything beyond ASCII as Python's `ascii` escapes it.
  var inASCII: String {
    var out = ""
    for scalar in unicodeScalars {
      if scalar.isASCII {
        out.unicodeScalars.append(scalar)
        continue
      }
      let (mark, width) =
        scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
      let hex = String(scalar.value, radix: 16)
      out += "\\\(mark)" + String(repeating: "0", count: width - hex.utf8.count) + hex
    }
    return out
  }
}

extension ArraySlice<Unicode.Scalar> {
  /// Passes digits and gives their number; bounded, as a width or a precision must be.
  mutating func takeNumber() throws(GraftError) -> Int? {
    var number: Int?
    while let scalar = first, ("0"..."9").contains(scalar) {
      let next = (number ?? 0) * 10 + Int(scalar.value - 48)
      guard next <= 10_000 else { throw .wrongArgument("format", "a width is too large") }
      number = next
      removeFirst()
    }
    return number
  }
}
