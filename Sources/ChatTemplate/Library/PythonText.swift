import Diagnostics

enum StripSide { case left, right, both }
enum PadSide { case left, right, center }
enum LetterCase { case lower, upper }

/// Python's operations on strings, by code points.
extension String {
  /// The text of a range of bytes, at borders of characters.
  func bytes(_ range: Range<Int>) -> String {
    String(decoding: Array(utf8)[range], as: UTF8.self)
  }

  /// The text after so many bytes.
  func dropping(_ count: Int) -> String { String(decoding: utf8.dropFirst(count), as: UTF8.self) }

  /// Where `part`, which is not empty, is found, from left to right without overlap, in bytes.
  func ranges(of part: String) -> [Range<Int>] {
    let text = Array(utf8)
    let part = Array(part.utf8)
    guard let first = part.first else { return [] }
    var ranges: [Range<Int>] = []
    var i = 0
    while i + part.count <= text.count {
      if text[i] == first, text[i..<(i + part.count)].elementsEqual(part) {
        ranges.append(i..<(i + part.count))
        i += part.count
      } else {
        i += 1
      }
    }
    return ranges
  }

  /// The text with `old` replaced, from the left; negative `count` means everywhere.
  func replacing(_ old: String, with new: String, atMost count: Int) throws(GraftError) -> String {
    var out = ""
    if old.isEmpty {
      var left = count < 0 ? Int.max : count
      for scalar in unicodeScalars {
        if left > 0 { out += new }
        left -= left > 0 ? 1 : 0
        out.unicodeScalars.append(scalar)
        guard out.utf8.count <= Limits.valueLength else { break }
      }
      return left > 0 ? out + new : out
    }
    var ranges = ranges(of: old)
    if count >= 0 { ranges = Array(ranges.prefix(count)) }
    let (growth, overflow) = ranges.count.multipliedReportingOverflow(by: new.utf8.count)
    guard !overflow, growth <= Limits.valueLength else {
      throw .templateLimit("a value would be longer than \(Limits.valueLength)")
    }
    let text = Array(utf8)
    var bytes: [UInt8] = []
    var start = 0
    for range in ranges {
      bytes += text[start..<range.lowerBound]
      bytes += new.utf8
      start = range.upperBound
    }
    return String(decoding: bytes + text[start...], as: UTF8.self)
  }

  /// The text without white space at both ends.
  var strippedOfSpace: String { stripped(of: nil, .both) }

