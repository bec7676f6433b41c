import Diagnostics
import TensorCore
import Testing
import Torch

@Suite struct TensorTests {
  @Test func valuesComeBackAsTheyWentIn() throws {
    let tensor = try Tensor([1, -2.5, 3, 4, 5, 6] as [Float], shape: [2, 3])
    #expect(tensor.shape == [2, 3])
    #expect(tensor.dtype == .f32)
    #expect(try tensor.floats() == [1, -2.5, 3, 4, 5, 6])
    #expect(try tensor.transposed().floats() == [1, 4, -2.5, 5, 3, 6])
    #expect(try Tensor([7, -8] as [Int64]).integers() == [7, -8])
    #expect(try Tensor([] as [Float]).floats().isEmpty)
    #expect(try Tensor.full([], 3).item() == 3)
  }

  @Test(arguments: [DType.f64, .f32, .f16, .bf16, .i64, .i32, .i16, .i8, .u8, .bool])
  func bytesComeBackAsTheyWentIn(dtype: DType) throws {
    let width = try #require(dtype.byteWidth)
    let bytes = (0..<6 * width).map { dtype == .bool ? UInt8($0 % 2) : UInt8($0 + 1) }
    let tensor = try bytes.withUnsafeBytes { try Tensor(bytes: $0, dtype: dtype, shape: [3, 2]) }
    #expect(tensor.dtype == dtype)
    #expect(try tensor.bytes() == bytes)
  }

  @Test func conversionRoundsToNearestEven() throws {
    let values: [Float] = [1.0 + 1.0 / 256, 1.0 + 3.0 / 256, -0.1]
    let rounded = try Tensor(values).converted(to: .bf16)
    #expect(try rounded.floats() == values.map { Float(BFloat16($0)) })
  }

  @Test func arithmeticBroadcasts() throws {
    let a = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    let b = try Tensor([10, 20] as [Float])
    #expect(try (a + b).floats() == [11, 22, 13, 24])
    #expect(try (a - b).floats() == [-9, -18, -7, -16])
    #expect(try (a * b).floats() == [10, 40, 30, 80])
    #expect(try (b / a).floats() == [10, 10, 10 / 3, 5])
    #expect(try (-a * 2 + 1).floats() == [-1, -3, -5, -7])
    #expect(try a.matmul(b.unsqueezed(1)).floats() == [50, 110])
    #expect(try a.linear(a, bias: b).floats() == [15, 31, 21, 45])
  }

  @Test func reductionsAndSelections() throws {
    let a = try Tensor([1, 5, 2, 4, 3, 6] as [Float], shape: [2, 3])
    #expect(try a.sum().item() == 21)
    #expect(try a.mean(along: 1).floats() == [8 / 3, 13 / 3])
    #expect(try a.max(along: 0).floats() == [4, 5, 6])
    #expect(try a.min().item() == 1)
    #expect(try a.argMax(along: 1).integers() == [1, 2])
    #expect(try a.sum(along: 0, keeping: true).shape == [1, 3])
    #expect(try a.slice(1..<3, along: 1).floats() == [5, 2, 3, 6])
    #expect(try a.selected(Tensor([1, 0] as [Int64])).floats() == [4, 3, 6, 1, 5, 2])
    let chosen = try a.gathered(Tensor([2, 0] as [Int64], shape: [2, 1]), along: 1)
    #expect(try chosen.floats() == [2, 4])
    #expect(try Tensor.concatenated([a, a], along: 1).shape == [2, 6])
    #expect(try a.embedding(Tensor([1] as [Int32])).floats() == [4, 3, 6])
    let total = try a.softmax().sum(along: 1).floats()
    #expect(total.allSatisfy { abs($0 - 1) < 1e-6 })
    #expect(try a.isFinite())
    #expect(try (a - 1).log().isFinite() == false)
  }

  @Test func failuresAreErrorsThatSayWhy() throws {
    let a = try Tensor.zeros([2, 3])
    let error = #expect(throws: GraftError.self) { try a.matmul(a) }
    #expect(error?.code == .tensorOperation)
    #expect(error?.message.contains("cannot be multiplied") == true)
    #expect(throws: GraftError.self) { try Tensor([1, 2] as [Float], shape: [3]) }
    #expect(throws: GraftError.self) { try a.reshaped([5]) }
    #expect(throws: GraftError.self) { try a.slice(2..<5) }
    #expect(throws: GraftError.self) { try Tensor.zeros([1], dtype: .f4) }
    #expect(throws: GraftError.self) { try a.item() }
    // The boundary holds after a failure.
    #expect(try (a + 1).sum().item() == 6)
  }

  @Test func tooMuchMemoryIsAnError() {
    let error = #expect(throws: GraftError.self) { try Tensor.empty([1 << 50]) }
    #expect(error?.code == .tensorMemory)
  }

  @Test func seededDrawsRepeatAndDisturbNothing() throws {
    let first = try Tensor.normal([50], mean: 2, deviation: 0.5, seed: 7).floats()
    #expect(try Tensor.normal([50], mean: 2, deviation: 0.5, seed: 7).floats() == first)
    #expect(try Tensor.normal([50], mean: 2, deviation: 0.5, seed: 8).floats() != first)
    let even = try Tensor.uniform([5000], low: -1, high: 3, seed: 7).floats()
    #expect(even.allSatisfy { $0 >= -1 && $0 < 3 })
    #expect(abs(even.reduce(0, +) / 5000 - 1) < 0.1)
    let dropped = try Tensor.ones([4000]).dropout(0.25).floats()
    #expect(dropped.allSatisfy { $0 == 0 || abs($0 - 4 / 3) < 1e-6 })
    #expect((800..<1200).contains(dropped.count { $0 == 0 }))
  }

  // In a process of its own: other tests draw from the same generator.
  @Test func theGeneratorsStateCanBeRestored() async {
    await #expect(processExitsWith: .success) {
      try Runtime.manualSeed(7)
      let state = try Runtime.randomState()
      let first = try Tensor.normal([5]).floats()
      _ = try Tensor.normal([5], seed: 1)
      let second = try Tensor.normal([5]).floats()
      try Runtime.setRandomState(state)
      #expect(try Tensor.normal([5]).floats() == first)
      #expect(try Tensor.normal([5]).floats() == second)
      #expect(first != second)
      try Runtime.manualSeed(7)
      #expect(try Tensor.normal([5]).floats() == first)
    }
  }
}
