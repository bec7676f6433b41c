import Crypto
import Diagnostics
import TestSupport
import Testing

@testable import FileIO

struct StreamHashTests {
  /// Bytes without a pattern that repeats within a block.
  private func bytes(_ count: Int, seed: UInt32) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
  }

  private func reference(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test func theEmptyMessageAndABCAreTheStandardsOwn() {
    #expect(
      StreamHash().finish() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    var hash = StreamHash()
    Array("abc".utf8).withUnsafeBytes { hash.update($0) }
    #expect(hash.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test(arguments: [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 4096, 100_003], [true, false])
  func piecesOfAnySizeGiveTheHashOfTheWhole(count: Int, withInstructions: Bool) {
    let message = bytes(count, seed: 1)
    for step in [1, 7, 64, 1000] {
      var hash = StreamHash(withInstructions: withInstructions)
      for start in stride(from: 0, to: count, by: step) {
        message[start..<min(start + step, count)].withUnsafeBytes { hash.update($0) }
      }
      #expect(hash.finish() == reference(message))
    }
  }

  @Test(arguments: [(0, 0), (3, 0), (0, 63), (17, 45), (64, 1)])
  func twoStreamsInStepHashAsTheyDoAlone(heads: (Int, Int)) {
    let one = bytes(70_000, seed: 2)
    let other = bytes(70_000, seed: 3)
    var a = StreamHash()
    var b = StreamHash()
    one[0..<heads.0].withUnsafeBytes { a.update($0) }
    other[0..<heads.1].withUnsafeBytes { b.update($0) }
    var done = 0
    for count in [1, 1023, 1024, 4095, 20_000, 30_001] {
      one[heads.0 + done..<heads.0 + done + count].withUnsafeBytes { x in
        other[heads.1 + done..<heads.1 + done + count].withUnsafeBytes { y in
          StreamHash.update(&a, x, &b, y)
        }
      }
      done += count
    }
    #expect(a.finish() == reference(Array(one[0..<heads.0 + done])))
    #expect(b.finish() == reference(Array(other[0..<heads.1 + done])))
  }

  @Test func filesAreHashedAsTheyAre() throws {
    let directory = try TemporaryDirectory()
    for count in [0, 5, 1 << 20, (1 << 20) + 3] {
      let message = bytes(count, seed: 4)
      let path = directory.file("f\(count)")
      let file = try StreamedOutput(path)
      for start in stride(from: 0, to: count, by: 77_777) {
        try message[start..<min(start + 77_777, count)].withUnsafeBytes { try file.write($0) }
      }
      try file.close()
      #expect(try readFile(path) == message)
      #expect(try sha256(ofFile: path) == reference(message))
    }
  }

  @Test func severalFilesAreReadInOrderAndToTheirEnds() throws {
    let directory = try TemporaryDirectory()
    var paths: [String] = []
    for (index, count) in [3 << 20, 0, 10].enumerated() {
      paths.append(directory.file("\(index)"))
      let file = try OutputFile(paths[index])
      try file.write(bytes(count, seed: UInt32(index)))
      _ = try file.close()
    }
    let reader = try SequentialReader(paths, pieceCount: 2)
    var found: [[UInt8]] = [[], [], []]
    var ends: [Int] = []
    while let piece = try reader.next() {
      found[piece.file] += Array(piece.bytes)
      if piece.isLast { ends.append(piece.file) }
      reader.recycle(piece)
    }
    #expect(ends == [0, 1, 2])
    #expect(found[0] == bytes(3 << 20, seed: 0))
    #expect(found[1].isEmpty)
    #expect(found[2] == bytes(10, seed: 2))
  }

  /// Nobody waits for a reader that has to wait itself, has failed or is done.
  @Test(.timeLimit(.minutes(1))) func whoFollowsAReaderIsNeverStuck() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(bytes(5 << 20, seed: 1), to: "five")
    let reader = try SequentialReader(
      [path, directory.file("missing")], pieceCount: 2, leads: true)
    reader.wait(until: 1 << 20)
    // Two pieces are read, and no more before one is given back.
    reader.wait(until: 5 << 20)
    for _ in 0..<5 { reader.recycle(try #require(try reader.next())) }
    reader.wait(until: 6 << 20)
    #expect(throws: GraftError.self) { try reader.next() }
  }
}
