import Diagnostics

extension String {
  /// `self % value`, as Python formats.
  func percentFormat(_ value: Value) throws(GraftError) -> String {
    var arguments: [Value] = if case .tuple(let items) = value { items } else { [value] }
    var out = ""
    var scalars = Array(unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        out.unicodeScalars.append(scalar)
        continue
      }
      var spec = FormatSpec()
      var named: Value?
      if scalars.first == "(", let end = scalars.firstIndex(of: ")") {
        var name = ""
        name.unicodeScalars.append(contentsOf: scalars[(scalars.startIndex + 1)..<end])
        if case .dictionary(let dictionary) = value { named = dictionary[name] }
        scalars = scalars[(end + 1)...]
      }
      while let flag = scalars.first, "-+ 0#".unicodeScalars.contains(flag) {
        if flag == "-" { spec.align = "<" }
        if flag == "+" { spec.sign = true }
        if flag == "0" { spec.fill = "0" }
        scalars.removeFirst()
      }
      spec.width = try scalars.takeNumber() ?? 0
      if scalars.first == "." {
        scalars.removeFirst()
        spec.precision = try scalars.takeNumber() ?? 0
      }
      guard let kind = scalars.popFirst() else { throw .wrongArgument("%", "the format is cut") }
      if kind == "%" {
        out += "%"
        continue
      }
      guard let argument = named ?? (arguments.isEmpty ? nil : arguments.removeFirst()) else {
        throw .wrongArgument("%", "there are fewer values than places")
      }
      spec.kind = kind
      if spec.align == nil { spec.align = ">" }
      out += try spec.text(of: argument)
      try Self.checkLength(out)
    }
    return out
  }

  /// `self.format(arguments)`, as Python formats.
  func braceFormat(_ arguments: CallArguments, _ renderer: Renderer) throws(GraftError) -> String {
    var out = ""
    var automatic = 0
    var scalars = Array(unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      if scalar == "{" || scalar == "}", scalars.first == scalar {
        scalars.removeFirst()
        out.unicodeScalars.append(scalar)
        continue
      }
      guard scalar == "{" else {
        out.unicodeScalars.append(scalar)
        continue
      }
      guard let end = scalars.firstIndex(of: "}") else {
        throw .wrongArgument("format", "a brace is not closed")
      }
      let field = scalars[..<end]
      scalars = scalars[(end + 1)...]
      let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      var name = ""
      name.unicodeScalars.append(contentsOf: parts[0])
      let usesRepr = name.hasSuffix("!r")
      if usesRepr || name.hasSuffix("!s") { name.removeLast(2) }
      if name.isEmpty {
        name = String(automatic)
        automatic += 1
      }
      var value = try Self.field(name, arguments, renderer)
      if usesRepr { value = .string(value.representation) }
      out += try FormatSpec(parts.count > 1 ? parts[1] : []).text(of: value)
      try Self.checkLength(out)
    }
    return out
  }

  private static func checkLength(_ text: String) throws(GraftError) {
    guard text.utf8.count <= Limits.valueLength else {
      throw .templateLimit("a value would be longer than \(Limits.valueLength)")
    }
  }

  /// The value of `0`, `name`, or `name.part[other]`.
  private static func field(
    _ path: String, _ arguments: CallArguments, _ renderer: Renderer
  ) throws(GraftError) -> Value {
    let names = path.split { $0 == "." || $0 == "[" || $0 == "]" }.map(String.init)
    guard let first = names.first else { throw .wrongArgument("format", "a field has no name") }
    var value: Value?
    if let index = Int(first) {
      value = index < arguments.positional.count ? arguments.positional[index] : nil
    } else {
      value = arguments.keyword.last { $0.name == first }?.value
    }
    guard var value else { throw .wrongArgument("format", "there is no value for '\(first)'") }
    for name in names.dropFirst() {
      value = try renderer.item(Int(name).map(Value.int) ?? .string(name), of: value)
    }
    return value
  }
}

