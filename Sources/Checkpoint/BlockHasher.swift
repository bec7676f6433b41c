import Diagnostics
import FileIO

/// Hashes outputs as they are made, and inputs beside them, two streams at a time.
///
/// Used by one thread; ``seals`` is read when that has ended.
final class BlockHasher: @unchecked Sendable {
  private(set) var seals: [OutputFile.Seal] = []
  private let sizes: [Int]
  private let inputs: InputHashes?
  private let reader: SequentialReader?
  private let readerFailure: GraftError?
  private var output = StreamHash()
  private var input = StreamHash()
  private var inputSize = 0
  private var piece: SequentialReader.Piece?
  private var used = 0
  /// More than the blocks that are made before they are hashed, or who makes them would come first.
  private static let pieceCount = 64

  init(_ inputs: InputHashes?, sizes: [Int]) {
    self.inputs = inputs
    self.sizes = sizes
    var failure: GraftError?
    var reader: SequentialReader?
    if let inputs, !inputs.paths.isEmpty {
      do throws(GraftError) {
        reader = try SequentialReader(inputs.paths, pieceCount: Self.pieceCount, leads: true)
      } catch {
        failure = error
      }
    }
    self.reader = reader
    readerFailure = failure
  }

  /// Waits until so many bytes of the inputs were read, or the reader can get no further.
  func waitForInputs(until position: Int) { reader?.wait(until: position) }

  /// Takes bytes of the output, and as many of the inputs.
  func take(_ bytes: UnsafeRawBufferPointer, endsFile: Bool) throws(GraftError) {
    if let readerFailure { throw readerFailure }
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let beside = try inputBytes() else {
        output.update(UnsafeRawBufferPointer(rebasing: rest))
        break
      }
      let count = min(rest.count, beside.count)
      StreamHash.update(
        &output, UnsafeRawBufferPointer(rebasing: rest.prefix(count)),
        &input, UnsafeRawBufferPointer(rebasing: beside.prefix(count)))
      rest = rest.dropFirst(count)
      advance(count)
    }
    guard endsFile else { return }
    seals.append(OutputFile.Seal(byteCount: sizes[seals.count], sha256: output.finish()))
    output = StreamHash()
  }

  /// Hashes what is left of the inputs.
  func finish() throws(GraftError) {
    while let bytes = try inputBytes() {
      input.update(bytes)
      advance(bytes.count)
    }
  }

  /// Bytes of the inputs that were not hashed yet; nil after the last.
  private func inputBytes() throws(GraftError) -> UnsafeRawBufferPointer? {
    while true {
      if piece == nil {
        piece = try reader?.next()
        used = 0
      }
      guard let piece else { return nil }
      if used < piece.bytes.count { return UnsafeRawBufferPointer(rebasing: piece.bytes[used...]) }
      if piece.isLast, let inputs {
        inputs.record(
          OutputFile.Seal(byteCount: inputSize, sha256: input.finish()),
          of: inputs.paths[piece.file])
        input = StreamHash()
        inputSize = 0
      }
      reader?.recycle(piece)
      self.piece = nil
    }
  }

  private func advance(_ count: Int) {
    used += count
    inputSize += count
  }
}
