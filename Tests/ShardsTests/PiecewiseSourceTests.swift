import Checkpoint
import Diagnostics
import FileIO
import Safetensors
import Shards
import TensorCore
import TestSupport
import Testing

/// Tensors out of runs of other tensors.
struct PiecewiseSourceTests {
  /// Two files of one vector each: 0 ..< 7 and 100 ..< 105.
  private static func vectors(in directory: TemporaryDirectory) throws -> [any ElementSource] {
    var out: [any ElementSource] = []
    for (name, values) in [("a", (0..<7).map(Float.init)), ("b", (100..<105).map(Float.init))] {
      let path = directory.file("\(name).safetensors")
      let spec = TensorSpec(name: name, dtype: .f32, shape: [values.count])
      let writer = try SafetensorsWriter(path, tensors: [spec])
      try values.withUnsafeBytes { try writer.append($0) }
      _ = try writer.close()
      out.append(SafetensorsSource(spec, in: try SafetensorsFile(path)))
    }
    return out
  }

  @Test func rowsCrossThePieces() throws {
    let directory = try TemporaryDirectory()
    let parts = try Self.vectors(in: directory)
    let source = try PiecewiseSource(
      [
        .init(parts[0], elements: 1..<6), .init(parts[0], elements: 2..<2),
        .init(parts[1], elements: 0..<4),
      ], name: "w", dtype: .f32, shape: [3, 3], file: "x")
    #expect(try source.floats() == [1, 2, 3, 4, 5, 100, 101, 102, 103])
    for row in 0..<3 {
      #expect(
        try source.floats(rows: row..<row + 1) == Array(try source.floats()[row * 3..<row * 3 + 3]))
    }
    #expect(source.originals.map(\.spec.name) == ["a", "b"])
    #expect(Ledger.Reference.all(of: source).map(\.tensor) == ["a", "b"])
  }

  @Test func emptyTensorsHaveNoPieces() throws {
    let directory = try TemporaryDirectory()
    let parts = try Self.vectors(in: directory)
    let source = try PiecewiseSource(
      [.init(parts[0], elements: 3..<3)], name: "w", dtype: .f32, shape: [0, 3], file: "x")
    #expect(try source.bytes().isEmpty)
    #expect(source.file == "x")
  }

  @Test func piecesMustFillTheShapeWithinTheirTensors() throws {
    let directory = try TemporaryDirectory()
    let parts = try Self.vectors(in: directory)
    func make(_ elements: Range<Int>, shape: [Int], dtype: DType = .f32) throws {
      _ = try PiecewiseSource(
        [.init(parts[0], elements: elements)], name: "w", dtype: dtype, shape: shape, file: "x")
    }
    #expect(throws: GraftError.self) { try make(0..<6, shape: [7]) }
    #expect(throws: GraftError.self) { try make(0..<8, shape: [8]) }
    #expect(throws: GraftError.self) { try make(0..<7, shape: [7], dtype: .f16) }
    #expect(throws: GraftError.self) { try make(0..<7, shape: [.max, 2]) }
    try make(0..<7, shape: [7])
  }
}
