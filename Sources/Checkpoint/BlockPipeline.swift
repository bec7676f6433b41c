import Diagnostics
import FileIO
import TensorCore

/// Makes, writes and hashes files of planned tensors, all at the same time.
///
/// Blocks of rows are made on all cores, each in a buffer of its own. In the order of the files, a
/// writer and a hasher then take the same buffers; a buffer is free again when both are done. The
/// hasher takes a piece of an input file beside each block, for the price of one hash.
final class BlockPipeline: Sendable {
  /// A file to write.
  struct File: Sendable {
    var path: String
    var header: [UInt8]
    var tensors: [PlannedTensor]

    var byteCount: Int { tensors.reduce(header.count) { $0 + $1.spec.byteCount } }
  }

  /// Rows of a tensor in a file, or the file's header.
  private struct Block: Sendable {
    var file: Int
    var tensor: Int?
    var rows: Range<Int>
    var byteCount: Int
    var isLast = false
    /// Where it ends, through all files.
    var end = 0
  }

  private struct State {
    var free: [Buffer]
    var next = 0
    var ready: [Int: Buffer] = [:]
    var holders: [Int: Int] = [:]
    var failure: GraftError?
  }

  private let files: [File]
  private let blocks: [Block]
  private let state: Monitor<State>
  private static let blockBytes = 1 << 20
  private static let memory = 48 << 20
  /// How many blocks ahead of the made ones the disk is asked for, where no reader comes first.
  private static let lead = 96
  /// How much more of the inputs than of the outputs is read before a block is made: headers differ.
  private static let slack = 2 << 20

  /// Plans the blocks.
  init(_ files: [File]) {
    var blocks: [Block] = []
    for (number, file) in files.enumerated() {
      blocks.append(Block(file: number, rows: 0..<0, byteCount: file.header.count))
      for (index, tensor) in file.tensors.enumerated() {
        let rowBytes = tensor.spec.byteCount / max(1, tensor.spec.rowCount)
        for rows in rowBlocks(of: tensor.spec, byteLimit: Self.blockBytes) {
          blocks.append(
            Block(file: number, tensor: index, rows: rows, byteCount: rows.count * rowBytes))
        }
      }
      blocks[blocks.count - 1].isLast = true
    }
    var end = 0
    for number in blocks.indices {
      end += blocks[number].byteCount
      blocks[number].end = end
    }
    let capacity = max(1, blocks.map(\.byteCount).max() ?? 1)
    let count = max(coreCount + 1, min(blocks.count, Self.memory / capacity))
    self.files = files
    self.blocks = blocks
    state = Monitor(State(free: (0..<count).map { _ in Buffer(byteCount: capacity) }))
  }

  /// Does it.
  ///
  /// - Returns: the size and hash of each file.
  func run(
    hashing inputs: InputHashes?, progress: (Int, Int) -> Void
  ) throws(GraftError) -> [OutputFile.Seal] {
    let threads = Threads()
    let hasher = BlockHasher(inputs, sizes: files.map(\.byteCount))
    do throws(GraftError) {
      let leader = inputs == nil ? nil : hasher
      for _ in 0..<coreCount { try threads.run { self.makeBlocks(behind: leader) } }
      try threads.run { self.hashBlocks(hasher) }
      try writeBlocks(progress)
    } catch {
      fail(error)
    }
    threads.join()
    if let failure = state.withLock({ $0.failure }) { throw failure }
    return hasher.seals
  }

  private func fail(_ error: GraftError) {
    state.withLock { $0.failure = $0.failure ?? error }
  }

  /// - Parameter hasher: what reads the inputs in order, a little ahead.
  private func makeBlocks(behind hasher: BlockHasher?) {
    while let (number, buffer) = takeBuffer() {
      if let hasher {
        hasher.waitForInputs(until: blocks[number].end + Self.slack)
      } else {
        for ahead in number == 0 ? 0...Self.lead : number + Self.lead...number + Self.lead {
          announce(ahead)
        }
      }
      let block = blocks[number]
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[0..<block.byteCount])
      do throws(GraftError) {
        if let tensor = block.tensor {
          try files[block.file].tensors[tensor].produce(block.rows, room)
        } else {
          room.copyBytes(from: files[block.file].header)
        }
      } catch {
        return fail(error)
      }
      state.withLock {
        $0.ready[number] = buffer
        $0.holders[number] = 2
      }
    }
  }

  private func announce(_ number: Int) {
    guard number < blocks.count, let tensor = blocks[number].tensor else { return }
    files[blocks[number].file].tensors[tensor].announce(blocks[number].rows)
  }

  /// The next block to make and room for it; nil where there is none.
  private func takeBuffer() -> (Int, Buffer)? {
    state.wait { state -> (Int, Buffer)?? in
      if state.failure != nil || state.next == blocks.count { return .some(nil) }
      guard let buffer = state.free.popLast() else { return nil }
      state.next += 1
      return (state.next - 1, buffer)
    }
  }

  /// Lends each block in order to one of its two users; ends early where something failed.
  private func forEachBlock(
    _ body: (Block, UnsafeRawBufferPointer) throws(GraftError) -> Void
  ) throws(GraftError) {
    for (number, block) in blocks.enumerated() {
      let buffer = state.wait { state -> Buffer?? in
        if state.failure != nil { return .some(nil) }
        return state.ready[number].map(Optional.some)
      }
      guard let buffer else { return }
      try body(block, UnsafeRawBufferPointer(rebasing: buffer.bytes[0..<block.byteCount]))
      state.withLock { state in
        state.holders[number, default: 1] -= 1
        guard state.holders[number] == 0 else { return }
        state.holders[number] = nil
        state.ready[number] = nil
        state.free.append(buffer)
      }
    }
  }

  private func writeBlocks(_ progress: (Int, Int) -> Void) throws(GraftError) {
    let total = blocks.reduce(0) { $0 + $1.byteCount }
    var done = 0
    var output: StreamedOutput?
    try forEachBlock { (block, bytes) throws(GraftError) in
      let file: StreamedOutput
      if let output { file = output } else { file = try StreamedOutput(files[block.file].path) }
      output = file
      try file.write(bytes)
      done += bytes.count
      progress(done, total)
      if block.isLast {
        try file.close()
        output = nil
      }
    }
  }

  private func hashBlocks(_ hasher: BlockHasher) {
    do throws(GraftError) {
      try forEachBlock { (block, bytes) throws(GraftError) in
        try hasher.take(bytes, endsFile: block.isLast)
      }
      if state.withLock({ $0.failure }) == nil { try hasher.finish() }
    } catch {
      fail(error)
    }
  }

  /// Memory for one block; one thread writes it, then two read it.
  private final class Buffer: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 4096) }

    deinit { bytes.deallocate() }
  }
}
