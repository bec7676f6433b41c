import TensorCore
import Testing
import Torch

/// The fused steps against the same steps in plain operations, values and gradients.
@Suite struct FusedTests {
  /// Values and gradients of `make` at `inputs`, from a fixed random outer derivative.
  private func run(
    _ inputs: [Tensor], _ make: ([Tensor]) throws -> Tensor
  ) throws -> [[Float]] {
    var leaves: [Tensor] = []
    for input in inputs {
      let leaf = try (input * 1).detached()
      try leaf.setRequiresGradient(true)
      leaves.append(leaf)
    }
    let result = try make(leaves)
    try result.backward(Tensor.normal(result.shape, seed: 9))
    return try [result.floats()] + leaves.map { try #require(try $0.gradient()).floats() }
  }

  private func expectClose(_ a: [[Float]], _ b: [[Float]], _ tolerance: Float = 1e-5) {
    #expect(a.count == b.count)
    for (x, y) in zip(a, b) {
      #expect(x.count == y.count)
      let worst = zip(x, y).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
      #expect(worst < tolerance)
    }
  }

  @Test(arguments: [[3, 5], [1, 8], [200, 64], [2, 3, 17]])
  func rmsNorm(shape: [Int]) throws {
    let x = try Tensor.normal(shape, deviation: 3, seed: 1)
    let weight = try Tensor.normal([shape[shape.count - 1]], mean: 1, seed: 2)
    let fused = try run([x]) { try $0[0].rmsNormalized(weight, epsilon: 0.01) }
    let plain = try run([x]) {
      let scale = try ($0[0].squared().mean(along: -1, keeping: true) + 0.01)
        .reciprocalSquareRoot()
      return try $0[0] * scale * weight
    }
    expectClose(fused, plain)
    // A trained weight takes the composed way, and collects its gradient.
    let trained = try run([x, weight]) { try $0[0].rmsNormalized($0[1], epsilon: 0.01) }
    expectClose(Array(trained.prefix(2)), plain)
    #expect(trained[2].contains { $0 != 0 })
  }

  @Test(arguments: [(1, 1, 2), (5, 3, 6), (300, 9, 64)])
  func rotary(rows: Int, heads: Int, size: Int) throws {
    let x = try Tensor.normal([rows, heads * size], seed: 3)
    let angles = try Tensor.uniform([rows, size / 2], low: -1, high: 1, seed: 4)
    let (cosine, sine) = (try (-angles.squared() + 1).squareRoot(), angles)
    let fused = try run([x]) { try $0[0].rotated(cosine: cosine, sine: sine) }
    let plain = try run([x]) {
      let parts = try $0[0].reshaped([rows, heads, size])
      let low = try parts.slice(0..<size / 2, along: 2)
      let high = try parts.slice(size / 2..<size, along: 2)
      let (c, s) = (try cosine.unsqueezed(1), try sine.unsqueezed(1))
      return try Tensor.concatenated([low * c - high * s, high * c + low * s], along: 2)
        .reshaped([rows, heads * size])
    }
    expectClose(fused, plain)
  }

  @Test(arguments: [[1], [7, 3], [300, 128]])
  func swiGLU(shape: [Int]) throws {
    let gate = try Tensor.normal(shape, deviation: 30, seed: 5)
    let up = try Tensor.normal(shape, seed: 6)
    let fused = try run([gate, up]) { try $0[0].gated($0[1]) }
    let plain = try run([gate, up]) { try $0[0].silu() * $0[1] }
    expectClose(fused, plain)
  }

  @Test(arguments: [(1, false), (40, true)])
  func loraLinear(rows: Int, hasBias: Bool) throws {
    let x = try Tensor.normal([rows, 24], seed: 1)
    let weight = try Tensor.normal([10, 24], seed: 2)
    let bias = hasBias ? try Tensor.normal([10], seed: 3) : nil
    let (a, b) = (try Tensor.normal([4, 24], seed: 4), try Tensor.normal([10, 4], seed: 5))
    let fused = try run([x, a, b]) {
      try $0[0].linear(weight, bias: bias, a: $0[1], b: $0[2], scale: 1.5)
    }
    let plain = try run([x, a, b]) {
      try $0[0].linear(weight, bias: bias) + $0[0].linear($0[1]).linear($0[2]) * 1.5
    }
    expectClose(fused, plain)
  }

  /// Softmax attention of every query over the keys that `visible` names, in plain operations.
  private func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ group: Int, visible: [[Int64]]
  ) throws -> Tensor {
    let size = 4
    var rows: [Tensor] = []
    for (row, keys) in visible.enumerated() {
      let chosen = try Tensor(keys)
      var heads: [Tensor] = []
      for head in 0..<q.shape[1] / size {
        let pair = head / group
        let query = try q.slice(row..<row + 1).slice(head * size..<(head + 1) * size, along: 1)
        let key = try k.selected(chosen).slice(pair * size..<(pair + 1) * size, along: 1)
        let value = try v.selected(chosen).slice(pair * size..<(pair + 1) * size, along: 1)
        heads.append(try (query.matmul(key.transposed()) * 0.5).softmax().matmul(value))
      }
      rows.append(try Tensor.concatenated(heads, along: 1))
    }
    return try Tensor.concatenated(rows)
  }

