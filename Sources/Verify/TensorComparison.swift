import Adapters
import CKernels
import Checkpoint
import Diagnostics
import Glibc
import Synchronization
import TensorCore

/// A tensor of a merged model beside what it must be made of; compared in blocks, on any thread.
final class TensorComparison: Sendable {
  let role: TensorProof.Role
  let origin: any TensorSource
  let merged: any TensorSource
  /// What is done to the origin, if anything.
  private let changes: [TensorChange]
  private let state: Mutex<State>
  /// Rows whose float64 values stay in the cache.
  private let chunkRows: Int

  private struct State {
    var reference: (any Reference)?
    var rowsLeft: Int
  }

  init(
    _ role: TensorProof.Role, origin: any TensorSource, merged: any TensorSource,
    changes: [TensorChange] = []
  ) {
    self.role = role
    self.origin = origin
    self.merged = merged
    self.changes = changes
    chunkRows = max(1, (1 << 15) / max(1, merged.spec.rowElementCount))
    state = Mutex(State(reference: nil, rowsLeft: merged.spec.rowCount))
  }

  /// The rows of one step.
  var blocks: [Range<Int>] { rowBlocks(of: merged.spec, byteLimit: 1 << 20) }

  /// What is found in some rows.
  ///
  /// - Throws: ``GraftError`` if a tensor cannot be read, or is of a type without real numbers.
  func compare(_ rows: Range<Int>) throws(GraftError) -> TensorProof {
    var proof = TensorProof(merged.spec, origin: origin.spec, role: role)
    let before = try origin.bytes(rows: rows)
    let after = try merged.bytes(rows: rows)
    let isSameType = origin.spec.dtype == merged.spec.dtype
    let number = Number(merged.spec.dtype)
    if changes.isEmpty, isSameType, haveSameBytes(before, after) {
      proof.equalCount = rows.count * merged.spec.rowElementCount
      if let number { proof.nonFiniteCount = number.nonFiniteCount(after) }
    } else if let number, let from = Number(origin.spec.dtype) {
      for start in stride(from: 0, to: rows.count, by: chunkRows) {
        let chunk = start..<min(start + chunkRows, rows.count)
        try compare(chunk, of: rows, before, from, after, number, into: &proof)
      }
    } else {
      proof.wrongCount = rows.count * merged.spec.rowElementCount
    }
    state.withLock {
      $0.rowsLeft -= rows.count
      if $0.rowsLeft == 0 { $0.reference = nil }
    }
    return proof
  }

  private func compare(
    _ chunk: Range<Int>, of rows: Range<Int>, _ before: [UInt8], _ from: Number, _ after: [UInt8],
    _ number: Number, into proof: inout TensorProof
  ) throws(GraftError) {
    let width = merged.spec.rowElementCount
    let elements = chunk.lowerBound * width..<chunk.upperBound * width
    let first = rows.lowerBound + chunk.lowerBound
    let own = from.values(before, elements)
    var expected = own
    let reference = try reference()
    if let reference { try reference.apply(to: &expected, rows: first..<first + chunk.count) }
    var counts = graft_comparison()
    let suspects = number.compare(own, expected, after, elements, &counts)
    proof.add(counts)
    if reference == nil, counts.neighbours + counts.suspects > 0 {
      // What is only copied or converted may not be off at all.
      proof.neighbourCount -= Int(counts.neighbours)
      proof.wrongCount += Int(counts.neighbours)
    }
    let found = number.values(after, elements)
    let isSame = counts.neighbours + counts.suspects == 0
    if reference == nil, from.code == number.code, isSame {
      // Other bytes, and yet the same numbers: a zero of another sign, or another NaN.
      let width = number.width
      for i in elements
      where before[i * width..<(i + 1) * width] != after[i * width..<(i + 1) * width] {
        proof.wrongCount += 1
        proof.equalCount -= found[i - elements.lowerBound].isNaN ? 0 : 1
      }
    }
    if reference == nil, proof.firstWrong == nil, counts.neighbours > 0 {
      if let i = found.indices.first(where: { found[$0] != expected[$0] }) {
        proof.firstWrong = .init(
          row: first + i / width, column: i % width, found: found[i], expected: expected[i])
      }
    }
    for i in suspects {
      let (row, column) = (first + i / width, i % width)
      if let reference,
        (found[i] - expected[i]).magnitude
          <= (try reference.float32Error(row: row, column: column, base: own[i]))
      {
        proof.cancelledCount += 1
        continue
      }
      proof.wrongCount += 1
      let distance =
        Rounding.position(of: expected[i], in: merged.spec.dtype).flatMap { wanted in
          Rounding.position(of: found[i], in: merged.spec.dtype).map { abs($0 - wanted) }
        } ?? .max
      proof.worstDistance = max(proof.worstDistance, distance)
      if proof.firstWrong == nil {
        proof.firstWrong = .init(row: row, column: column, found: found[i], expected: expected[i])
      }
    }
  }

  /// The reference, which all threads share until the last row is compared.
  private func reference() throws(GraftError) -> (any Reference)? {
    guard !changes.isEmpty else { return nil }
    if let known = state.withLock({ $0.reference }) { return known }
    let made = try ReferenceChain(changes, base: origin)
    state.withLock { $0.reference = made }
    return made
  }
}

/// Whether two arrays hold the same bytes; many times faster than `==`, which goes one by one.
private func haveSameBytes(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  guard one.count == other.count else { return false }
  return one.withUnsafeBytes { one in
    other.withUnsafeBytes { other in
      guard let x = one.baseAddress, let y = other.baseAddress else { return true }
      return memcmp(x, y, one.count) == 0
    }
  }
}

/// A type of stored numbers that the kernels know.
struct Number {
  let code: graft_number
  let width: Int

  init?(_ dtype: DType) {
    switch dtype {
    case .f64: (code, width) = (graft_f64, 8)
    case .f32: (code, width) = (graft_f32, 4)
    case .f16: (code, width) = (graft_f16, 2)
    case .bf16: (code, width) = (graft_bf16, 2)
    default: return nil
    }
  }

  /// The values of some elements; exact.
  func values(_ bytes: [UInt8], _ elements: Range<Int>) -> [Double] {
    [Double](unsafeUninitializedCapacity: elements.count) { out, count in
      bytes.withUnsafeBytes { bytes in
        guard let from = bytes.baseAddress, let out = out.baseAddress else { return }
        graft_verify_widen(from + elements.lowerBound * width, code, out, elements.count)
        count = elements.count
      }
    }
  }

  /// The positions of elements that are two or more units off.
  func compare(
    _ before: [Double], _ expected: [Double], _ bytes: [UInt8], _ elements: Range<Int>,
    _ counts: inout graft_comparison
  ) -> [Int] {
    let places = [UInt32](unsafeUninitializedCapacity: elements.count) { places, count in
      before.withUnsafeBufferPointer { before in
        expected.withUnsafeBufferPointer { expected in
          bytes.withUnsafeBytes { bytes in
            guard let before = before.baseAddress, let expected = expected.baseAddress,
              let stored = bytes.baseAddress, let places = places.baseAddress
            else { return }
            count = graft_verify_compare(
              before, expected, stored + elements.lowerBound * width, code, elements.count, places,
              &counts)
          }
        }
      }
    }
    return places.map(Int.init)
  }

  /// How many are NaN or infinite.
  func nonFiniteCount(_ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBytes { raw in
      raw.baseAddress.map { graft_verify_not_finite($0, code, raw.count / width) } ?? 0
    }
  }
}
