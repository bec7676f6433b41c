public import Diagnostics
public import TensorCore

/// Rows of other tensors, one after the other, under a name and a shape of their own: the matrices
/// of all experts as one tensor, one expert out of all, or one part of a fused matrix.
public struct ComposedSource: DerivedSource {
  /// Consecutive rows of a tensor.
  public struct Piece: Sendable {
    /// The tensor.
    public var source: any TensorSource
    /// Its rows, counted through all axes but the last.
    public var rows: Range<Int>

    /// Names some rows, or all of them.
    public init(_ source: any TensorSource, rows: Range<Int>? = nil) {
      self.source = source
      self.rows = rows ?? 0..<source.spec.rowCount
    }
  }

  /// The new name and shape, with the pieces' type.
  public let spec: TensorSpec
  /// The tensor of the first piece.
  public let original: any TensorSource
  private let pieces: [Piece]
  /// The first row of each piece.
  private let starts: [Int]

  /// Puts rows together.
  ///
  /// - Parameter what: words for an error, as in "stacking experts".
  /// - Throws: ``GraftError`` if the pieces differ in type or width, or do not fill the shape.
  public init(_ pieces: [Piece], name: String, shape: [Int], what: String) throws(GraftError) {
    guard let first = pieces.first?.source else { throw .nothingToCompose(name, what: what) }
    let spec = TensorSpec(name: name, dtype: first.spec.dtype, shape: shape)
    var starts: [Int] = []
    var count = 0
    for piece in pieces {
      let other = piece.source.spec
      guard other.dtype == spec.dtype, other.rowElementCount == spec.rowElementCount else {
        throw .cannotCompose(other, with: first.spec, what: what, file: piece.source.file)
      }
      guard piece.rows.lowerBound >= 0, piece.rows.upperBound <= other.rowCount else {
        throw .shapeMismatch(
          other.name, found: other.shape, expected: shape, because: what, file: piece.source.file)
      }
      starts.append(count)
      count += piece.rows.count
    }
    guard count == spec.rowCount else {
      throw .shapeMismatch(
        name, found: [count, spec.rowElementCount], expected: shape, because: what,
        file: first.file)
    }
    self.spec = spec
    original = first
    self.pieces = pieces
    self.starts = starts
  }

  /// The file of the first piece.
  public var file: String { original.file }

  /// The tensors that it is made of, each once, in order.
  public var references: [Ledger.Reference] {
    var seen: Set<Ledger.Reference> = []
    return pieces.map { Ledger.Reference($0.source) }.filter { seen.insert($0).inserted }
  }

  /// Reads the rows from the pieces that hold them.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    var index = lastStart(atOrBefore: rows.lowerBound)
    var row = rows.lowerBound
    var offset = 0
    while row < rows.upperBound, index < pieces.count {
      let piece = pieces[index]
      let inside = row - starts[index]
      let count = min(piece.rows.count - inside, rows.upperBound - row)
      if count > 0 {
        let first = piece.rows.lowerBound + inside
        let bytes = count * rowByteCount
        try piece.source.read(
          rows: first..<first + count,
          into: UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + bytes]))
        offset += bytes
        row += count
      }
      index += 1
    }
  }

  private func lastStart(atOrBefore row: Int) -> Int {
    var (low, high) = (0, starts.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= row { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
