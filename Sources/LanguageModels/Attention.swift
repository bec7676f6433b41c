import Diagnostics
import TensorCore
import Torch

/// Which tokens of a batch see which, as blocks of queries that share their keys.
struct AttentionPlan {
  /// Query rows and the rows of their keys; each query sees the keys up to its own position.
  struct Block {
    var queries: Range<Int>
    /// One range, or the shared prompt and the branch.
    var keys: [Range<Int>]
    /// Added to the scores, `[queries, keys]`; nil where plain causality says all.
    var mask: Tensor?
    /// Whether the queries are the same rows as the keys.
    var isCausal: Bool
  }

  var blocks: [Block] = []

  /// Every token is a query: a prompt with its first branch is one causal block, each other branch
  /// a block of its own over prompt and branch.
  init(all batch: PackedBatch, dtype: DType) throws(GraftError) {
    for span in batch.spans {
      let first = span.prompt.lowerBound..<(span.branches.first ?? span.prompt).upperBound
      if !first.isEmpty {
        blocks.append(Block(queries: first, keys: [first], mask: nil, isCausal: true))
      }
      for branch in span.branches.dropFirst() where !branch.isEmpty {
        guard !span.prompt.isEmpty else {
          blocks.append(Block(queries: branch, keys: [branch], mask: nil, isCausal: true))
          continue
        }
        blocks.append(
          Block(
            queries: branch, keys: [span.prompt, branch],
            mask: try Self.mask(rows: branch.count, seen: span.prompt.count, dtype: dtype),
            isCausal: false))
      }
    }
  }

  /// Only the last token of each sequence is a query; query i is row i.
  init(lastTokens batch: PackedBatch) {
    var row = 0
    for span in batch.spans {
      for branch in span.branches {
        let keys = [span.prompt, branch].filter { !$0.isEmpty }
        blocks.append(Block(queries: row..<row + 1, keys: keys, mask: nil, isCausal: false))
        row += 1
      }
    }
  }

  private static func mask(rows: Int, seen: Int, dtype: DType) throws(GraftError) -> Tensor {
    var values = [Float](repeating: 0, count: rows * (seen + rows))
    for row in 0..<rows {
      for column in seen + row + 1..<seen + rows {
        values[row * (seen + rows) + column] = -.infinity
      }
    }
    return try Tensor(values, shape: [rows, seen + rows]).converted(to: dtype)
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
  ///   - plan: its queries count rows of `q`, its keys rows of `k` and `v`.
  /// - Returns: as `q`.
  func callAsFunction(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ plan: AttentionPlan
  ) throws(GraftError) -> Tensor {
    let scale = 1 / Double(headSize).squareRoot()
    var outputs: [Tensor] = []
    for block in plan.blocks {
      let rows = block.queries.count
      let queries = try q.slice(block.queries).reshaped([1, rows, headCount, headSize])
        .transposed(1, 2)
      let output = try Tensor.attention(
        queries, try spread(k, block.keys), try spread(v, block.keys), mask: block.mask,
        causal: block.isCausal, scale: scale)
      outputs.append(try output.transposed(1, 2).reshaped([rows, headCount * headSize]))
    }
    return try outputs.count == 1 ? outputs[0] : Tensor.concatenated(outputs)
  }

  /// The rows of `x` as `[1, heads, rows, size]`, each head repeated for its group of queries.
  private func spread(_ x: Tensor, _ ranges: [Range<Int>]) throws(GraftError) -> Tensor {
    var parts: [Tensor] = []
    for range in ranges { parts.append(try x.slice(range)) }
    let rows = try parts.count == 1 ? parts[0] : Tensor.concatenated(parts)
    let count = rows.shape[0]
    let group = headCount / keyValueHeadCount
    return try rows.reshaped([count, keyValueHeadCount, 1, headSize])
      .expanded([count, keyValueHeadCount, group, headSize])
      .reshaped([1, count, headCount, headSize]).transposed(1, 2)
  }
}
