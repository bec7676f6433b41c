/// Finds the tokens that begin at a place.
struct VocabularyTrie: Sendable {
  private var edges: PairTable
  /// The token that ends at each node, or -1.
  private var tokens: [Int32] = [-1]

  init(_ vocabulary: Vocabulary, _ isUsable: (Int) -> Bool) {
    edges = PairTable(capacity: vocabulary.byteCount)
    for id in 0..<Int32(vocabulary.idCount) {
      guard isUsable(Int(id)), let token = vocabulary.bytes(of: id), !token.isEmpty else {
        continue
      }
      var node: Int32 = 0
      for byte in token {
        let child = edges[node, Int32(byte)]
        if child >= 0 {
          node = child
        } else {
          let new = Int32(tokens.count)
          tokens.append(-1)
          edges.set(node, Int32(byte), new)
          node = new
        }
      }
      tokens[Int(node)] = id
    }
  }

  /// The node of a string, or nil if no token begins with it.
  func node(after string: [UInt8]) -> Int32? {
    var node: Int32 = 0
    for byte in string {
      node = edges[node, Int32(byte)]
      guard node >= 0 else { return nil }
    }
    return node
  }

  /// Hands each token that begins at `start`, and its end, to `body`; shorter ones first.
  ///
  /// - Parameter root: the node to begin at.
  @inline(__always)
  func forEachToken(
    in word: Span<UInt8>, from start: Int, below root: Int32 = 0, _ body: (Int32, Int) -> Void
  ) {
    var node = root
    var end = start
    while end < word.count {
      node = edges[node, Int32(word[end])]
      guard node >= 0 else { return }
      end += 1
      if tokens[Int(node)] >= 0 { body(tokens[Int(node)], end) }
    }
  }
}
