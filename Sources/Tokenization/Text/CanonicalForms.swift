/// Unicode's normalization forms.
enum NormalizationForm: Sendable {
  case nfc, nfd, nfkc, nfkd
}

/// Unicode's decompositions and compositions, as the reference knows them.
enum CanonicalForms {
  static let parts: [UInt32: ArraySlice<UInt32>] = {
    var parts: [UInt32: ArraySlice<UInt32>] = [:]
    var i = 0
    while i + 1 < decompositions.count {
      let end = i + 2 + Int(decompositions[i + 1])
      parts[decompositions[i]] = decompositions[(i + 2)..<end]
      i = end
    }
    return parts
  }()

  static let composites: [UInt64: UInt32] = {
    var composites: [UInt64: UInt32] = [:]
    for i in stride(from: 0, to: compositions.count, by: 3) {
      composites[key(compositions[i], compositions[i + 1])] = compositions[i + 2]
    }
    return composites
  }()

  static let classes: [UInt32: UInt8] = {
    var classes: [UInt32: UInt8] = [:]
    for i in stride(from: 0, to: marks.count, by: 3) {
      for mark in marks[i]...marks[i + 1] { classes[mark] = UInt8(marks[i + 2]) }
    }
    return classes
  }()

  /// Whether composition may change each code point below U+30000, or what stands before it.
  static let active: [Bool] = {
    var active = [Bool](repeating: false, count: 0x30000)
    func mark(_ scalar: UInt32) { active[Int(scalar)] = true }
    for scalar in classes.keys { mark(scalar) }
    for i in stride(from: 0, to: compositions.count, by: 3) { mark(compositions[i + 1]) }
    let composed = Set(composites.values)
    for scalar in parts.keys where !composed.contains(scalar) { mark(scalar) }
    for scalar in Hangul.vowel..<Hangul.vowel + Hangul.vowelCount { mark(scalar) }
    for scalar in Hangul.tail + 1..<Hangul.tail + Hangul.tailCount { mark(scalar) }
    return active
  }()

  private static func key(_ a: UInt32, _ b: UInt32) -> UInt64 { UInt64(a) << 32 | UInt64(b) }

  /// The characters that decompose for compatibility only.
  private static let compatibility = Expansions(UnicodeProperties.compatibility)

  /// Whether each code point below U+30000 may change in a form, or change what stands before it.
  private static let activeIn: [NormalizationForm: [Bool]] = {
    var tables: [NormalizationForm: [Bool]] = [.nfc: active]
    var decomposing = [Bool](repeating: false, count: active.count)
    for scalar in classes.keys { decomposing[Int(scalar)] = true }
    for scalar in parts.keys { decomposing[Int(scalar)] = true }
    for i in 0..<Int(Hangul.syllableCount) { decomposing[Int(Hangul.syllable) + i] = true }
    tables[.nfd] = decomposing
    for scalar in compatibility.keys { decomposing[Int(scalar)] = true }
    tables[.nfkd] = decomposing
    var both = active
    for scalar in compatibility.keys { both[Int(scalar)] = true }
    tables[.nfkc] = both
    return tables
  }()

  /// Brings a text into a normalization form.
  static func normalize(_ text: inout AlignedText, to form: NormalizationForm) {
    // Below U+0300, whose first byte is 0xCC, nothing composes; below U+00A0 nothing changes.
    let lowest: UInt8 = form == .nfc ? 0xCC : 0xC2
    guard let active = activeIn[form], text.bytes.contains(where: { $0 >= lowest }) else { return }
    if form == .nfc, withCharacters(of: text.bytes, isComposed) { return }
    var segment: [UInt32] = []
    text.rewrite { rewriter, characters in
      var position = 0
      var segmentStart = 0
      var isActive = false
      func flush() {
        if isActive {
          for (scalar, change) in normalized(segment, form) { rewriter.put(scalar, change: change) }
        } else {
          rewriter.copy(to: position)
        }
      }
      while position < characters.count {
        let (scalar, end) = characters.scalar(at: position)
        // A segment is a character that stays as it is, and all after it that may not.
        if Int(scalar) < active.count, active[Int(scalar)] {
          if !isActive, position > segmentStart { rewriter.copy(to: segmentStart) }
          isActive = true
        } else {
          if isActive {
            flush()
            isActive = false
          }
          segment.removeAll(keepingCapacity: true)
          segmentStart = position
        }
        segment.append(scalar)
        position = end
      }
      flush()
    }
  }

