import Diagnostics

/// Cuts a template's source into tokens.
///
/// White space is handled as transformers' environment does: the first line break after a block
/// or a comment is dropped (`trim_blocks`), and so is the indentation before one that stands first
/// on its line (`lstrip_blocks`); `-` strips all white space on its side, `+` none.
struct Lexer {
  private let source: [Unicode.Scalar]
  private let file: String?
  private var position = 0
  private var line = 1
  private var tokens: [Token] = []
  /// Whether the position is at the start of a line, as far as tags are concerned.
  private var isLineStart = true

  init(_ source: String, file: String?) {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(source.utf8.count)
    for scalar in source.unicodeScalars {
      if scalar == "\n", scalars.last == "\r" {
        scalars[scalars.count - 1] = "\n"
        // A line break of two characters is one; a lone "\r" is one too, see below.
        continue
      }
      scalars.append(scalar)
    }
    for i in scalars.indices where scalars[i] == "\r" { scalars[i] = "\n" }
    if scalars.last == "\n" { scalars.removeLast() }
    self.source = scalars
    self.file = file
  }

  /// The tokens, the last of which is ``Token/Kind/end``.
  static func tokens(of source: String, file: String?) throws(GraftError) -> [Token] {
    var lexer = Lexer(source, file: file)
    try lexer.run()
    return lexer.tokens
  }

  private mutating func run() throws(GraftError) {
    while position < source.count {
      let start = position
      guard let tag = nextTag() else {
        append(.data(text(start..<source.count)))
        break
      }
      appendData(start..<tag)
      let opener = source[tag + 1]
      advance(to: tag + 2)
      if let sign = peek(), sign == "-" || sign == "+" { advance(to: position + 1) }
      switch opener {
      case "#": try skipComment()
      case "{":
        append(.outputBegin)
        try lexInside(isBlock: false)
      default:
        if let end = endOfWord("raw") {
          try lexRaw(from: end)
        } else {
          append(.blockBegin)
          try lexInside(isBlock: true)
        }
      }
    }
    append(.end)
  }

  private func nextTag() -> Int? {
    var i = position
    while i + 1 < source.count {
      if source[i] == "{", source[i + 1] == "{" || source[i + 1] == "%" || source[i + 1] == "#" {
        return i
      }
      i += 1
    }
    return nil
  }

  /// Appends the text before a tag, with white space stripped as the tag wants.
  private mutating func appendData(_ range: Range<Int>) {
    var end = range.upperBound
    let sign = end + 2 < source.count ? source[end + 2] : " "
    if sign == "-" {
      while end > range.lowerBound, isSpace(source[end - 1]) { end -= 1 }
    } else if sign != "+", source[end + 1] != "{" {
      var start = end
      while start > range.lowerBound, source[start - 1] != "\n", isSpace(source[start - 1]) {
        start -= 1
      }
      let isFirst = start == range.lowerBound ? isLineStart : source[start - 1] == "\n"
      if isFirst { end = start }
    }
    let data = text(range.lowerBound..<end)
    if !data.isEmpty { append(.data(data)) }
    isLineStart = false
  }

  private mutating func skipComment() throws(GraftError) {
    while position + 1 < source.count {
      if source[position] == "#", source[position + 1] == "}" {
        endTag(sign: source[position - 1], after: position + 2, trimsLineBreak: true)
        return
      }
      advance(to: position + 1)
    }
    throw failure("a comment is not closed")
  }

  /// Ends a tag whose last sign is `sign`.
  private mutating func endTag(sign: Unicode.Scalar, after end: Int, trimsLineBreak: Bool) {
    advance(to: end)
    isLineStart = false
    if sign == "-" {
      while let next = peek(), isSpace(next) {
        isLineStart = next == "\n"
        advance(to: position + 1)
      }
    } else if trimsLineBreak, sign != "+", peek() == "\n" {
      advance(to: position + 1)
      isLineStart = true
    }
  }

