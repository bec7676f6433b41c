/// What the reference's less common components take a character for.
struct RareClasses: OptionSet {
  let rawValue: UInt8

  /// `\w` of the regular expressions of a file.
  static let engineWord = Self(rawValue: 1)
  /// `\w` beside added tokens and in the component Whitespace.
  static let word = Self(rawValue: 2)
  /// White space.
  static let whiteSpace = Self(rawValue: 4)
  /// Punctuation.
  static let punctuation = Self(rawValue: 8)
  /// A mark that StripAccents takes away.
  static let combiningMark = Self(rawValue: 16)
  /// A mark that BertNormalizer takes away.
  static let nonspacingMark = Self(rawValue: 32)
  /// A control or unassigned character that BertNormalizer takes away.
  static let control = Self(rawValue: 64)
}

extension RareClasses {
  private static let table: [UInt8] = {
    var table = [UInt8](repeating: 0, count: 0x110000)
    func mark(_ text: StaticString, _ mark: RareClasses) {
      let bounds = numbers(text)
      for i in stride(from: 0, to: bounds.count - 1, by: 2) {
        for point in bounds[i]...bounds[i + 1] { table[Int(point)] |= mark.rawValue }
      }
    }
    mark(UnicodeProperties.engineWord, .engineWord)
    mark(UnicodeProperties.word, .word)
    mark(UnicodeProperties.whiteSpace, .whiteSpace)
    mark(UnicodeProperties.punctuation, .punctuation)
    mark(UnicodeProperties.combiningMarks, .combiningMark)
    mark(UnicodeProperties.nonspacingMarks, .nonspacingMark)
    mark(UnicodeProperties.controls, .control)
    return table
  }()

  /// The classes of a code point.
  init(of scalar: UInt32) { self.init(rawValue: Self.table[Int(min(scalar, 0x10FFFF))]) }
}

/// The hexadecimal numbers of a table.
func numbers(_ text: StaticString) -> [UInt32] {
  text.withUTF8Buffer { bytes in
    var numbers: [UInt32] = []
    numbers.reserveCapacity(bytes.count / 4)
    var number: UInt32 = 0
    var hasDigits = false
    for byte in bytes {
      switch byte {
      case 0x30...0x39: number = number << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: number = number << 4 | UInt32(byte - 0x37)
      default:
        if hasDigits { numbers.append(number) }
        number = 0
        hasDigits = false
        continue
      }
      hasDigits = true
    }
    if hasDigits { numbers.append(number) }
    return numbers
  }
}

/// Characters that become several.
struct Expansions: Sendable {
  private let starts: [UInt32: Int32]
  private let list: [UInt32]

  /// Reads a table of code points, lengths and expansions.
  init(_ text: StaticString) {
    list = numbers(text)
    var starts: [UInt32: Int32] = [:]
    var i = 0
    while i + 1 < list.count {
      starts[list[i]] = Int32(i + 1)
      i += 2 + Int(list[i + 1])
    }
    self.starts = starts
  }

  /// What a code point becomes, or nil if it stays.
  subscript(scalar: UInt32) -> ArraySlice<UInt32>? {
    guard let start = starts[scalar] else { return nil }
    let first = Int(start) + 1
    return list[first..<(first + Int(list[Int(start)]))]
  }

  /// The code points that become something else.
  var keys: some Sequence<UInt32> { starts.keys }
}
