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

  @Test(arguments: [1, 3, 16, 65], [1, 2, 7, 8, 15, 16, 17, 63, 64, 65, 130, 300])
  func tilesGiveTheSameBits(rank: Int, columns: Int) {
    for (rows, factorSize) in [(1, Float(0.02)), (2, 1e-9), (5, 1), (6, 300)] {
      var draws = Draws(state: UInt64(rows * 31 + columns * 7 + rank))
      let a = (0..<rank * columns).map { _ in draws.next() * factorSize }
      let b = (0..<rows * rank).map { _ in Double(draws.next()) * 1.7 }
      // Exact float16 numbers, subnormal ones and zeros among them.
      let weights = (0..<rows * columns).map { i in
        Float(Float16(i % 11 == 0 ? 0 : draws.next() * (i % 5 == 0 ? 3e-6 : 0.05)))
      }
      let wide = a.map(Double.init)
      var tiles = [Float](repeating: .nan, count: (64 * rank + 1) * ((columns + 63) / 64))
      graft_low_rank_tiles(a, &tiles, columns, rank)
      for toOdd in [false, true] {
        var plain = [Float](repeating: .nan, count: rows * columns)
        graft_low_rank_update(weights, b, wide, &plain, rows, columns, rank, toOdd)
        var quick = [Float](repeating: .nan, count: rows * columns)
        let holds = graft_low_rank_update_tiles(
          weights, b, tiles, &quick, rows, columns, rank, toOdd, .greatestFiniteMagnitude)
        #expect(holds)
        #expect(quick.map(\.bitPattern) == plain.map(\.bitPattern))
        var inPlace = weights
        let before = inPlace
        inPlace.withUnsafeMutableBufferPointer {
          guard let place = $0.baseAddress else { return }
          _ = graft_low_rank_update_tiles(
            place, b, tiles, place, rows, columns, rank, toOdd, 1e30)
        }
        #expect(before != inPlace || factorSize < 1e-8)
        #expect(inPlace.map(\.bitPattern) == plain.map(\.bitPattern))
      }
    }
  }

  @Test func tilesTellWhatIsBeyondTheLimit() {
    let (rows, columns) = (3, 70)
    let b = [Double](repeating: 1, count: rows)
    let a = [Float](repeating: 1, count: columns)
    var tiles = [Float](repeating: 0, count: 65 * 2)
    graft_low_rank_tiles(a, &tiles, columns, 1)
    func holds(_ value: Float, at place: Int) -> Bool {
      var weights = [Float](repeating: 2, count: rows * columns)
      weights[place] = value
      let before = weights
      return graft_low_rank_update_tiles(
        before, b, tiles, &weights, rows, columns, 1, true, 65_504)
    }
    for place in [0, 15, 64, 69, 70, 140, 209] {
      #expect(holds(65_503, at: place))
      for value in [65_504, -65_510, .infinity, .nan] as [Float] {
        #expect(!holds(value, at: place), "\(value) at \(place)")
      }
    }
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
