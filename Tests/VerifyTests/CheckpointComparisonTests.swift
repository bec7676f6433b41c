import Checkpoint
import FileIO
import TensorCore
import TestSupport
import Testing

@testable import Verify

@Suite struct CheckpointComparisonTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func compare(
    _ one: [TensorFixture], _ other: [TensorFixture], dtype: DType = .f32, otherType: DType = .f32
  ) throws -> CheckpointComparison {
    let paths = [directory.file("one.safetensors"), directory.file("other.safetensors")]
    for path in paths { removeTree(path) }
    try TensorFixture.write(one, to: paths[0], dtype: dtype)
    try TensorFixture.write(other, to: paths[1], dtype: otherType)
    return try CheckpointComparison(
      (paths[0], try TensorStore(safetensors: paths[0])),
      (paths[1], try TensorStore(safetensors: paths[1])))
  }

  @Test func everyStateIsTold() throws {
    let shared = TensorFixture("same", [3, 5])
    var moved = TensorFixture("moved", [2, 4], [1, 2, 3, 4, 5, 6, 7, 8])
    let before = moved
    moved.values[2] = 6
    moved.values[7] = 4
    let result = try compare(
      [shared, before, TensorFixture("gone", [2]), TensorFixture("shape", [2, 2])],
      [shared, moved, TensorFixture("new", [2]), TensorFixture("shape", [4])])
    let states = Dictionary(uniqueKeysWithValues: result.tensors.map { ($0.name, $0.state) })
    #expect(
      states == [
        "same": .equal, "moved": .changed, "gone": .missing, "new": .extra, "shape": .otherShape,
      ])
    #expect(!result.areEqual)
    let tensor = try #require(result.tensors.first { $0.name == "moved" })
    #expect(tensor.changedCount == 2)
    #expect(tensor.differenceNorm == 5)
    #expect(tensor.largestChange == 4)
    #expect(abs(tensor.relativeChange - 5 / 204.0.squareRoot()) < 1e-15)
  }

  @Test func equalCheckpointsAreEqualAndHashedAlike() throws {
    let tensors = [TensorFixture("a", [300, 70]), TensorFixture("b", [1])]
    let result = try compare(tensors, tensors)
    #expect(result.areEqual)
    #expect(result.firstFiles.map(\.seal) == result.secondFiles.map(\.seal))
    let hash = try sha256(ofFile: directory.file("one.safetensors"))
    #expect(result.firstFiles.map(\.seal.sha256) == [hash])
  }

  @Test func anotherTypeOfTheSameNumbersIsAConversion() throws {
    let tensors = [TensorFixture("a", [4], [1, 2, -0.5, 8])]
    let result = try compare(tensors, tensors, dtype: .f32, otherType: .bf16)
    #expect(result.tensors.map(\.state) == [.converted])
  }

  @Test func aZeroOfAnotherSignIsAChange() throws {
    let result = try compare(
      [TensorFixture("a", [2], [0, 1])], [TensorFixture("a", [2], [-0.0, 1])])
    #expect(result.tensors.map(\.state) == [.changed])
    #expect(result.tensors.map(\.changedCount) == [1])
  }

  @Test func effectiveRankIsThatOfTheSingularValues() {
    // Eigenvalues of [[2, 1], [1, 2]] are 1 and 3.
    let values = EffectiveRank.eigen([2, 1, 1, 2], 2).values.sorted()
    #expect(abs(values[0] - 1) < 1e-12 && abs(values[1] - 3) < 1e-12)
  }
}
