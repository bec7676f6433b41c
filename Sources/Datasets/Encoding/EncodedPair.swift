/// A preference pair as token ids; both sequences begin with ``prompt``.
public struct EncodedPair: Sendable, Equatable {
  /// The tokens that both sequences begin with: the rendered prompt, and what the answers have in
  /// common at their start. Each answer keeps at least one token of its own.
  public var prompt: [Int32]
  /// The rest of the preferred sequence.
  public var chosen: [Int32]
  /// The rest of the other sequence.
  public var rejected: [Int32]
  /// By how much at least the rewards are to differ.
  public var margin: Double

  /// The tokens of both sequences, counted as if nothing were shared.
  public var tokenCount: Int { 2 * prompt.count + chosen.count + rejected.count }

  /// How far the preferred answer is the longer one: 1, 0, or for a tie a half.
  public var longerAnswerCredit: Double {
    chosen.count == rejected.count ? 0.5 : chosen.count > rejected.count ? 1 : 0
  }

  /// What two whole sequences share, and the rest of each; nil where they are the same.
  init?(chosen: [Int32], rejected: [Int32], margin: Double) {
    guard chosen != rejected, !chosen.isEmpty, !rejected.isEmpty else { return nil }
    let shared = min(
      commonPrefixCount(chosen, rejected), min(chosen.count, rejected.count) - 1)
    prompt = Array(chosen[..<shared])
    self.chosen = Array(chosen[shared...])
    self.rejected = Array(rejected[shared...])
    self.margin = margin
  }

  /// Two whole sequences, cut as LLaMA-Factory cuts them where one is longer than `cutoff`.
  ///
  /// - Parameter prompt: the prompt's own ids, which say where an answer begins.
  /// - Returns: no pair where both come out the same.
  static func cut(
    prompt: [Int32], chosen: [Int32], rejected: [Int32], margin: Double = 0, cutoff: Int
  ) -> (pair: EncodedPair?, isCut: Bool) {
    guard max(chosen.count, rejected.count) > cutoff else {
      return (EncodedPair(chosen: chosen, rejected: rejected, margin: margin), false)
    }
    let promptCount = min(
      commonPrefixCount(prompt, chosen), commonPrefixCount(prompt, rejected))
    let keep = keptLengths(
      prompt: promptCount, answer: max(chosen.count, rejected.count) - promptCount, cutoff: cutoff)
    let cut = { (ids: [Int32]) -> [Int32] in
      Array(ids[..<keep.prompt]) + ids[promptCount..<min(ids.count, promptCount + keep.answer)]
    }
    return (EncodedPair(chosen: cut(chosen), rejected: cut(rejected), margin: margin), true)
  }
}

// MARK: - As a record of a token cache

extension EncodedPair {
  /// The three lengths, the bits of the margin, and all ids.
  public var record: [Int32] {
    let bits = margin.bitPattern
    let head = [
      Int32(prompt.count), Int32(chosen.count), Int32(rejected.count),
      Int32(truncatingIfNeeded: bits), Int32(truncatingIfNeeded: bits >> 32),
    ]
    return head + prompt + chosen + rejected
  }

  /// Reads a record; nil if its lengths contradict each other.
  public init?(record: [Int32]) {
    guard record.count >= 5, record[..<3].allSatisfy({ $0 >= 0 }) else { return nil }
    let starts = [5, 5 + Int(record[0]), 5 + Int(record[0]) + Int(record[1])]
    guard starts[2] + Int(record[2]) == record.count else { return nil }
    prompt = Array(record[starts[0]..<starts[1]])
    chosen = Array(record[starts[1]..<starts[2]])
    rejected = Array(record[starts[2]...])
    margin = Double(
      bitPattern: UInt64(UInt32(bitPattern: record[4])) << 32
        | UInt64(UInt32(bitPattern: record[3])))
  }
}

private func commonPrefixCount(_ a: [Int32], _ b: [Int32]) -> Int {
  let limit = min(a.count, b.count)
  var count = 0
  while count < limit, a[count] == b[count] { count += 1 }
  return count
}
