/// Ids in the making: an array that costs nothing to append to, kept from text to text.
struct IDBuffer: ~Copyable {
  private var ids = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 1 << 12)
  /// How many there are.
  private(set) var count = 0

  deinit { ids.deallocate() }

  /// Removes all.
  mutating func removeAll() { count = 0 }

  /// Makes room for so many more.
  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count + more > ids.count { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    let larger = UnsafeMutableBufferPointer<Int32>.allocate(
      capacity: max(2 * ids.count, count + more))
    for i in 0..<count { larger[i] = ids[i] }
    ids.deallocate()
    ids = larger
  }

  /// Appends an id.
  @inline(__always)
  mutating func append(_ id: Int32) {
    reserve(1)
    ids[count] = id
    count += 1
  }

  /// Appends ids.
  mutating func append(_ new: [Int32]) { append(new[...]) }

  /// Appends ids.
  mutating func append(_ new: ArraySlice<Int32>) {
    reserve(new.count)
    for (i, id) in new.enumerated() { ids[count + i] = id }
    count += new.count
  }

  /// Appends the first `used` of three ids.
  @inline(__always)
  mutating func append(_ new: (Int32, Int32, Int32), used: Int) {
    reserve(3)
    ids[count] = new.0
    ids[count + 1] = new.1
    ids[count + 2] = new.2
    count += used
  }

  /// All ids, between others.
  func array(prefix: [Int32], suffix: [Int32]) -> [Int32] {
    let total = prefix.count + count + suffix.count
    return [Int32](unsafeUninitializedCapacity: total) { buffer, initialized in
      for i in prefix.indices { buffer[i] = prefix[i] }
      if count > 0, let source = ids.baseAddress, let target = buffer.baseAddress {
        (target + prefix.count).update(from: source, count: count)
      }
      for i in suffix.indices { buffer[prefix.count + count + i] = suffix[i] }
      initialized = total
    }
  }
}
