extension CanonicalForms {
  /// What the fast check for NFC needs of each code point below U+30000.
  private struct Traits: OptionSet {
    var rawValue: UInt16
    /// The canonical combining class.
    static let classMask: UInt16 = 0xFF
    /// It may compose with what stands before it.
    static let composes = Self(rawValue: 1 << 8)
    /// It is not in NFC, wherever it stands.
    static let changes = Self(rawValue: 1 << 9)
    /// It has a decomposition.
    static let decomposes = Self(rawValue: 1 << 10)
  }

  private static let traits: [Traits] = {
    var traits = [Traits](repeating: [], count: active.count)
    for (scalar, itsClass) in classes { traits[Int(scalar)].rawValue |= UInt16(itsClass) }
    for i in stride(from: 0, to: compositions.count, by: 3) {
      traits[Int(compositions[i + 1])].insert(.composes)
    }
    for scalar in Hangul.vowel..<Hangul.vowel + Hangul.vowelCount {
      traits[Int(scalar)].insert(.composes)
    }
    for scalar in Hangul.tail + 1..<Hangul.tail + Hangul.tailCount {
      traits[Int(scalar)].insert(.composes)
    }
    let composed = Set(composites.values)
    for scalar in parts.keys {
      traits[Int(scalar)].insert(composed.contains(scalar) ? .decomposes : [.decomposes, .changes])
    }
    return traits
  }()

  /// Whether a text is surely in NFC; if not, it may be nevertheless.
  static func isComposed(_ text: UTF8Text) -> Bool {
    traits.withUnsafeBufferPointer { traits in
      var starter: UInt32 = 0
      var starterDecomposes = false
      var lastClass: UInt16 = 0
      var position = 0
      while position < text.count {
        // Below U+0300, whose first byte is 0xCC, nothing changes or composes.
        if text[position] < 0xCC {
          var last = position
          while position < text.count, text[position] < 0xCC {
            last = position
            position += characterLength(text[position])
          }
          starter = text.scalar(at: last).value
          starterDecomposes = starter >= 0xC0
          lastClass = 0
          continue
        }
        let (scalar, end) = text.scalar(at: position)
        position = end
        let its = Int(scalar) < traits.count ? traits[Int(scalar)] : []
        if its.rawValue & ~Traits.decomposes.rawValue != 0 {
          if its.contains(.changes) { return false }
          if its.contains(.composes), starterDecomposes || pair(starter, scalar) != nil {
            return false
          }
          let itsClass = its.rawValue & Traits.classMask
          if itsClass != 0 {
            if itsClass < lastClass { return false }
            lastClass = itsClass
            continue
          }
        }
        starter = scalar
        starterDecomposes = its.contains(.decomposes)
        lastClass = 0
      }
      return true
    }
  }
}
