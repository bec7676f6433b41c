import Diagnostics
import Torch

/// Which tokens of a batch see which, as blocks of queries that share their keys.
enum AttentionPlan {
  /// Every token is a query: a prompt with its first branch is one causal block, each other branch
  /// a block of its own that continues the prompt.
  static func allTokens(_ batch: PackedBatch) -> [AttentionBlock] {
    var blocks: [AttentionBlock] = []
    for span in batch.spans {
      let first = span.prompt.lowerBound..<(span.branches.first ?? span.prompt).upperBound
      if !first.isEmpty {
        blocks.append(AttentionBlock(queries: first, keys: first, sight: .causal))
      }
      for branch in span.branches.dropFirst() where !branch.isEmpty {
        blocks.append(
          span.prompt.isEmpty
            ? AttentionBlock(queries: branch, keys: branch, sight: .causal)
            : AttentionBlock(
              queries: branch, keys: span.prompt, moreKeys: branch, sight: .continues))
      }
    }
    return blocks
  }

  /// Only the last token of each sequence is a query; query i is row i.
  static func lastTokens(_ batch: PackedBatch) -> [AttentionBlock] {
    var blocks: [AttentionBlock] = []
    for span in batch.spans {
      for branch in span.branches {
        let row = blocks.count
        blocks.append(
          span.prompt.isEmpty
            ? AttentionBlock(queries: row..<row + 1, keys: branch, sight: .everything)
            : AttentionBlock(
              queries: row..<row + 1, keys: span.prompt, moreKeys: branch, sight: .everything))
      }
    }
    return blocks
  }
}

/// Grouped-query attention over packed rows.
struct Attention {
  let headCount: Int
  let keyValueHeadCount: Int
  let headSize: Int

  /// - Parameters:
  ///   - q: `[queries, heads · size]`
  ///   - k: `[tokens, kvHeads · size]`
  ///   - v: as `k`
  ///   - blocks: their queries count rows of `q`, their keys rows of `k` and `v`.
  /// - Returns: as `q`.
  func callAsFunction(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ blocks: [AttentionBlock]
  ) throws(GraftError) -> Tensor {
    try .attention(
      q, k, v, blocks: blocks, heads: headCount, keyHeads: keyValueHeadCount, size: headSize,
      scale: 1 / Double(headSize).squareRoot())
  }
}
