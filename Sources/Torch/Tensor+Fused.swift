import CTorch
public import Diagnostics

/// Steps of a decoder that are one operation each, with a backward of their own.
///
/// They run fused in float32 on the CPU, and as plain operations elsewhere.
extension Tensor {
  /// x / √(mean(x²) + ε) · weight over the last dimension, computed in float32.
  ///
  /// - Parameter weight: `[size]`
  public func rmsNormalized(_ weight: Tensor, epsilon: Double) throws(GraftError) -> Tensor {
    try produce("RMS norm") { ctorch_rms_norm(handle, weight.handle, epsilon, $0) }
  }

  /// Turns elements i and i + size/2 of each head by the row's i-th angle.
  ///
  /// - Parameters:
  ///   - cosine: `[rows, size/2]`; this tensor is `[rows, heads · size]`.
  ///   - sine: as `cosine`.
  public func rotated(cosine: Tensor, sine: Tensor) throws(GraftError) -> Tensor {
    try produce("rotary embedding") {
      ctorch_rotary(handle, cosine.handle, sine.handle, $0)
    }
  }

  /// silu(self) · up, the gate of SwiGLU (arXiv 2002.05202).
  public func gated(_ up: Tensor) throws(GraftError) -> Tensor {
    try produce("SwiGLU") { ctorch_swiglu(handle, up.handle, $0) }
  }

  /// x Wᵀ + b + scale · (x aᵀ) bᵀ for a matrix `[rows, in]`, all of one type.
  ///
  /// - Parameters:
  ///   - weight: `[out, in]`, frozen.
  ///   - bias: `[out]`, frozen.
  ///   - a: `[rank, in]`
  ///   - b: `[out, rank]`
  public func linear(
    _ weight: Tensor, bias: Tensor?, a: Tensor, b: Tensor, scale: Double
  ) throws(GraftError) -> Tensor {
    try produce("LoRA linear") {
      ctorch_lora_linear(
        handle, weight.handle, bias?.handle, a.handle, b.handle, scale, $0)
    }
  }
}

/// Rows of queries, and the rows of the keys that they see.
public struct AttentionBlock: Sendable {
  /// Which keys a query sees.
  public enum Sight: Sendable {
    /// All keys of the block.
    case everything
    /// Query i sees keys 0...i; there are as many keys as queries.
    case causal
    /// Query i sees ``AttentionBlock/keys`` and 0...i of ``AttentionBlock/moreKeys``.
    case continues
  }

  /// Rows of the queries.
  public var queries: Range<Int>
  /// Rows of the keys and values.
  public var keys: Range<Int>
  /// Further rows; may be empty.
  public var moreKeys: Range<Int>
  /// Which of them a query sees.
  public var sight: Sight

  /// Creates a block.
  public init(
    queries: Range<Int>, keys: Range<Int>, moreKeys: Range<Int> = 0..<0, sight: Sight
  ) {
    self.queries = queries
    self.keys = keys
    self.moreKeys = moreKeys
    self.sight = sight
  }

  var native: ctorch_block {
    let sees =
      switch sight {
      case .everything: CTORCH_EVERYTHING
      case .causal: CTORCH_CAUSAL
      case .continues: CTORCH_CONTINUES
      }
    return ctorch_block(
      first_query: Int64(queries.lowerBound), end_query: Int64(queries.upperBound),
      first_key: Int64(keys.lowerBound), end_key: Int64(keys.upperBound),
      first_more: Int64(moreKeys.lowerBound), end_more: Int64(moreKeys.upperBound), sees: sees)
  }
}

extension Tensor {
  /// Grouped-query attention over packed rows: softmax(q kᵀ · scale) v within each block.
  ///
  /// - Parameters:
  ///   - q: `[queries, heads · size]`; the blocks hold every row once, in order.
  ///   - k: `[keys, keyHeads · size]`
  ///   - v: as `k`.
  /// - Returns: as `q`.
  public static func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, blocks: [AttentionBlock], heads: Int, keyHeads: Int,
    size: Int, scale: Double
  ) throws(GraftError) -> Tensor {
    let list = blocks.map(\.native)
    return try produce("attention") {
      ctorch_packed_attention(
        q.handle, k.handle, v.handle, list, list.count, Int64(heads), Int64(keyHeads),
        Int64(size), scale, $0)
    }
  }
}
