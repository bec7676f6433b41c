import Checkpoint
import Diagnostics

/// A block of a tensor, and where its rows go.
struct PlacedChunk: Sendable {
  let source: any TensorSource
  private let runs: BoxRuns

  /// The rows of the whole that it reaches.
  var firstRow: Int { runs.firstRow }
  var endRow: Int { runs.endRow }

  /// A box that lies within a tensor of `shape` and holds elements.
  init(_ box: Box, _ source: any TensorSource, in shape: [Int]) {
    self.source = source
    runs = BoxRuns(box, in: shape)
  }

  /// Copies what the block holds of some rows of the whole to its place in `buffer`.
  ///
  /// - Parameters:
  ///   - width: the size of an element in bytes.
  ///   - rowSize: the size of a row of the whole in bytes.
  func read(
    rows: Range<Int>, width: Int, rowSize: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    try forEachRun(of: rows) { (part, own) throws(GraftError) in
      let target = (part.lowerBound - rows.lowerBound) * rowSize + runs.column * width
      let size = runs.columns * width
      if size == rowSize || part.count == 1 {
        let end = target + part.count * size
        try unsafe source.read(
          rows: own, into: UnsafeMutableRawBufferPointer(rebasing: buffer[target..<end]))
        return
      }
      let bytes = try source.bytes(rows: own)
      unsafe bytes.withUnsafeBytes { raw in
        for row in 0..<part.count {
          let place = target + row * rowSize
          unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[place..<place + size])
            .copyMemory(
              from: UnsafeRawBufferPointer(rebasing: raw[row * size..<(row + 1) * size]))
        }
      }
    }
  }

  /// Has what the block holds of some rows of the whole fetched.
  func willRead(rows: Range<Int>) { forEachRun(of: rows) { source.willRead(rows: $1) } }

  /// Calls `body` with rows of the whole that follow one another in the block, and with the block's.
  private func forEachRun<E: Error>(
    of rows: Range<Int>, _ body: (_ part: Range<Int>, _ own: Range<Int>) throws(E) -> Void
  ) throws(E) {
    for run in runs.last(before: rows.lowerBound)..<runs.count {
      let begin = runs.start(of: run)
      if begin >= rows.upperBound { break }
      let part = (begin..<begin + runs.length).clamped(to: rows)
      if part.isEmpty { continue }
      let first = run * runs.length + part.lowerBound - begin
      try body(part, first..<first + part.count)
    }
  }
}
