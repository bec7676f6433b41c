/// Unicode's canonical decomposition and composition, as the reference knows them.
enum CanonicalForms {
  private static let parts: [UInt32: ArraySlice<UInt32>] = {
    var parts: [UInt32: ArraySlice<UInt32>] = [:]
    var i = 0
    while i + 1 < decompositions.count {
      let end = i + 2 + Int(decompositions[i + 1])
      parts[decompositions[i]] = decompositions[(i + 2)..<end]
      i = end
    }
    return parts
  }()

  private static let composites: [UInt64: UInt32] = {
    var composites: [UInt64: UInt32] = [:]
    for i in stride(from: 0, to: compositions.count, by: 3) {
      composites[key(compositions[i], compositions[i + 1])] = compositions[i + 2]
    }
    return composites
  }()

  private static let classes: [UInt32: UInt8] = {
    var classes: [UInt32: UInt8] = [:]
    for i in stride(from: 0, to: marks.count, by: 3) {
      for mark in marks[i]...marks[i + 1] { classes[mark] = UInt8(marks[i + 2]) }
    }
    return classes
  }()

  /// Whether composition may change each code point below U+30000, or what stands before it.
  private static let active: [Bool] = {
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

  private static func isActive(_ scalar: UInt32) -> Bool {
    Int(scalar) < active.count && active[Int(scalar)]
  }

  private static func key(_ a: UInt32, _ b: UInt32) -> UInt64 { UInt64(a) << 32 | UInt64(b) }

  /// Composes a valid UTF-8 text: normalization form C.
  static func compose(_ text: inout [UInt8]) {
    // Below U+0300, whose first byte is 0xCC, nothing decomposes or combines.
    guard text.contains(where: { $0 >= 0xCC }) else { return }
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var segment: [UInt32] = []
    var isSegmentActive = false
    func flush() {
      for scalar in isSegmentActive ? composed(segment) : segment { append(scalar, to: &out) }
      segment.removeAll(keepingCapacity: true)
      isSegmentActive = false
    }
    withCharacters(of: text) { characters in
      var position = 0
      while position < characters.count {
        let (scalar, end) = characters.scalar(at: position)
        // A segment is a character that stays as it is, and all after it that may not.
        if isActive(scalar) { isSegmentActive = true } else { flush() }
        segment.append(scalar)
        position = end
      }
    }
    flush()
    text = out
  }

  private static func composed(_ segment: [UInt32]) -> [UInt32] {
    var scalars: [UInt32] = []
    for scalar in segment { decompose(scalar, into: &scalars) }
    order(&scalars)
    var out: [UInt32] = []
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in scalars {
      let itsClass = classes[scalar] ?? 0
      if let position = starter,
        // Nothing of the same or a higher class may stand between.
        out.count - 1 == position || (lastClass != 0 && lastClass < itsClass),
        let composite = pair(out[position], scalar)
      {
        out[position] = composite
        continue
      }
      if itsClass == 0 { starter = out.count }
      lastClass = itsClass
      out.append(scalar)
    }
    return out
  }

  private static func decompose(_ scalar: UInt32, into out: inout [UInt32]) {
    if let parts = parts[scalar] {
      out += parts
    } else if scalar >= Hangul.syllable, scalar < Hangul.syllable + Hangul.syllableCount {
      let index = scalar - Hangul.syllable
      let perLead = Hangul.vowelCount * Hangul.tailCount
      out.append(Hangul.lead + index / perLead)
      out.append(Hangul.vowel + index % perLead / Hangul.tailCount)
      if index % Hangul.tailCount > 0 { out.append(Hangul.tail + index % Hangul.tailCount) }
    } else {
      out.append(scalar)
    }
  }

  /// Puts runs of marks in the order of their classes, stably.
  private static func order(_ scalars: inout [UInt32]) {
    var i = 0
    while i < scalars.count {
      guard classes[scalars[i]] != nil else {
        i += 1
        continue
      }
      var end = i
      while end < scalars.count, classes[scalars[end]] != nil { end += 1 }
      let run = scalars[i..<end].enumerated().sorted {
        (classes[$0.element] ?? 0, $0.offset) < (classes[$1.element] ?? 0, $1.offset)
      }
      scalars.replaceSubrange(i..<end, with: run.map(\.element))
      i = end
    }
  }

  private static func pair(_ first: UInt32, _ second: UInt32) -> UInt32? {
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

  private static func append(_ scalar: UInt32, to out: inout [UInt8]) {
    guard let scalar = Unicode.Scalar(scalar), let units = UTF8.encode(scalar) else { return }
    out.append(contentsOf: units)
  }

  /// The syllables of Korean, which are composed by arithmetic.
  private enum Hangul {
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
