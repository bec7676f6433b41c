public import Checkpoint
public import Diagnostics
public import TensorCore

/// A tensor whose blocks lie in several places: the shards that ranks wrote, put together as they
/// are read.
///
/// A read touches the blocks that hold the rows asked for, and needs room for one block's share of
/// them beside the buffer, where a block does not span whole rows.
public struct ChunkedSource: SynthesizedSource {
  /// A block, and the tensor that holds it.
  struct Chunk: Sendable {
    var box: Box
    /// A tensor of the box's shape.
    var source: any TensorSource
  }

  /// The name, type and shape of the whole.
  public let spec: TensorSpec
  private let placed: [PlacedChunk]
  private let empty: String

  /// Puts blocks together.
  ///
  /// - Parameters:
  ///   - spec: what they make; its size must have been checked.
  ///   - place: the file or directory to name where there are no blocks.
  /// - Throws: ``GraftError`` if a block has another type than the whole or another shape than its
  ///   place, lies outside, shares an element with another, or if an element is in none.
  init(_ spec: TensorSpec, chunks: [Chunk], place: String) throws(GraftError) {
    for chunk in chunks {
      let other = chunk.source.spec
      guard other.dtype == spec.dtype, other.shape == chunk.box.sizes else {
        throw .chunkOtherThanSaid(other, box: chunk.box, of: spec, file: chunk.source.file)
      }
      guard chunk.box.lies(within: spec.shape) else {
        throw .chunkOutside(chunk.box, of: spec, file: chunk.source.file)
      }
    }
    guard spec.dtype.byteWidth != nil else { throw .chunksOfPackedType(spec, file: place) }
    switch BoxCover(of: spec.shape, by: chunks.map(\.box)) {
    case .exact: break
    case .missing(let count, let example):
      throw .elementsNeverWritten(spec, count: count, example: example, file: place)
    case .overlap(let a, let b):
      throw .chunksOverlap(
        spec, chunks[a].box, chunks[b].box, chunks[a].source.file, chunks[b].source.file)
    case .tangled: throw .chunksTangled(spec, count: chunks.count, file: place)
    }
    self.spec = spec
    empty = place
    placed = chunks.filter { !$0.box.isEmpty }
      .map { PlacedChunk($0.box, $0.source, in: spec.shape) }
      .sorted { $0.firstRow < $1.firstRow }
  }

  /// The file of the first block.
  public var file: String { placed.first?.source.file ?? empty }

  /// The blocks.
  public var originals: [any TensorSource] { placed.map(\.source) }

  /// Reads the blocks that hold these rows.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    guard let width = spec.dtype.byteWidth, !rows.isEmpty, spec.elementCount > 0 else { return }
    for chunk in placed where chunk.firstRow < rows.upperBound && chunk.endRow > rows.lowerBound {
      try unsafe chunk.read(rows: rows, width: width, rowSize: rowByteCount, into: buffer)
    }
  }

  /// Has what the blocks hold of these rows fetched.
  public func willRead(rows: Range<Int>) {
    for chunk in placed where chunk.firstRow < rows.upperBound && chunk.endRow > rows.lowerBound {
      chunk.willRead(rows: rows)
    }
  }
}