  @Test(arguments: [1, 3]) func packedAttention(group: Int) throws {
    let blocks = [
      AttentionBlock(queries: 0..<5, keys: 0..<5, sight: .causal),
      AttentionBlock(queries: 5..<7, keys: 0..<3, moreKeys: 5..<7, sight: .continues),
      AttentionBlock(queries: 7..<8, keys: 0..<3, moreKeys: 7..<9, sight: .everything),
      AttentionBlock(queries: 8..<9, keys: 8..<9, sight: .causal),
    ]
    let visible: [[Int64]] = [
      [0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4], [0, 1, 2, 5], [0, 1, 2, 5, 6],
      [0, 1, 2, 7, 8], [8],
    ]
    let q = try Tensor.normal([9, 2 * group * 4], seed: 1)
    let (k, v) = (try Tensor.normal([9, 8], seed: 2), try Tensor.normal([9, 8], seed: 3))
    let fused = try run([q, k, v]) {
      try Tensor.attention(
        $0[0], $0[1], $0[2], blocks: blocks, heads: 2 * group, keyHeads: 2, size: 4, scale: 0.5)
    }
    let plain = try run([q, k, v]) {
      try attend($0[0], $0[1], $0[2], group, visible: visible)
    }
    expectClose(fused, plain)
  }

  @Test func blocksThatDoNotFitAreErrors() throws {
    let x = try Tensor.zeros([4, 8])
    let wrong: [[AttentionBlock]] = [
      [], [AttentionBlock(queries: 0..<3, keys: 0..<3, sight: .causal)],
      [AttentionBlock(queries: 0..<4, keys: 0..<5, sight: .everything)],
      [AttentionBlock(queries: 0..<4, keys: 0..<3, sight: .causal)],
      [AttentionBlock(queries: 0..<4, keys: 0..<2, moreKeys: 2..<4, sight: .continues)],
    ]
    for blocks in wrong {
      #expect(throws: (any Error).self) {
        try Tensor.attention(x, x, x, blocks: blocks, heads: 2, keyHeads: 2, size: 4, scale: 1)
      }
    }
  }

  @Test func otherTypesTakeTheComposedWay() throws {
    let x = try Tensor.normal([4, 8]).converted(to: .bf16)
    #expect(try x.rmsNormalized(Tensor.ones([8], dtype: .bf16), epsilon: 1e-6).dtype == .bf16)
    let table = try Tensor.ones([4, 2])
    #expect(try x.rotated(cosine: table, sine: table).dtype == .bf16)
    #expect(try x.gated(x).dtype == .bf16)
  }

  @Test func shapesThatDoNotFitAreErrors() throws {
    let x = try Tensor.zeros([4, 8])
    #expect(throws: (any Error).self) {
      try x.rmsNormalized(Tensor.zeros([7]), epsilon: 1e-6)
    }
    #expect(throws: (any Error).self) {
      try x.rotated(cosine: Tensor.zeros([4, 3]), sine: Tensor.zeros([4, 3]))
    }
    #expect(throws: (any Error).self) { try x.gated(Tensor.zeros([4, 7])) }
  }
}