/// How a value is laid out by `format` and `%`.
struct FormatSpec {
  var fill: Unicode.Scalar = " "
  var align: Unicode.Scalar?
  var sign = false
  var width = 0
  var groups = false
  var precision: Int?
  var kind: Unicode.Scalar?

  init() {}

  /// Reads `[[fill]align][sign][0][width][,][.precision][type]`.
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
      sign = scalars.removeFirst() == "+"
    }
    if scalars.first == "0" {
      fill = "0"
      if align == nil { align = "=" }
    }
    width = try scalars.takeNumber() ?? 0
    if scalars.first == "," {
      groups = true
      scalars.removeFirst()
    }
    if scalars.first == "." {
      scalars.removeFirst()
      precision = try scalars.takeNumber() ?? 0
    }
    kind = scalars.popFirst()
  }

  func text(of value: Value) throws(GraftError) -> String {
    var body: String
    var isNumber = true
    switch kind {
    case "d", "i", "u":
      guard let number = value.number else {
        throw .wrongArgument("format", "a number is needed, not \(value.typeName)")
      }
      body = value.integer.map(String.init) ?? Value.text(of: number.rounded(.towardZero))
      if body.hasSuffix(".0") { body.removeLast(2) }
    case "f", "F":
      guard let number = value.number else {
        throw .wrongArgument("format", "a number is needed, not \(value.typeName)")
      }
      body = fixed(number, digits: precision ?? 6)
    case "x", "X", "o", "b":
      guard let number = value.integer else {
        throw .wrongArgument("format", "an integer is needed, not \(value.typeName)")
      }
      body = String(
        number, radix: kind == "o" ? 8 : kind == "b" ? 2 : 16, uppercase: kind == "X")
    case nil, "s", "r":
      isNumber = value.number != nil && kind == nil
      body = kind == "r" ? value.representation : value.text
      if let precision, !isNumber {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: body.unicodeScalars.prefix(precision))
        body = String(view)
      }
    case .some(let kind): throw .wrongArgument("format", "'\(kind)' is not supported")
    }
    if groups { body = Self.grouped(body) }
    if sign, isNumber, !body.hasPrefix("-") { body = "+" + body }
    return padded(body, isNumber: isNumber)
  }

  private func padded(_ body: String, isNumber: Bool) -> String {
    let missing = width - body.unicodeScalars.count
    guard missing > 0 else { return body }
    func pad(_ count: Int) -> String { String(repeating: String(fill), count: count) }
    switch align ?? (isNumber ? ">" : "<") {
    case "<": return body + pad(missing)
    case "^": return pad(missing / 2) + body + pad(missing - missing / 2)
    case "=" where body.hasPrefix("-") || body.hasPrefix("+"):
      return body.prefix(1) + pad(missing) + body.dropFirst()
    default:
      if fill == "0", body.hasPrefix("-") { return "-" + pad(missing) + body.dropFirst() }
      return pad(missing) + body
    }
  }

  private static func grouped(_ number: String) -> String {
    let whole = number.prefix { $0 != "." }
    var out = ""
    for (i, digit) in whole.enumerated() {
      let left = whole.count - i
      if i > 0, left % 3 == 0, out != "-" { out += "," }
      out.append(digit)
    }
    return out + number.dropFirst(whole.count)
  }
}

extension ArraySlice<Unicode.Scalar> {
  /// Passes digits and gives their number; bounded, as a width or a precision must be.
  fileprivate mutating func takeNumber() throws(GraftError) -> Int? {
    var number: Int?
    while let first, ("0"..."9").contains(first) {
      removeFirst()
      number = (number ?? 0) * 10 + Int(first.value - 48)
      guard let number, number <= 10_000 else {
        throw .wrongArgument("format", "a width is larger than 10000")
      }
    }
    return number
  }
}
