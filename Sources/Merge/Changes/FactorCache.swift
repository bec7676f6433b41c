import Adapters
import Checkpoint
import Diagnostics
import Synchronization
import TensorCore

/// Matrices that several tensors of a merge need: the factors of all experts of a layer, VeRA's
/// shared projections. The ones used last stay, within a limit of bytes.
final class FactorCache: Sendable {
  private struct Entry {
    var key: String
    var values: [Float]
  }

  private let entries = Mutex<[Entry]>([])
  private let byteLimit: Int

  init(byteLimit: Int = 64 << 20) { self.byteLimit = byteLimit }

  /// The values under a key, made where they are not there.
  func values(
    _ key: String, _ make: () throws(GraftError) -> [Float]
  ) throws(GraftError) -> [Float] {
    if let found = found(key) { return found }
    let made = try make()
    entries.withLock { entries in
      entries.append(Entry(key: key, values: made))
      var bytes = entries.reduce(0) { $0 + $1.values.count * 4 }
      while bytes > byteLimit, entries.count > 1 {
        bytes -= entries.removeFirst().values.count * 4
      }
    }
    return made
  }

  private func found(_ key: String) -> [Float]? {
    entries.withLock { entries in
      guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
      let entry = entries.remove(at: place)
      entries.append(entry)
      return entry.values
    }
  }
}

/// A small matrix that is made from others when it is read.
struct DerivedFactor: TensorSource {
  let spec: TensorSpec
  let file: String
  let make: @Sendable () throws(GraftError) -> [Float]

  /// - Parameter origin: the tensor whose name and file it goes by.
  init(
    _ origin: any TensorSource, shape: [Int],
    make: @escaping @Sendable () throws(GraftError) -> [Float]
  ) {
    spec = TensorSpec(name: origin.spec.name, dtype: .f32, shape: shape)
    file = origin.file
    self.make = make
  }

  func read(rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError) {
    let values = try make()
    let width = spec.rowElementCount
    values[rows.lowerBound * width..<rows.upperBound * width].withUnsafeBytes {
      buffer.copyMemory(from: $0)
    }
  }
}

extension LowRankDelta {
  /// The same as A and B of this one tensor, or of the part of it that ``place`` names: transposed,
  /// one expert's share taken out, cut to the rows.
  func separated(_ cache: FactorCache) -> LowRankDelta {
    guard isTransposed || expert != nil || rows != nil else { return self }
    let (rank, expert) = (rank, expert)
    let (outputs, inputs) = (b.spec.rowCount, a.spec.rowElementCount)
    let (sourceA, sourceB) = (a, b)
    let shareA: @Sendable () throws(GraftError) -> [Float] = { () throws(GraftError) in
      let all = try cache.values("\(sourceA.file):\(sourceA.spec.name)") {
        () throws(GraftError) in try sourceA.floats()
      }
      guard let expert else { return all }
      let size = rank * inputs
      return Array(all[expert.index * size..<(expert.index + 1) * size])
    }
    let shareB: @Sendable () throws(GraftError) -> [Float] = { () throws(GraftError) in
      let count = expert?.count ?? 1
      let all = try cache.values("\(sourceB.file):\(sourceB.spec.name)") {
        () throws(GraftError) in
        Self.byExpert(try sourceB.floats(), count: count, rank: rank)
      }
      guard let expert else { return all }
      let size = outputs * rank
      return Array(all[expert.index * size..<(expert.index + 1) * size])
    }
    let key = "\(target)|\(place?.slice ?? -1)|\(place?.firstRow ?? 0)"
    let isTransposed = isTransposed
    let kept = rows ?? 0..<(isTransposed ? inputs : outputs)
    var out = self
    out.isTransposed = false
    out.expert = nil
    out.rows = nil
    out.a = DerivedFactor(
      isTransposed ? b : a, shape: [rank, isTransposed ? outputs : inputs]
    ) { () throws(GraftError) in
      try isTransposed ? transpose(shareB(), rows: outputs) : shareA()
    }
    out.b = DerivedFactor(isTransposed ? a : b, shape: [kept.count, rank]) {
      () throws(GraftError) in
      try cache.values(key) { () throws(GraftError) in
        let whole = try isTransposed ? transpose(shareA(), rows: rank) : shareB()
        return Array(whole[kept.lowerBound * rank..<kept.upperBound * rank])
      }
    }
    return out
  }

  /// `[outputs, rank, experts]` as `[experts, outputs, rank]`.
  private static func byExpert(_ values: [Float], count: Int, rank: Int) -> [Float] {
    guard count > 1 else { return values }
    var out = [Float](repeating: 0, count: values.count)
    let outputs = values.count / (rank * count)
    for expert in 0..<count {
      for output in 0..<outputs {
        for k in 0..<rank {
          out[(expert * outputs + output) * rank + k] = values[(output * rank + k) * count + expert]
        }
      }
    }
    return out
  }
}

/// The transpose of a matrix with `rows` rows.
private func transpose(_ values: [Float], rows: Int) -> [Float] {
  let columns = values.count / max(rows, 1)
  var out = [Float](repeating: 0, count: values.count)
  for row in 0..<rows {
    for column in 0..<columns { out[column * rows + row] = values[row * columns + column] }
  }
  return out
}
