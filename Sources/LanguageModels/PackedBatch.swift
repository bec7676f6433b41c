/// Sequences laid end to end, without padding; sequences of one group share their prompt, which is
/// computed once.
public struct PackedBatch: Sendable {
  /// Sequences that begin with the same tokens; each is `prompt + branch`.
  public struct Group: Sendable {
    /// The tokens that all begin with; may be empty.
    public var prompt: [Int32]
    /// What follows in each.
    public var branches: [[Int32]]

    /// Creates a group.
    public init(prompt: [Int32], branches: [[Int32]]) {
      self.prompt = prompt
      self.branches = branches
    }
  }

  /// Where the tokens of one group lie.
  struct Span: Sendable {
    /// The prompt's tokens.
    var prompt: Range<Int>
    /// Each branch's tokens, in order behind the prompt.
    var branches: [Range<Int>]

    var tokens: Range<Int> { prompt.lowerBound..<(branches.last?.upperBound ?? prompt.upperBound) }
    /// The length of the longest sequence.
    var longest: Int { prompt.count + (branches.map(\.count).max() ?? 0) }
  }

  /// All tokens, group after group, each prompt before its branches.
  public private(set) var tokens: [Int32] = []
  /// Each token's position in its sequence; branches go on where their prompt ends.
  public private(set) var positions: [Int32] = []
  /// The index in ``tokens`` of each sequence's last token; -1 for a sequence without any.
  public private(set) var lastTokens: [Int] = []
  /// One per group.
  private(set) var spans: [Span] = []

  /// Lays out groups; sequences are numbered group by group.
  public init(groups: [Group]) {
    for group in groups {
      let start = tokens.count
      append(group.prompt, from: 0)
      var span = Span(prompt: start..<tokens.count, branches: [])
      for branch in group.branches {
        let begin = tokens.count
        append(branch, from: group.prompt.count)
        span.branches.append(begin..<tokens.count)
        let last = branch.isEmpty ? span.prompt.upperBound - 1 : tokens.count - 1
        lastTokens.append(branch.isEmpty && group.prompt.isEmpty ? -1 : last)
      }
      spans.append(span)
    }
  }

  /// Lays out sequences that share nothing.
  public init(sequences: [[Int32]]) {
    self.init(groups: sequences.map { Group(prompt: [], branches: [$0]) })
  }

  /// The number of sequences.
  public var sequenceCount: Int { lastTokens.count }

  private mutating func append(_ part: [Int32], from position: Int) {
    tokens += part
    positions += (position..<position + part.count).map { Int32($0) }
  }
}
