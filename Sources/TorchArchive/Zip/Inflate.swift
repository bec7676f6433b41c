import CZlib

/// Unpacks a deflated run of bytes by the system's zlib.
///
/// - Parameter size: what it must unpack to; no more than this is allocated.
/// - Returns: nil if it is no deflated run, or unpacks to another size.
func inflate(_ source: ByteSource, size: Int) -> [UInt8]? {
  let step = 1 << 28  // zlib counts in 32 bits
  var stream = unsafe z_stream()
  guard
    unsafe inflateInit2_(
      &stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  else { return nil }
  defer { unsafe inflateEnd(&stream) }
  // One byte more than allowed, so that a longer run shows.
  var output = [UInt8](repeating: 0, count: size + 1)
  var (read, written) = (0, 0)
  var status = Z_OK
  while status == Z_OK {
    let input = read..<min(read + step, source.count)
    let room = written..<min(written + step, output.count)
    guard !room.isEmpty else { return nil }
    unsafe source.withBytes(input) { from in
      unsafe output.withUnsafeMutableBytes { to in
        unsafe stream.next_in = UnsafeMutablePointer(
          mutating: from.bindMemory(to: UInt8.self).baseAddress)
        unsafe stream.avail_in = UInt32(from.count)
        unsafe stream.next_out = to.baseAddress?.advanced(by: room.lowerBound)
          .assumingMemoryBound(to: UInt8.self)
        unsafe stream.avail_out = UInt32(room.count)
        status = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
        unsafe (read += input.count - Int(stream.avail_in))
        unsafe (written += room.count - Int(stream.avail_out))
      }
    }
  }
  guard status == Z_STREAM_END, read == source.count, written == size else { return nil }
  output.removeLast()
  return output
}

/// The CRC-32 of bytes, as zip archives hold it.
func checksum(_ bytes: [UInt8]) -> UInt32 {
  var sum: UInt = 0
  for start in stride(from: 0, to: bytes.count, by: 1 << 28) {
    let part = bytes[start..<min(start + 1 << 28, bytes.count)]
    unsafe part.withUnsafeBufferPointer {
      unsafe (sum = crc32(sum, $0.baseAddress, UInt32($0.count)))
    }
  }
  return UInt32(truncatingIfNeeded: sum)
}