  /// The end of ` word %}`, if that comes next: where the closing sign stands.
  private func endOfWord(_ word: String, from start: Int? = nil) -> Int? {
    var i = start ?? position
    while i < source.count, isSpace(source[i]) { i += 1 }
    for scalar in word.unicodeScalars {
      guard i < source.count, source[i] == scalar else { return nil }
      i += 1
    }
    while i < source.count, isSpace(source[i]) { i += 1 }
    guard i < source.count else { return nil }
    let sign = source[i] == "-" || source[i] == "+" ? 1 : 0
    guard i + sign + 1 < source.count, source[i + sign] == "%", source[i + sign + 1] == "}"
    else { return nil }
    return i
  }

  private mutating func lexRaw(from sign: Int) throws(GraftError) {
    let width = source[sign] == "%" ? 2 : 3
    endTag(sign: source[sign], after: sign + width, trimsLineBreak: false)
    let start = position
    while position + 1 < source.count {
      guard source[position] == "{", source[position + 1] == "%" else {
        advance(to: position + 1)
        continue
      }
      let hasSign =
        position + 2 < source.count && "+-".unicodeScalars.contains(source[position + 2])
      guard let end = endOfWord("endraw", from: position + (hasSign ? 3 : 2)) else {
        advance(to: position + 1)
        continue
      }
      appendData(start..<position)
      endTag(sign: source[end], after: end + (source[end] == "%" ? 2 : 3), trimsLineBreak: true)
      return
    }
    throw failure("a raw block is not closed")
  }

  private mutating func lexInside(isBlock: Bool) throws(GraftError) {
    let close: Unicode.Scalar = isBlock ? "%" : "}"
    var brackets: [Unicode.Scalar] = []
    while let scalar = peek() {
      if isSpace(scalar) {
        advance(to: position + 1)
        continue
      }
      if brackets.isEmpty {
        let sign = scalar == "-" || (isBlock && scalar == "+") ? 1 : 0
        if position + sign + 1 < source.count, source[position + sign] == close,
          source[position + sign + 1] == "}"
        {
          append(isBlock ? .blockEnd : .outputEnd)
          endTag(sign: scalar, after: position + sign + 2, trimsLineBreak: isBlock)
          return
        }
      }
      try lexToken(scalar, &brackets)
    }
    throw failure(isBlock ? "a '{%' is not closed" : "a '{{' is not closed")
  }

  private mutating func lexToken(
    _ scalar: Unicode.Scalar, _ brackets: inout [Unicode.Scalar]
  ) throws(GraftError) {
    switch scalar {
    case "'", "\"": try lexString(scalar)
    case "0"..."9": try lexNumber()
    case _ where isNamePart(scalar):
      let start = position
      var end = position
      while end < source.count, isNamePart(source[end]) { end += 1 }
      advance(to: end)
      append(.name(text(start..<end)))
    default:
      let two = position + 1 < source.count ? text(position..<(position + 2)) : ""
      let symbol =
        ["//", "**", "==", "!=", ">=", "<="].contains(two) ? two : String(Character(scalar))
      guard symbol.count == 2 || "+-/*%~[](){}><=.:|,;".unicodeScalars.contains(scalar) else {
        throw failure("'\(symbol)' has no meaning here")
      }
      switch scalar {
      case "(", "[", "{": brackets.append(scalar)
      case ")", "]", "}":
        let opener: Unicode.Scalar = scalar == ")" ? "(" : scalar == "]" ? "[" : "{"
        guard brackets.popLast() == opener else { throw failure("'\(symbol)' closes nothing") }
      default: break
      }
      append(.symbol(symbol))
      advance(to: position + symbol.unicodeScalars.count)
    }
  }

