/// What becomes of the matches that a text is split at.
enum SplitBehavior: String, Sendable {
  /// They are dropped.
  case removed = "Removed"
  /// Each is a piece.
  case isolated = "Isolated"
  /// Each ends the piece before it.
  case mergedWithPrevious = "MergedWithPrevious"
  /// Each begins the piece after it.
  case mergedWithNext = "MergedWithNext"
  /// Those that touch are one piece.
  case contiguous = "Contiguous"

  /// Appends the pieces of a text that is covered by `parts`; empty ones are left out.
  func split(_ parts: [TextPart], into pieces: inout [Range<Int>]) {
    switch self {
    case .isolated:
      for part in parts where !part.range.isEmpty { pieces.append(part.range) }
    case .removed:
      for part in parts where !part.isMatch && !part.range.isEmpty { pieces.append(part.range) }
    case .contiguous:
      var previous = false
      merge(parts, into: &pieces) { part in
        defer { previous = part.isMatch }
        return part.isMatch == previous
      }
    case .mergedWithPrevious:
      var previous = false
      merge(parts, into: &pieces) { part in
        defer { previous = part.isMatch }
        return part.isMatch && !previous
      }
    case .mergedWithNext:
      var previous = false
      var reversed: [Range<Int>] = []
      for part in parts.reversed() {
        if part.isMatch, !previous, let last = reversed.indices.last {
          reversed[last] = part.range.lowerBound..<reversed[last].upperBound
        } else {
          reversed.append(part.range)
        }
        previous = part.isMatch
      }
      for range in reversed.reversed() where !range.isEmpty { pieces.append(range) }
    }
  }

  private func merge(
    _ parts: [TextPart], into pieces: inout [Range<Int>], _ joinsLast: (TextPart) -> Bool
  ) {
    var merged: [Range<Int>] = []
    for part in parts {
      if joinsLast(part), let last = merged.indices.last {
        merged[last] = merged[last].lowerBound..<part.range.upperBound
      } else {
        merged.append(part.range)
      }
    }
    for range in merged where !range.isEmpty { pieces.append(range) }
  }
}

/// A part of a text: a match, or what stands between two.
struct TextPart {
  var range: Range<Int>
  var isMatch: Bool
}

/// Parts a piece at the characters that `isMatch` accepts: each is a part of its own.
func parts(
  of text: UTF8Text, _ piece: Range<Int>, where isMatch: (UInt32) -> Bool
) -> [TextPart] {
  var parts: [TextPart] = []
  var start = piece.lowerBound
  var position = start
  while position < piece.upperBound {
    let (scalar, end) = text.scalar(at: position)
    if isMatch(scalar) {
      if start < position { parts.append(TextPart(range: start..<position, isMatch: false)) }
      parts.append(TextPart(range: position..<end, isMatch: true))
      start = end
    }
    position = end
  }
  if start < piece.upperBound {
    parts.append(TextPart(range: start..<piece.upperBound, isMatch: false))
  }
  return parts
}
