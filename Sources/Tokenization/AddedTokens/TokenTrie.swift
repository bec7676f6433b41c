/// Finds the longest of many byte strings that begins at a position.
struct TokenTrie: Sendable {
  private var root = [Int32](repeating: -1, count: 256)
  private var edges: [UInt64: Int32] = [:]
  /// What ends at each node, or -1.
  private var values: [Int32] = []

  /// Whether nothing was added.
  var isEmpty: Bool { values.isEmpty }

  /// Adds a string that is not empty; of equal strings the last counts.
  mutating func add(_ string: [UInt8], value: Int) {
    guard let first = string.first else { return }
    var node = root[Int(first)]
    if node < 0 {
      node = newNode()
      root[Int(first)] = node
    }
    for byte in string.dropFirst() {
      let edge = Self.edge(node, byte)
      if let next = edges[edge] {
        node = next
      } else {
        node = newNode()
        edges[edge] = node
      }
    }
    values[Int(node)] = Int32(value)
  }

  private mutating func newNode() -> Int32 {
    values.append(-1)
    return Int32(values.count - 1)
  }

  private static func edge(_ node: Int32, _ byte: UInt8) -> UInt64 {
    UInt64(node) << 8 | UInt64(byte)
  }

  /// The first position in `range` at which a string begins, with its value and its end; of
  /// several there, the longest.
  func firstMatch(
    in text: Span<UInt8>, _ range: Range<Int>
  ) -> (value: Int, range: Range<Int>)? {
    let root = root.span
    for start in range {
      let node = root[Int(text[unchecked: start])]
      guard node >= 0 else { continue }
      if let match = longestMatch(in: text, start..<range.upperBound, node) { return match }
    }
    return nil
  }

  /// Where the longest string that begins at a position ends, or nil.
  func longestMatch(in text: UTF8Text, from start: Int) -> Int? {
    let node = root[Int(text[start])]
    guard node >= 0 else { return nil }
    let bytes = Span(_unsafeStart: text.pointer, count: text.count)
    return longestMatch(in: bytes, start..<text.count, node)?.range.upperBound
  }

  private func longestMatch(
    in text: Span<UInt8>, _ range: Range<Int>, _ first: Int32
  ) -> (value: Int, range: Range<Int>)? {
    var node = first
    var end = range.lowerBound + 1
    var best: (value: Int, range: Range<Int>)?
    while true {
      if values[Int(node)] >= 0 { best = (Int(values[Int(node)]), range.lowerBound..<end) }
      guard end < range.upperBound, let next = edges[Self.edge(node, text[end])] else { break }
      node = next
      end += 1
    }
    return best
  }
}