  /// The text without some characters, or white space, at its ends.
  func stripped(of characters: String?, _ side: StripSide) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func belongs(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? isSpace(scalar) }
    var view = unicodeScalars[...]
    if side != .right { view = view.drop(while: belongs) }
    if side != .left { while let last = view.last, belongs(last) { view.removeLast() } }
    return String(String.UnicodeScalarView(view))
  }

  /// The words between white space; negative `limit` means all.
  func splitAtSpace(_ limit: Int) -> [String] {
    var parts: [String] = []
    var rest = unicodeScalars.drop(while: isSpace)
    while !rest.isEmpty {
      if limit >= 0, parts.count == limit {
        parts.append(String(String.UnicodeScalarView(rest)))
        break
      }
      let word = rest.prefix { !isSpace($0) }
      parts.append(String(String.UnicodeScalarView(word)))
      rest = rest[word.endIndex...].drop(while: isSpace)
    }
    return parts
  }

  /// The words between white space, of which the last `limit` are cut off; negative means all.
  func splitAtSpaceFromEnd(_ limit: Int) -> [String] {
    let words = splitAtSpace(-1)
    guard limit >= 0, words.count > limit else { return words }
    var rest = stripped(of: nil, .right)
    for word in words.suffix(limit).reversed() {
      rest = rest.bytes(0..<(rest.utf8.count - word.utf8.count)).stripped(of: nil, .right)
    }
    return [rest] + words.suffix(limit)
  }

  /// Where `part`, which is not empty, is found last, in bytes.
  func lastPlace(of part: String) -> Int? {
    let text = Array(utf8)
    let part = Array(part.utf8)
    guard !part.isEmpty, part.count <= text.count else { return nil }
    return (0...(text.count - part.count)).reversed().first {
      text[$0] == part[0] && text[$0..<($0 + part.count)].elementsEqual(part)
    }
  }

  /// The number that Python's `int` reads, with white space, underscores and prefixes.
  func pythonInteger(radix: Int) -> Int? {
    var text = strippedOfSpace.unicodeScalars.map { scalar -> Character in
      guard scalar.properties.numericType == .decimal, let digit = scalar.properties.numericValue
      else { return Character(scalar) }
      return Character(String(Int(digit)))
    }[...]
    var isNegative = false
    if let first = text.first, first == "-" || first == "+" {
      isNegative = first == "-"
      text = text.dropFirst()
    }
    var radix = radix
    let prefixes: [String: Int] = ["0x": 16, "0o": 8, "0b": 2]
    if let base = prefixes[String(text.prefix(2)).lowercased()], radix == base || radix == 0 {
      radix = base
      text = text.dropFirst(2)
      if text.first == "_" { text = text.dropFirst() }
    } else if radix == 0 {
      radix = 10
    }
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    guard (2...36).contains(radix), parts.allSatisfy({ !$0.isEmpty }),
      parts.joined().allSatisfy({ $0.isLetter || $0.isNumber })
    else { return nil }
    return Int((isNegative ? "-" : "") + String(parts.joined()), radix: radix)
  }

  /// The number that Python's `float` reads.
  var pythonFloat: Double? {
    let text = strippedOfSpace.lowercased()
    guard !text.contains("x"), !text.hasPrefix("_"), !text.hasSuffix("_"), !text.contains("__")
    else { return nil }
    return Double(text.filter { $0 != "_" })
  }

  /// The text in lower case, with the Greek sigma's form at the end of words.
  var pythonLowercased: String {
    guard unicodeScalars.contains("\u{3A3}") else { return lowercased() }
    let scalars = Array(unicodeScalars)
    var out = ""
    for (i, scalar) in scalars.enumerated() {
      guard scalar == "\u{3A3}" else {
        out += scalar.properties.lowercaseMapping
        continue
      }
      let before = scalars[..<i].last { !$0.properties.isCaseIgnorable }
      let after = scalars[(i + 1)...].first { !$0.properties.isCaseIgnorable }
      let isFinal = before?.properties.isCased == true && after?.properties.isCased != true
      out += isFinal ? "\u{3C2}" : "\u{3C3}"
    }
    return out
  }

  /// The text with tabs filled up to the next column.
  func expandingTabs(_ size: Int) throws(GraftError) -> String {
    let tabs = unicodeScalars.count { $0 == "\t" }
    guard size <= 1000, tabs * max(size, 0) <= Limits.valueLength else {
      throw .templateLimit("a value would be longer than \(Limits.valueLength)")
    }
    var out = ""
    var column = 0
    for scalar in unicodeScalars {
      if scalar == "\t" {
        let width = size > 0 ? size - column % size : 0
        out += String(repeating: " ", count: width)
        column += width
      } else {
        out.unicodeScalars.append(scalar)
        column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
      }
    }
    return out
  }

  /// The lines, as `splitlines` cuts them.
  func lines(keepingEnds: Bool) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var previous: Unicode.Scalar?
    for scalar in unicodeScalars {
      if previous == "\r", scalar == "\n" {
        if keepingEnds { lines[lines.count - 1] += "\n" }
        previous = scalar
        continue
      }
      previous = scalar
      switch scalar.value {
      case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
        if keepingEnds { line.append(scalar) }
        lines.append(String(line))
        line = String.UnicodeScalarView()
      default: line.append(scalar)
      }
    }
    if !line.isEmpty { lines.append(String(line)) }
    return lines
  }

  /// The first letter as a capital, the others small.
  var pythonCapitalized: String {
    guard let first = unicodeScalars.first else { return self }
    let rest = String(String.UnicodeScalarView(unicodeScalars.dropFirst()))
    return first.properties.titlecaseMapping + rest.lowercased()
  }

  /// Each run of letters with a capital first.
  var pythonTitled: String {
    var out = ""
    var isInWord = false
    for scalar in unicodeScalars {
      let isLetter = scalar.properties.isCased
      out +=
        isLetter && isInWord
        ? scalar.properties.lowercaseMapping
        : isLetter ? scalar.properties.titlecaseMapping : String(scalar)
      isInWord = isLetter
    }
    return out
  }

  /// The text filled up to a width.
  func padded(
    to width: Int, _ side: PadSide, _ fill: String = " "
  ) throws(GraftError) -> String {
    guard width <= Limits.valueLength, fill.unicodeScalars.count == 1 else {
      throw .templateLimit("a value would be longer than \(Limits.valueLength)")
    }
    let count = unicodeScalars.count
    guard width > count else { return self }
    let missing = width - count
    func pad(_ count: Int) -> String { String(repeating: fill, count: count) }
    switch side {
    case .left: return self + pad(missing)
    case .right: return pad(missing) + self
    case .center:
      let left = missing / 2 + (missing & width & 1)
      return pad(left) + self + pad(missing - left)
    }
  }

  /// Whether there are letters with case, and all are of one.
  func isCased(_ wanted: LetterCase) -> Bool {
    var found = false
    for scalar in unicodeScalars where scalar.properties.isCased {
      let isWanted =
        wanted == .lower ? scalar.properties.isLowercase : scalar.properties.isUppercase
      guard isWanted else { return false }
      found = true
    }
    return found
  }

  /// The tests of Python's strings, such as `isdigit`.
  func isAll(_ test: String) -> Bool {
    if test == "islower" { return isCased(.lower) }
    if test == "isupper" { return isCased(.upper) }
    if test == "isascii" { return utf8.allSatisfy { $0 < 0x80 } }
    if test == "isprintable" { return unicodeScalars.allSatisfy(Value.isPrintable) }
    if test == "istitle" {
      return pythonTitled.utf8.elementsEqual(utf8) && uppercased() != lowercased()
    }
    guard let first = unicodeScalars.first else { return false }
    if test == "isidentifier" {
      return (first == "_" || first.properties.isXIDStart)
        && unicodeScalars.allSatisfy(\.properties.isXIDContinue)
    }
    return unicodeScalars.allSatisfy { scalar in
      let properties = scalar.properties
      let isLetter =
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
          true
        default: false
        }
      switch test {
      case "isspace": return isSpace(scalar)
      case "isalpha": return isLetter
      case "isalnum": return isLetter || properties.numericType != nil
      case "isdecimal": return properties.numericType == .decimal
      case "isdigit": return properties.numericType == .decimal || properties.numericType == .digit
      case "isnumeric": return properties.numericType != nil
      default: return false
      }
    }
  }
}
