/// Spells the properties in an expression out as lists of characters.
///
/// Versions of Oniguruma know different versions of Unicode; lists mean the same in all of them.
enum ExpressionDialect {
  private static let names = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi",
    "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
  ]
  private static let categories = numbers(UnicodeProperties.categories)

  /// The expression with `\p{L}`, `\p{^L}`, `\P{Lu}`, `\w`, `\d` and the like as lists.
  static func translated(_ expression: String) -> String {
    guard expression.utf8.contains(UInt8(ascii: "\\")) else { return expression }
    var out = ""
    let characters = Array(expression.unicodeScalars)
    var i = 0
    while i < characters.count {
      guard characters[i] == "\\", i + 1 < characters.count else {
        out.unicodeScalars.append(characters[i])
        i += 1
        continue
      }
      let kind = characters[i + 1]
      var list: String?
      var end = i + 2
      var isNegated = kind == "P" || kind == "W" || kind == "D"
      switch kind {
      case "p", "P":
        if end < characters.count, characters[end] == "{",
          let close = characters[end...].firstIndex(of: "}")
        {
          var name = characters[(end + 1)..<close]
          if name.first == "^" {
            isNegated.toggle()
            name = name.dropFirst()
          }
          list = ranges(String(String.UnicodeScalarView(name)))
          end = close + 1
        }
      case "w", "W": list = ranges(numbers(UnicodeProperties.engineWord))
      case "d", "D": list = ranges("Nd")
      default: break
      }
      if let list {
        out += "[\(isNegated ? "^" : "")\(list)]"
        i = end
      } else {
        out.unicodeScalars.append(characters[i])
        out.unicodeScalars.append(characters[i + 1])
        i += 2
      }
    }
    return out
  }

  /// The characters of a general category or of a group of them, or nil if it is none.
  private static func ranges(_ name: String) -> String? {
    let members = names.indices.filter { i in
      names[i] == name || (name.utf8.count == 1 && names[i].hasPrefix(name))
    }
    // Surrogates are no characters of a text.
    guard !members.isEmpty, name != "Cs" else { return nil }
    var bounds: [UInt32] = []
    for i in stride(from: 0, to: categories.count, by: 2)
    where members.contains(Int(categories[i + 1])) {
      let end = i + 2 < categories.count ? categories[i + 2] - 1 : 0x10FFFF
      if bounds.last.map({ $0 + 1 }) == categories[i] {
        bounds[bounds.count - 1] = end
      } else {
        bounds += [categories[i], end]
      }
    }
    return ranges(bounds)
  }

  private static func ranges(_ bounds: [UInt32]) -> String {
    var out = ""
    func add(_ first: UInt32, _ last: UInt32) {
      guard first <= last else { return }
      out += "\\x{\(String(first, radix: 16))}"
      if first < last { out += "-\\x{\(String(last, radix: 16))}" }
    }
    for i in stride(from: 0, to: bounds.count - 1, by: 2) {
      // Around the surrogates.
      if bounds[i] < 0xD800, bounds[i + 1] > 0xDFFF {
        add(bounds[i], 0xD7FF)
        add(0xE000, bounds[i + 1])
      } else {
        add(bounds[i], bounds[i + 1])
      }
    }
    return out
  }
}
