/// What the reference's regular expressions and its Digits component take a character for.
struct CharacterClasses: OptionSet {
  let rawValue: UInt8

  /// `\p{L}`
  static let letter = Self(rawValue: 1)
  /// `\p{N}`
  static let number = Self(rawValue: 2)
  /// `\s`
  static let space = Self(rawValue: 4)
  /// A digit of the Digits component, which knows a few more characters than `\p{N}`.
  static let digit = Self(rawValue: 8)

  /// What the expressions call `[\s\p{L}\p{N}]`.
  static let spaceLetterNumber: Self = [.letter, .number, .space]
}

extension CharacterClasses {
  /// The classes of every code point, one byte each.
  private static let table: [UInt8] = {
    var table = [UInt8](repeating: 0, count: 0x110000)
    func mark(_ bounds: [UInt32], _ mark: CharacterClasses) {
      for i in stride(from: 0, to: bounds.count, by: 2) {
        for point in bounds[i]...bounds[i + 1] { table[Int(point)] |= mark.rawValue }
      }
    }
    mark(letters, .letter)
    mark(numbers, .number)
    mark(spaces, .space)
    mark(digits, .digit)
    return table
  }()

  /// Lends the classes of all code points to `body`: one look-up of the table for a whole text.
  @inline(__always)
  static func withTable<R>(_ body: (Span<UInt8>) -> R) -> R { body(table.span) }

  /// The classes of one character.
  init(of scalar: Unicode.Scalar) { self.init(rawValue: Self.table[Int(scalar.value)]) }
}
