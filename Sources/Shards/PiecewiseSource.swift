public import Checkpoint
public import Diagnostics
public import TensorCore

/// A tensor whose elements lie, in row-major order, in runs of other tensors: the shares of one
/// parameter in the flat vectors of several processes.
public struct PiecewiseSource: SynthesizedSource {
  /// Consecutive elements of a tensor.
  public struct Piece: Sendable {
    /// The tensor.
    public var source: any ElementSource
    /// Its elements, counted in row-major order.
    public var elements: Range<Int>

    /// Names some elements, or all of them.
    public init(_ source: any ElementSource, elements: Range<Int>? = nil) {
      self.source = source
      self.elements = elements ?? 0..<source.spec.elementCount
    }
  }

  /// The parameter's name and shape, with the pieces' type.
  public let spec: TensorSpec
  /// The runs, in order; none is empty.
  public let pieces: [Piece]
  /// The file of the first piece.
  public let file: String
  /// The first element of each piece.
  private let starts: [Int]

  /// Puts runs of elements together.
  ///
  /// - Parameter file: the file to name where there are no elements.
  /// - Throws: ``GraftError`` if a run lies outside its tensor, the types differ, or the runs do not
  ///   fill the shape exactly.
  public init(
    _ pieces: [Piece], name: String, dtype: DType, shape: [Int], file: String
  ) throws(GraftError) {
    guard TensorSpec.checkedByteCount(dtype: dtype, shape: shape) != nil, dtype.bitWidth >= 8
    else { throw .shapeTooLarge(name, shape: shape, file: file) }
    let spec = TensorSpec(name: name, dtype: dtype, shape: shape)
    let filled = pieces.filter { !$0.elements.isEmpty }
    var starts: [Int] = []
    var count = 0
    for piece in filled {
      let source = piece.source
      guard source.spec.dtype == dtype else {
        throw .pieceType(source.spec, of: name, expected: dtype, file: source.file)
      }
      guard piece.elements.lowerBound >= 0, piece.elements.upperBound <= source.spec.elementCount
      else {
        throw .pieceOutside(source.spec, of: name, elements: piece.elements, file: source.file)
      }
      starts.append(count)
      count += piece.elements.count
    }
    guard count == spec.elementCount else {
      throw .piecesIncomplete(spec, found: count, file: filled.first?.source.file ?? file)
    }
    self.spec = spec
    self.pieces = filled
    self.starts = starts
    self.file = filled.first?.source.file ?? file
  }

  /// The tensors that hold the runs.
  public var originals: [any TensorSource] { pieces.map(\.source) }

  /// Reads the rows from the runs that hold them.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let width = spec.dtype.bitWidth / 8
    var offset = 0
    try forEachRun(of: rows) { (source, elements) throws(GraftError) in
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer[offset..<offset + elements.count * width])
      try unsafe source.read(elements: elements, into: part)
      offset += elements.count * width
    }
  }

  /// Has the runs that hold the rows fetched.
  public func willRead(rows: Range<Int>) {
    forEachRun(of: rows) { $0.willRead(elements: $1) }
  }

  private func forEachRun<E: Error>(
    of rows: Range<Int>, _ body: (any ElementSource, Range<Int>) throws(E) -> Void
  ) throws(E) {
    let end = rows.upperBound * spec.rowElementCount
    var element = rows.lowerBound * spec.rowElementCount
    var index = lastStart(atOrBefore: element)
    while element < end, index < pieces.count {
      let piece = pieces[index]
      let first = piece.elements.lowerBound + element - starts[index]
      let count = min(piece.elements.upperBound - first, end - element)
      try body(piece.source, first..<first + count)
      element += count
      index += 1
    }
  }

  private func lastStart(atOrBefore element: Int) -> Int {
    var (low, high) = (0, max(0, starts.count - 1))
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= element { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
