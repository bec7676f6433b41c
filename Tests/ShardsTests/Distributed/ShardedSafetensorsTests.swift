import Checkpoint
import Diagnostics
import FileIO
import Shards
import TensorCore
import TestSupport
import Testing

/// The parts of torch.distributed.checkpoint in safetensors files, whole and damaged.
struct ShardedSafetensorsTests {
  /// One block of `w`, a matrix of two columns, and the file that holds it.
  private struct Part {
    var start: String
    var rows: Int
    var columns = 2
    var dtype = DType.f32
    /// What the header says of the blocks; nil for what `start` makes.
    var declaration: String?

    init(_ start: String, rows: Int) {
      self.start = start
      self.rows = rows
    }
  }

  private func open(_ parts: [Part], cut: Int = 0) throws -> Result<ShardedCheckpoint, GraftError> {
    let directory = try TemporaryDirectory()
    for (rank, part) in parts.enumerated() {
      let path = directory.file("shard-0000\(rank + 1)-model-00001-of-00001.safetensors")
      let declared = part.declaration ?? #"{"w": {"saved_offsets": \#(part.start)}}"#
      let values = (0..<part.rows * part.columns).map { Float(rank * 100 + $0) }
      try TensorFixture.write(
        [TensorFixture("w", [part.rows, part.columns], values)], to: path, dtype: part.dtype,
        metadata: declared == "none" ? ["format": "pt"] : ["DCP_SHARDING_INFO": declared])
      if cut > 0, rank == parts.count - 1 {
        try TinyDistributed.write(Array(try readFile(path).dropLast(cut)), to: path)
      }
    }
    return Result { () throws(GraftError) in try ShardedCheckpoint(directory.path) }
  }

  private func failure(_ parts: [Part], cut: Int = 0) throws -> GraftError? {
    switch try open(parts, cut: cut) {
    case .success: nil
    case .failure(let error): error
    }
  }

  private static let halves = [Part("[0, 0]", rows: 3), Part("[3, 0]", rows: 2)]

  @Test func halvesAreReadAsOne() throws {
    let checkpoint = try open(Self.halves).get()
    #expect(checkpoint.parameters.map(\.source.spec.shape) == [[5, 2]])
    #expect(try checkpoint.parameters[0].source.floats() == [0, 1, 2, 3, 4, 5, 100, 101, 102, 103])
    #expect(checkpoint.findings.isEmpty)
  }

  @Test func rowsThatMayBeMissingAtTheEndAreSaid() throws {
    // Three ranks of two rows each, or of four: nothing in the files tells.
    let checkpoint = try open([Part("[0, 0]", rows: 2), Part("[2, 0]", rows: 2)]).get()
    #expect(checkpoint.findings.map(\.detail.code) == [.shapesUndeclared])
  }

  @Test func aGapIsRefused() throws {
    let parts = [Part("[0, 0]", rows: 2), Part("[4, 0]", rows: 2)]
    #expect(try failure(parts)?.code == .elementsNeverWritten)
    #expect(try failure([Part("[2, 0]", rows: 2)])?.code == .elementsNeverWritten)
  }

  @Test func rowsHeldTwiceAreRefused() throws {
    #expect(
      try failure([Part("[0, 0]", rows: 3), Part("[2, 0]", rows: 2)])?.code == .shardsDisagree)
  }

  @Test func otherTypesAndWidthsAreRefused() throws {
    var parts = Self.halves
    parts[1].dtype = .bf16
    #expect(try failure(parts)?.code == .shardsDisagree)
    parts = Self.halves
    parts[1].columns = 1
    #expect(try failure(parts) != nil)
  }

  @Test(arguments: [
    "[0]", "[0, 0, 0]", "[-1, 0]", "[0.5, 0]", "[true, 0]", "\"0\"", "null",
    "[9223372036854775807, 0]", "[4611686018427387904, 0]",
  ])
  func placesThatCannotBeAreRefused(_ start: String) throws {
    var parts = Self.halves
    parts[1].start = start
    let error = try #require(try failure(parts), "\(start)")
    #expect(error.tensor == "w", "\(start)")
  }

  @Test(arguments: ["none", "[]", "{}", "{", #"{"w": {}}"#, #"{"v": {"saved_offsets": [3, 0]}}"#])
  func headersThatLackThePlacesAreRefused(_ declaration: String) throws {
    var parts = Self.halves
    parts[1].declaration = declaration
    let error = try #require(try failure(parts), "\(declaration)")
    #expect(error.file?.contains("shard-00002") == true, "\(declaration)")
  }

  @Test func aFileThatWasCutIsNamed() throws {
    let error = try #require(try failure(Self.halves, cut: 4))
    #expect(error.file?.contains("shard-00002") == true)
  }
}
