/// The character references of HTML, such as `&amp;` and `&#38;`.
enum HTMLEntities {
  private static let named: [Substring: String] = {
    var named: [Substring: String] = [:]
    for word in table.split(separator: " ") {
      guard let equals = word.firstIndex(of: "=") else { continue }
      var text = String.UnicodeScalarView()
      for code in word[word.index(after: equals)...].split(separator: ",") {
        if let scalar = UInt32(code, radix: 16).flatMap(Unicode.Scalar.init) { text.append(scalar) }
      }
      named[word[..<equals]] = String(text)
    }
    return named
  }()

  /// What browsers make of numbers that name no character.
  private static let windows: [Unicode.Scalar] = Array(
    "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars)

  /// The text with references replaced, as Python's `html.unescape` does.
  static func unescaped(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
    var out = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "&", let (meaning, length) = reference(rest) else {
        out.append(scalar)
        continue
      }
      out.append(contentsOf: meaning.unicodeScalars)
      rest = rest.dropFirst(length)
    }
    return String(out)
  }

  /// What the reference after an `&` means, and how long it is; nil where there is none.
  private static func reference(
    _ rest: Substring.UnicodeScalarView
  ) -> (meaning: String, length: Int)? {
    if rest.first == "#" { return number(rest.dropFirst()) }
    var name = rest.prefix(32).prefix { !"\t\n\u{C} <&#;".unicodeScalars.contains($0) }
    if name.endIndex < rest.endIndex, rest[name.endIndex] == ";", !name.isEmpty {
      name = rest[name.startIndex...name.endIndex]
    }
    // The longest name that begins the word.
    while name.count > 1 {
      if let meaning = named[Substring(name)] { return (meaning, name.count) }
      name.removeLast()
    }
    return nil
  }

  private static func number(
    _ rest: Substring.UnicodeScalarView
  ) -> (meaning: String, length: Int)? {
    let isHex = rest.first == "x" || rest.first == "X"
    let digits = (isHex ? rest.dropFirst() : rest).prefix {
      $0.isASCII && (isHex ? $0.properties.isASCIIHexDigit : $0.properties.numericType != nil)
    }
    guard !digits.isEmpty else { return nil }
    let isClosed = digits.endIndex < rest.endIndex && rest[digits.endIndex] == ";"
    let length = 1 + (isHex ? 1 : 0) + digits.count + (isClosed ? 1 : 0)
    let code = UInt32(String(Substring(digits)), radix: isHex ? 16 : 10)
    return (code.map(character) ?? "\u{FFFD}", length)
  }

  private static func character(_ code: UInt32) -> String {
    switch code {
    case 0: return "\u{FFFD}"
    case 0x0D: return "\r"
    case 0x80..<0xA0: return String(windows[Int(code) - 0x80])
    case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0xFDD0...0xFDEF: return ""
    case _ where code & 0xFFFE == 0xFFFE && code <= 0x10FFFF: return ""
    default: return Unicode.Scalar(code).map { String($0) } ?? "\u{FFFD}"
    }
  }
}
