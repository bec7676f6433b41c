/// Drops characters.
struct FilterNormalizer: Normalizer {
  let keeps: @Sendable (UInt32) -> Bool

  func apply(to text: inout AlignedText) {
    text.rewrite { rewriter, characters in
      // What is dropped counts to the character before it.
      var pending: UInt32?
      var dropped = 0
      var position = 0
      while position < characters.count {
        let (scalar, end) = characters.scalar(at: position)
        position = end
        guard keeps(scalar) else {
          dropped += 1
          continue
        }
        if let pending { rewriter.put(pending, change: -dropped) } else { rewriter.skip(dropped) }
        pending = scalar
        dropped = 0
      }
      if let pending { rewriter.put(pending, change: -dropped) }
    }
  }
}

/// Replaces single characters by single characters.
struct MapNormalizer: Normalizer {
  let map: @Sendable (UInt32) -> UInt32

  func apply(to text: inout AlignedText) {
    text.rewrite { rewriter, characters in
      var position = 0
      while position < characters.count {
        let (scalar, end) = characters.scalar(at: position)
        rewriter.put(map(scalar))
        position = end
      }
    }
  }
}
