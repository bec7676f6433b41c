import Checkpoint
import Diagnostics
import TensorCore

/// The account of putting parts of tensors into whole ones: where each part goes, and that none is
/// left over and none used twice.
struct Reassembly {
  /// A part of a source that goes nowhere, and why that loses nothing.
  struct Dropped: Sendable {
    var tensor: String
    var file: String
    var reason: String
  }

  /// A tensor that was read, and which boxes of it have gone somewhere.
  fileprivate struct Part {
    var source: any TensorSource
    var used: [Box] = []
    /// The elements that were left out.
    var dropped = 0
  }

  private let shapes: [String: [Int]]
  private let place: String
  fileprivate var parts: [Part] = []
  private var chunks: [String: [ChunkedSource.Chunk]] = [:]
  private(set) var dropped: [Dropped] = []

  /// Opens an account for whole tensors of these shapes.
  ///
  /// - Parameter place: the file or directory to name where a tensor has no part at all.
  init(shapes: [String: [Int]], place: String) {
    self.shapes = shapes
    self.place = place
  }

  /// Adds a tensor that was read; all of it must go somewhere. Returns its number.
  mutating func add(_ source: any TensorSource) -> Int {
    parts.append(Part(source: source))
    return parts.count - 1
  }

  /// Puts a box of a tensor that was added at a place in a whole one.
  ///
  /// - Parameters:
  ///   - axes: axes of extent 1 at the front of the box that the whole tensor has not.
  ///   - offsets: where the box begins in the whole tensor.
  /// - Throws: ``GraftError`` if the box lies outside the source, or no such tensor is expected.
  mutating func put(
    _ part: Int, _ box: Box, dropping axes: Int = 0, into name: String, at offsets: [Int]
  ) throws(GraftError) {
    let source = parts[part].source
    guard shapes[name] != nil else { throw .partWithoutPlace(source.spec, file: source.file) }
    guard box.lies(within: source.spec.shape) else {
      throw .chunkOutside(box, of: source.spec, file: source.file)
    }
    let slice = SlicedSource(box, of: source, named: name, dropping: axes)
    parts[part].used.append(box)
    chunks[name, default: []].append(
      ChunkedSource.Chunk(
        box: Box(offsets: offsets, sizes: slice.spec.shape), source: slice))
  }

  /// Leaves out a box of a tensor that was added, or all of it.
  mutating func drop(_ part: Int, _ box: Box? = nil, because reason: String) {
    let source = parts[part].source
    let box = box ?? Box(whole: source.spec.shape)
    parts[part].used.append(box)
    parts[part].dropped += box.elementCount
    dropped.append(Dropped(tensor: source.spec.name, file: source.file, reason: reason))
  }

  /// The whole tensors, in the order of their names.
  ///
  /// - Throws: ``GraftError`` if a part of a source has gone nowhere or twice, or an element of a
  ///   whole tensor is in no part or in two. A whole tensor without any part is left to the caller.
  func finish() throws(GraftError) -> [ChunkedSource] {
    for part in parts {
      let spec = part.source.spec
      switch BoxCover(of: spec.shape, by: part.used) {
      case .exact: break
      case .missing(let count, _):
        throw .partUnused(spec, elements: count, file: part.source.file)
      case .overlap, .tangled: throw .partTwice(spec, file: part.source.file)
      }
    }
    var result: [ChunkedSource] = []
    for (name, chunks) in chunks.sorted(by: { $0.key < $1.key }) {
      guard let first = chunks.first, let shape = shapes[name] else { continue }
      let spec = TensorSpec(name: name, dtype: first.source.spec.dtype, shape: shape)
      result.append(try ChunkedSource(spec, chunks: chunks, place: place))
    }
    return result
  }
}

extension Reassembly {
  /// The elements of each file, in the order in which the files were first seen: those that went
  /// into whole tensors, and those that were left out.
  var accounts: [ShardAccount] {
    var order: [String] = []
    var accounts: [String: ShardAccount] = [:]
    for part in parts {
      let file = part.source.file
      if accounts[file] == nil {
        accounts[file] = ShardAccount(
          file: file, rank: order.count, part: "model", expected: 0, read: 0, padding: 0, stored: 0)
        order.append(file)
      }
      let count = part.source.spec.elementCount
      accounts[file]?.stored += count
      accounts[file]?.padding += part.dropped
      accounts[file]?.read += count - part.dropped
      accounts[file]?.expected += count - part.dropped
    }
    return order.compactMap { accounts[$0] }
  }

  /// What was left out, by reason.
  static func findings(_ dropped: [Dropped], in directory: String) -> [Finding] {
    var counts: [(reason: String, tensors: Set<String>)] = []
    for part in dropped {
      if let place = counts.firstIndex(where: { $0.reason == part.reason }) {
        counts[place].tensors.insert(part.tensor)
      } else {
        counts.append((part.reason, [part.tensor]))
      }
    }
    return counts.map {
      Finding(.note, .partsLeftOut($0.tensors.sorted(), reason: $0.reason, file: directory))
    }
  }
}

extension Box {
  /// All of a tensor.
  init(whole shape: [Int]) {
    self.init(offsets: shape.map { _ in 0 }, sizes: shape)
  }

  /// A range along one axis, and all of the others.
  init(_ range: Range<Int>, axis: Int, of shape: [Int]) {
    self.init(whole: shape)
    offsets[axis] = range.lowerBound
    sizes[axis] = range.count
  }
}
