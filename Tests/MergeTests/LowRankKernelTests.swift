import CKernels
import Testing

/// The quick way for bfloat16 against the plain one, bit for bit.
struct LowRankKernelTests {
  private struct Draws {
    var state: UInt64

    mutating func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
    }
  }

  private func compare(
    rows: Int, columns: Int, rank: Int, weightSize: Float, factorSize: Float,
    prepare: (inout [UInt16], inout [Float]) -> Void = { _, _ in }
  ) -> Bool {
    var draws = Draws(state: UInt64(rows * 31 + columns * 7 + rank))
    var a = (0..<rank * columns).map { _ in draws.next() * factorSize }
    let b = (0..<rows * rank).map { _ in Double(draws.next()) * 1.7 }
    var weights = (0..<rows * columns).map { _ in
      UInt16(truncatingIfNeeded: (draws.next() * weightSize).bitPattern >> 16)
    }
    prepare(&weights, &a)
    var plain = [Float](repeating: 0, count: rows * columns)
    graft_bf16_to_f32(weights, &plain, plain.count)
    let wide = a.map(Double.init)
    let before = plain
    graft_low_rank_update(before, b, wide, &plain, rows, columns, rank, true)
    var expected = [UInt16](repeating: 0, count: rows * columns)
    graft_f32_to_bf16(plain, &expected, plain.count)
    var tiles = [Float](repeating: .nan, count: (64 * rank + 1) * ((columns + 63) / 64))
    graft_low_rank_tiles(a, &tiles, columns, rank)
    var scratch = [Float](repeating: .nan, count: rows * (rank + 1))
    let holds = graft_low_rank_update_bf16(
      &weights, b, tiles, &scratch, rows, columns, rank)
    return holds && weights == expected
  }

  @Test(arguments: [1, 4, 16, 33, 128], [1, 63, 64, 65, 300])
  func theQuickWayGivesTheSameBits(rank: Int, columns: Int) {
    for factorSize: Float in [1e-6, 1e-3, 0.02, 1, 30] {
      #expect(
        compare(rows: 37, columns: columns, rank: rank, weightSize: 0.05, factorSize: factorSize))
    }
  }

  @Test func tiesAndCancellationAndTinyNumbersGiveTheSameBits() {
    // One rank, factors that are powers of two: many sums lie exactly between two numbers.
    #expect(
      compare(rows: 64, columns: 640, rank: 1, weightSize: 1, factorSize: 1) { weights, a in
        for i in a.indices { a[i] = Float(sign: .plus, exponent: -8 - i % 12, significand: 1) }
        for i in weights.indices where i % 3 == 0 { weights[i] = 0 }
      })
    #expect(compare(rows: 8, columns: 200, rank: 4, weightSize: 1e-38, factorSize: 1e-38))
    #expect(compare(rows: 8, columns: 200, rank: 4, weightSize: 1e30, factorSize: 1e-30))
  }

  @Test func whatBfloat16CannotHoldIsRefused() {
    #expect(
      !compare(rows: 2, columns: 70, rank: 2, weightSize: 1, factorSize: 1) { weights, _ in
        weights[69] = 0x7F80
      })
    #expect(
      !compare(rows: 2, columns: 70, rank: 2, weightSize: 1, factorSize: 1) { _, a in
        a[3] = .nan
      })
    #expect(
      !compare(rows: 2, columns: 70, rank: 2, weightSize: 1, factorSize: 1) { weights, a in
        weights[5] = 0x7F7F
        a[5] = 3e38
      })
  }
}
