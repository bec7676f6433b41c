/// How a tokenizer file wants encodings cut.
public struct Truncation: Sendable, Equatable {
  /// Which text of a pair is cut.
  public enum Strategy: String, Sendable {
    case longestFirst = "LongestFirst"
    case onlyFirst = "OnlyFirst"
    case onlySecond = "OnlySecond"
  }

  /// The most tokens that are left, with those that are put around the text.
  public var length: Int
  /// Which text of a pair is cut.
  public var strategy = Strategy.longestFirst
  /// How many tokens the parts of ``Encoding/overflow`` share with the part before.
  public var stride = 0
  /// Whether the beginning is cut off instead of the end.
  public var cutsLeft = false
}

/// How a tokenizer file wants encodings filled up.
public struct Padding: Sendable, Equatable {
  /// The length to reach; nil for that of the longest in a batch.
  public var length: Int?
  /// What the length is rounded up to a multiple of.
  public var multiple = 1
  /// Whether the beginning is filled instead of the end.
  public var fillsLeft = false
  /// The id of the filling.
  public var id: Int32 = 0
  /// The token of the filling.
  public var token = "[PAD]"
  /// Its type id.
  public var typeID: Int32 = 0
}

extension Encoding {
  /// Cuts the encoding; what is cut off becomes its ``overflow``.
  mutating func truncate(to limit: Int, stride: Int, fromLeft: Bool) {
    guard limit < count else { return }
    guard limit > 0 else {
      let all = self
      self = Encoding()
      overflow = [all]
      return
    }
    let step = max(1, limit - stride)
    var parts: [Range<Int>] = []
    if fromLeft {
      var end = count
      while end > 0 {
        parts.append(max(0, end - limit)..<end)
        if end <= limit { break }
        end -= step
      }
    } else {
      var start = 0
      while start < count {
        parts.append(start..<min(start + limit, count))
        if start + limit >= count { break }
        start += step
      }
    }
    let whole = self
    self = whole.part(parts[0])
    overflow = parts.dropFirst().map(whole.part)
  }

  /// Fills the encoding and its ``overflow`` up.
  mutating func pad(to length: Int, with padding: Padding) {
    for i in overflow.indices { overflow[i].pad(to: length, with: padding) }
    guard count < length else { return }
    var filling = Encoding()
    for _ in count..<length {
      filling.appendSpecial(
        padding.id, padding.token, typeID: padding.typeID, isAttended: false)
    }
    let kept = overflow
    overflow = []
    if padding.fillsLeft {
      filling.append(self)
      self = filling
    } else {
      append(filling)
    }
    overflow = kept
  }
}