  private mutating func lexNumber() throws(GraftError) {
    let start = position
    var end = position
    func isDigit(_ i: Int) -> Bool {
      i < source.count && ("0"..."9").contains(source[i])
    }
    func skipDigits(_ i: Int) -> Int {
      var i = i
      while isDigit(i) || (i < source.count && source[i] == "_" && isDigit(i + 1)) { i += 1 }
      return i
    }
    end = skipDigits(end)
    var isFloat = false
    // After a dot, digits are an index, as in `a.0.1`.
    if tokens.last?.kind != .symbol(".") {
      if end < source.count, source[end] == ".", isDigit(end + 1) {
        isFloat = true
        end = skipDigits(end + 1)
      }
      if end < source.count, source[end] == "e" || source[end] == "E" {
        let sign = end + 1 < source.count && (source[end + 1] == "+" || source[end + 1] == "-")
        if isDigit(end + (sign ? 2 : 1)) {
          isFloat = true
          end = skipDigits(end + (sign ? 2 : 1))
        }
      }
    }
    let digits = text(start..<end).filter { $0 != "_" }
    advance(to: end)
    if isFloat, let value = Double(digits) {
      append(.float(value))
    } else if let value = Int(digits) {
      append(.integer(value))
    } else {
      throw failure("the number \(digits) is too large")
    }
  }

  private mutating func lexString(_ quote: Unicode.Scalar) throws(GraftError) {
    let startLine = line
    var value = String.UnicodeScalarView()
    var i = position + 1
    while i < source.count {
      let scalar = source[i]
      i += 1
      if scalar == quote {
        advance(to: i)
        tokens.append(Token(kind: .string(String(value)), line: startLine))
        return
      }
      guard scalar == "\\", i < source.count else {
        value.append(scalar)
        continue
      }
      let escaped = source[i]
      i += 1
      if let (scalar, end) = escape(escaped, i) {
        if let scalar { value.append(scalar) }
        i = end
      } else {
        value.append("\\")
        value.append(escaped)
      }
    }
    throw failure("a string is not closed")
  }

  /// What an escape stands for, as in Python, and where it ends; nil if it is none.
  private func escape(_ name: Unicode.Scalar, _ next: Int) -> (Unicode.Scalar?, Int)? {
    func number(_ digits: Int, radix: Int) -> (Unicode.Scalar?, Int)? {
      guard next + digits <= source.count,
        let value = UInt32(text(next..<(next + digits)), radix: radix),
        let scalar = Unicode.Scalar(value)
      else { return nil }
      return (scalar, next + digits)
    }
    switch name {
    case "n": return ("\n", next)
    case "t": return ("\t", next)
    case "r": return ("\r", next)
    case "a": return ("\u{07}", next)
    case "b": return ("\u{08}", next)
    case "f": return ("\u{0C}", next)
    case "v": return ("\u{0B}", next)
    case "\\", "'", "\"": return (name, next)
    case "\n": return (nil, next)
    case "x": return number(2, radix: 16)
    case "u": return number(4, radix: 16)
    case "U": return number(8, radix: 16)
    case "0"..."7":
      var end = next
      while end < min(next + 2, source.count), ("0"..."7").contains(source[end]) { end += 1 }
      guard let value = UInt32(text((next - 1)..<end), radix: 8) else { return nil }
      return (Unicode.Scalar(value), end)
    default: return nil
    }
  }

  private func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: scalar.value >= 0x80 && scalar.properties.isXIDContinue
    }
  }

  private func peek() -> Unicode.Scalar? { position < source.count ? source[position] : nil }

  private func text(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: source[range])
    return String(view)
  }

  private mutating func append(_ kind: Token.Kind) {
    tokens.append(Token(kind: kind, line: line))
  }

  private mutating func advance(to end: Int) {
    for i in position..<max(position, end) where source[i] == "\n" { line += 1 }
    position = end
  }

  private func failure(_ what: String) -> GraftError {
    .invalidTemplate(what, file: file, line: line)
  }
}

/// What Python takes for white space.
func isSpace(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
    0x205F, 0x3000:
    true
  default: false
  }
}
