import Diagnostics
import Torch

/// What the layers of one pass have in common.
struct PassContext {
  let tables: RotaryEmbedding.Tables
  let blocks: [AttentionBlock]
  let isTraining: Bool
}

/// The rows that a pass is asked for: the last token of each sequence.
struct LastRows {
  /// Their indices, int64.
  let indices: Tensor
  let tables: RotaryEmbedding.Tables
  let blocks: [AttentionBlock]
}

/// One layer: x + attention(norm(x)), then x + feedForward(norm(x)).
struct DecoderLayer {
  let inputNorm: RMSNorm
  let query: LinearLayer
  let key: LinearLayer
  let value: LinearLayer
  let output: LinearLayer
  let attention: Attention
  let rotary: RotaryEmbedding
  let innerNorm: RMSNorm
  let gate: LinearLayer
  let up: LinearLayer
  let down: LinearLayer

  /// All linear layers, in transformers' order.
  var linears: [LinearLayer] { [query, key, value, output, gate, up, down] }

  /// - Parameters:
  ///   - x: `[tokens, hidden]`
  ///   - rows: where given, only these rows are computed after the keys and values.
  /// - Returns: `[tokens, hidden]`, or `[rows, hidden]`.
  func callAsFunction(
    _ x: Tensor, _ pass: PassContext, rows: LastRows? = nil
  ) throws(GraftError) -> Tensor {
    let training = pass.isTraining
    let normed = try inputNorm(x)
    let keys = try rotary.apply(key(normed, training: training), pass.tables)
    let values = try value(normed, training: training)
    let (residual, asking) =
      if let rows { (try x.selected(rows.indices), try normed.selected(rows.indices)) } else {
        (x, normed)
      }
    let queries = try rotary.apply(
      query(asking, training: training), rows?.tables ?? pass.tables)
    let mixed = try attention(queries, keys, values, rows?.blocks ?? pass.blocks)
    let middle = try residual + output(mixed, training: training)
    return try middle + feedForward(innerNorm(middle), training: training)
  }

  private func feedForward(_ x: Tensor, training: Bool) throws(GraftError) -> Tensor {
    let gated = try gate(x, training: training).gated(up(x, training: training))
    return try down(gated, training: training)
  }
}
