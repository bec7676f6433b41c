import TensorCore
import Testing

@Suite struct TensorSpecTests {
  @Test(arguments: [
    ([], 1, 1), ([5], 1, 5), ([3, 5], 3, 5), ([2, 3, 5], 6, 5), ([2, 0, 5], 0, 5), ([3, 0], 3, 0),
  ])
  func `rows run along the last axis`(_ shape: [Int], _ rows: Int, _ elements: Int) {
    let spec = TensorSpec(name: "a", dtype: .f32, shape: shape)
    #expect(spec.rowCount == rows)
    #expect(spec.rowElementCount == elements)
    #expect(spec.rowCount * spec.rowElementCount == spec.elementCount)
  }
}
