import CKernels
import Crypto

/// SHA-256 of bytes that come piece by piece, of which two can be taken at once.
///
/// With the CPU's instructions, two streams in turns take little longer than one (see
/// Benchmarks/NOTES.md); without them each goes through swift-crypto.
package struct StreamHash: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]
  private var tail: [UInt8] = []
  private var byteCount = 0
  private var portable: SHA256?
  private static let hasInstructions = graft_sha256_is_available()

  /// Begins a hash.
  package init() { self.init(withInstructions: Self.hasInstructions) }

  /// Begins a hash, through swift-crypto even where the CPU has instructions for it.
  package init(withInstructions: Bool) {
    if !(withInstructions && Self.hasInstructions) { portable = SHA256() }
  }

  /// Takes bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if unsafe portable?.update(bufferPointer: bytes) != nil { return }
    byteCount += bytes.count
    var rest = unsafe bytes[...]
    if !tail.isEmpty {
      let missing = unsafe rest.prefix(64 - tail.count)
      unsafe tail.append(contentsOf: missing)
      unsafe rest = rest.dropFirst(missing.count)
      guard tail.count == 64 else { return }
      let block = tail
      tail.removeAll(keepingCapacity: true)
      unsafe block.withUnsafeBytes { unsafe takeBlocks($0) }
    }
    let whole = unsafe rest.count / 64 * 64
    unsafe takeBlocks(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)))
    unsafe tail.append(contentsOf: rest.dropFirst(whole))
  }

  /// Takes the same number of bytes into each of two hashes.
  ///
  /// - Precondition: `first` and `second` have one length.
  package static func update(
    _ one: inout StreamHash, _ first: UnsafeRawBufferPointer,
    _ other: inout StreamHash, _ second: UnsafeRawBufferPointer
  ) {
    precondition(first.count == second.count)
    // Each stream's own beginning of a block first; the rest runs in step where it can.
    let heads = (one.missing, other.missing)
    guard one.portable == nil, other.portable == nil, first.count >= 1024 else {
      unsafe one.update(first)
      unsafe other.update(second)
      return
    }
    unsafe one.update(UnsafeRawBufferPointer(rebasing: first.prefix(heads.0)))
    unsafe other.update(UnsafeRawBufferPointer(rebasing: second.prefix(heads.1)))
    let blocks = (first.count - max(heads.0, heads.1)) / 64
    let (from, beside) = unsafe (
      UnsafeRawBufferPointer(rebasing: first[heads.0..<heads.0 + blocks * 64]),
      UnsafeRawBufferPointer(rebasing: second[heads.1..<heads.1 + blocks * 64])
    )
    if let x = from.baseAddress, let y = beside.baseAddress {
      unsafe one.state.withUnsafeMutableBufferPointer { a in
        unsafe other.state.withUnsafeMutableBufferPointer { b in
          guard let a = a.baseAddress, let b = b.baseAddress else { return }
          unsafe graft_sha256_pair(
            a, x.assumingMemoryBound(to: UInt8.self), b, y.assumingMemoryBound(to: UInt8.self),
            blocks)
        }
      }
    }
    one.byteCount += blocks * 64
    other.byteCount += blocks * 64
    unsafe one.update(UnsafeRawBufferPointer(rebasing: first[(heads.0 + blocks * 64)...]))
    unsafe other.update(UnsafeRawBufferPointer(rebasing: second[(heads.1 + blocks * 64)...]))
  }

  /// Ends the hash, in lower-case hexadecimal.
  package consuming func finish() -> String {
    if let portable { return hexadecimal(portable.finalize()) }
    let bitCount = UInt64(byteCount) * 8
    var last = tail + [0x80]
    while last.count % 64 != 56 { last.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      last.append(UInt8(truncatingIfNeeded: bitCount >> UInt64(shift)))
    }
    unsafe last.withUnsafeBytes { unsafe takeBlocks($0) }
    return hexadecimal(
      state.flatMap { word in
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
      })
  }

  private var missing: Int { tail.isEmpty ? 0 : 64 - tail.count }

  private mutating func takeBlocks(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, bytes.count >= 64 else { return }
    unsafe state.withUnsafeMutableBufferPointer { state in
      guard let state = state.baseAddress else { return }
      unsafe graft_sha256(state, start.assumingMemoryBound(to: UInt8.self), bytes.count / 64)
    }
  }
}

/// Bytes in lower-case hexadecimal.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