  /// A code point of a result, and how many characters of the text it stands for, as in
  /// ``TextRewriter/put(_:change:)``.
  private typealias Change = (scalar: UInt32, change: Int)

  private static func normalized(_ segment: [UInt32], _ form: NormalizationForm) -> [Change] {
    var scalars: [Change] = []
    for scalar in segment { decompose(scalar, form, into: &scalars) }
    order(&scalars)
    guard form == .nfc || form == .nfkc else { return scalars }
    var out: [Change] = []
    var starter: Int?
    var lastClass: UInt8 = 0
    for (scalar, change) in scalars {
      let itsClass = classes[scalar] ?? 0
      if let position = starter,
        // Nothing of the same or a higher class may stand between.
        out.count - 1 == position || (lastClass != 0 && lastClass < itsClass),
        let composite = pair(out[position].scalar, scalar)
      {
        out[position] = (composite, out[position].change + change - 1)
        continue
      }
      if itsClass == 0 { starter = out.count }
      lastClass = itsClass
      out.append((scalar, change))
    }
    return out
  }

  private static func decompose(
    _ scalar: UInt32, _ form: NormalizationForm, into out: inout [Change]
  ) {
    let isCompatible = form == .nfkc || form == .nfkd
    if let parts = (isCompatible ? compatibility[scalar] : nil) ?? parts[scalar] {
      for (i, part) in parts.enumerated() { out.append((part, i > 0 ? 1 : 0)) }
    } else if scalar >= Hangul.syllable, scalar < Hangul.syllable + Hangul.syllableCount {
      let index = scalar - Hangul.syllable
      let perLead = Hangul.vowelCount * Hangul.tailCount
      out.append((Hangul.lead + index / perLead, 0))
      out.append((Hangul.vowel + index % perLead / Hangul.tailCount, 1))
      if index % Hangul.tailCount > 0 { out.append((Hangul.tail + index % Hangul.tailCount, 1)) }
    } else {
      out.append((scalar, 0))
    }
  }

  /// Puts runs of marks in the order of their classes, stably.
  private static func order(_ scalars: inout [Change]) {
    var i = 0
    while i < scalars.count {
      guard classes[scalars[i].scalar] != nil else {
        i += 1
        continue
      }
      var end = i
      while end < scalars.count, classes[scalars[end].scalar] != nil { end += 1 }
      let run = scalars[i..<end].enumerated().sorted {
        (classes[$0.element.scalar] ?? 0, $0.offset) < (classes[$1.element.scalar] ?? 0, $1.offset)
      }
      scalars.replaceSubrange(i..<end, with: run.map(\.element))
      i = end
    }
  }

  static func pair(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if first >= Hangul.lead, first < Hangul.lead + Hangul.leadCount,
      second >= Hangul.vowel, second < Hangul.vowel + Hangul.vowelCount
    {
      let index = (first - Hangul.lead) * Hangul.vowelCount + second - Hangul.vowel
      return Hangul.syllable + index * Hangul.tailCount
    }
    if first >= Hangul.syllable, first < Hangul.syllable + Hangul.syllableCount,
      (first - Hangul.syllable) % Hangul.tailCount == 0,
      second > Hangul.tail, second < Hangul.tail + Hangul.tailCount
    {
      return first + second - Hangul.tail
    }
    return composites[key(first, second)]
  }

  /// The syllables of Korean, which are composed by arithmetic.
  enum Hangul {
    static let syllable: UInt32 = 0xAC00
    static let lead: UInt32 = 0x1100
    static let vowel: UInt32 = 0x1161
    static let tail: UInt32 = 0x11A7
    static let leadCount: UInt32 = 19
    static let vowelCount: UInt32 = 21
    static let tailCount: UInt32 = 28
    static let syllableCount: UInt32 = leadCount * vowelCount * tailCount
  }
}
