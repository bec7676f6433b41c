import Diagnostics

extension String {
  /// `self % value`, as Python formats.
  func percentFormat(_ value: Value) throws(GraftError) -> String {
    var arguments: [Value] = if case .tuple(let items) = value { items } else { [value] }
    // What may be looked into by name need not be used up.
    var isUsedUp =
      switch value {
      case .dictionary, .list, .undefined: true
      default: false
      }
    func take() throws(GraftError) -> Value {
      guard !arguments.isEmpty else {
        throw .wrongArgument("%", "there are fewer values than places")
      }
      return arguments.removeFirst()
    }
    func number(_ scalars: inout ArraySlice<Unicode.Scalar>) throws(GraftError) -> Int? {
      guard scalars.first == "*" else { return try scalars.takeNumber() }
      scalars.removeFirst()
      guard let width = try take().integer, (-10_000...10_000).contains(width) else {
        throw .wrongArgument("%", "'*' needs a small integer")
      }
      return width
    }
    var out = ""
    var scalars = Array(unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        out.unicodeScalars.append(scalar)
        continue
      }
      var spec = FormatSpec()
      spec.isPercent = true
      var named: Value?
      if scalars.first == "(", let end = scalars.firstIndex(of: ")") {
        var name = ""
        name.unicodeScalars.append(contentsOf: scalars[(scalars.startIndex + 1)..<end])
        guard case .dictionary(let dictionary) = value, let found = dictionary[name] else {
          throw .wrongArgument("%", "there is no value for '\(name)'")
        }
        (named, isUsedUp) = (found, true)
        scalars = scalars[(end + 1)...]
      }
      while let flag = scalars.first, "-+ 0#".unicodeScalars.contains(flag) {
        switch flag {
        case "-": spec.align = "<"
        case "0": spec.fill = "0"
        case "#": spec.isAlternate = true
        default: if spec.sign != "+" { spec.sign = flag }
        }
        scalars.removeFirst()
      }
      spec.width = try number(&scalars) ?? 0
      if spec.width < 0 { (spec.width, spec.align) = (-spec.width, "<") }
      if scalars.first == "." {
        scalars.removeFirst()
        spec.precision = max(0, try number(&scalars) ?? 0)
      }
      while let size = scalars.first, "hlL".unicodeScalars.contains(size) { scalars.removeFirst() }
      guard let kind = scalars.popFirst() else { throw .wrongArgument("%", "the format is cut") }
      if kind == "%" {
        out += "%"
        continue
      }
      spec.kind = kind
      if spec.align == "<" { spec.fill = " " } else { spec.align = spec.fill == "0" ? "=" : ">" }
      let argument = if let named { named } else { try take() }
      out += try spec.text(of: argument)
      try Self.checkLength(out)
    }
    guard arguments.isEmpty || isUsedUp else {
      throw .wrongArgument("%", "there are more values than places")
    }
    return out
  }

  /// `self.format(arguments)`, as Python formats.
  func braceFormat(_ arguments: CallArguments, _ renderer: Renderer) throws(GraftError) -> String {
    var automatic = 0
    return try Self.format(Array(unicodeScalars)[...], arguments, renderer, &automatic, depth: 0)
  }

  private static func format(
    _ template: ArraySlice<Unicode.Scalar>, _ arguments: CallArguments, _ renderer: Renderer,
    _ automatic: inout Int, depth: Int
  ) throws(GraftError) -> String {
    guard depth <= 1 else { throw .wrongArgument("format", "fields are nested too deeply") }
    var out = ""
    var scalars = template
    while let scalar = scalars.popFirst() {
      if scalar == "{" || scalar == "}", scalars.first == scalar, depth == 0 {
        scalars.removeFirst()
        out.unicodeScalars.append(scalar)
        continue
      }
      guard scalar == "{" else {
        guard scalar != "}" else { throw .wrongArgument("format", "a single '}' stands alone") }
        out.unicodeScalars.append(scalar)
        continue
      }
      let field = try takeField(&scalars)
      let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      var name = ""
      name.unicodeScalars.append(contentsOf: parts[0])
      var conversion: Character?
      if name.dropLast().last == "!" {
        conversion = name.last
        name.removeLast(2)
      }
      if name.isEmpty || name.hasPrefix(".") || name.hasPrefix("[") {
        guard automatic >= 0 else { throw .mixedFields() }
        name = String(automatic) + name
        automatic += 1
      } else if name.unicodeScalars.first.map({ ("0"..."9").contains($0) }) == true {
        guard automatic <= 0 else { throw .mixedFields() }
        automatic = -1
      }
      var value = try Self.field(name, arguments, renderer)
      switch conversion {
      case nil: break
      case "r": value = .string(value.representation)
      case "s": value = .string(value.text)
      case "a": value = .string(value.representation.inASCII)
      default: throw .wrongArgument("format", "a conversion must be 'r', 's' or 'a'")
      }
      let layout =
        parts.count > 1
        ? try format(parts[1], arguments, renderer, &automatic, depth: depth + 1) : ""
      out += try FormatSpec(Array(layout.unicodeScalars)[...]).text(of: value)
      try Self.checkLength(out)
    }
    return out
  }

  /// Passes a field and its closing brace.
  private static func takeField(
    _ scalars: inout ArraySlice<Unicode.Scalar>
  ) throws(GraftError) -> ArraySlice<Unicode.Scalar> {
    var depth = 0
    for i in scalars.indices {
      if scalars[i] == "{" { depth += 1 }
      guard scalars[i] == "}" else { continue }
      if depth == 0 {
        defer { scalars = scalars[(i + 1)...] }
        return scalars[..<i]
      }
      depth -= 1
    }
    throw .wrongArgument("format", "a brace is not closed")
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
      value =
        index >= 0 && index < arguments.positional.count ? arguments.positional[index] : nil
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
