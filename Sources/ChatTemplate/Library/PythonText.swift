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
        parts.append(String(String.UnicodeScalarView(rest)).stripped(of: nil, .right))
        break
      }
      let word = rest.prefix { !isSpace($0) }
      parts.append(String(String.UnicodeScalarView(word)))
      rest = rest[word.endIndex...].drop(while: isSpace)
    }
    return parts
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
    let missing = width - unicodeScalars.count
    guard missing > 0 else { return self }
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
    guard !isEmpty else { return false }
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
