import Diagnostics
import FileIO
import TensorCore
import TestSupport
import Testing
import TorchArchive

/// Zip archives that lie.
@Suite struct ZipTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let floats = [UInt8](repeating: 0, count: 24)
  private static let pickle = Pickles.entry(
    Pickles.tensor(Pickles.storage(), shape: [6], strides: [1]))

  private static func sample() -> ZipBuilder {
    ZipBuilder(pickle: pickle, storages: [("0", floats)])
  }

  private func open(_ bytes: [UInt8]) throws {
    let name = "\(UInt64.random(in: 0 ... .max)).pt"
    let file = try TorchFile(directory.write(bytes, to: name))
    for (name, tensor) in try file.stateDict().tensors {
      let spec = try file.spec(of: tensor, named: name)
      var bytes = [UInt8](repeating: 0, count: spec.byteCount)
      try bytes.withUnsafeMutableBytes { try file.read(tensor, rows: 0..<spec.rowCount, into: $0) }
    }
  }

  @Test func theSampleItselfIsRead() throws {
    try open(Self.sample().bytes())
    var commented = Self.sample()
    commented.comment = Array("PK\u{5}\u{6} in a comment".utf8)
    try open(commented.bytes())
  }

  struct Lie: CustomTestStringConvertible {
    var testDescription: String
    var says: String
    var tell: @Sendable (inout ZipBuilder) -> Void
  }

  static let lies: [Lie] = [
    Lie(testDescription: "slip", says: "outside the archive") {
      $0.entries.append(ZipBuilder.Entry("../../tmp/x", [1]))
    },
    Lie(testDescription: "absolute", says: "outside the archive") {
      $0.entries.append(ZipBuilder.Entry("/etc/x", [1]))
    },
    Lie(testDescription: "backslashes", says: "outside the archive") {
      $0.entries.append(ZipBuilder.Entry("..\\x", [1]))
    },
    Lie(testDescription: "twice", says: "twice") { $0.entries.append($0.entries[2]) },
    Lie(testDescription: "encrypted", says: "encrypted") { $0.entries[2].flags = 1 },
    Lie(testDescription: "another method", says: "method 14") { $0.entries[2].method = 14 },
    Lie(testDescription: "another name", says: "another in its own header") {
      $0.entries[2].localName = "archive/data/1"
    },
    Lie(testDescription: "two sizes", says: "two sizes") { $0.entries[2].size = 12 },
    Lie(testDescription: "past the end", says: "beyond") {
      $0.entries[2].size = 1 << 30
      $0.entries[2].packedSize = 1 << 30
    },
    Lie(testDescription: "no header there", says: "no header") { $0.entries[2].position = 5 },
    Lie(testDescription: "header past the end", says: "no header") {
      $0.entries[2].position = 1 << 30
    },
    Lie(testDescription: "too many entries", says: "outside the file") { $0.claimedCount = 9999 },
    Lie(testDescription: "one entry more", says: "fewer entries") {
      $0.claimedCount = $0.entries.count + 1
    },
    Lie(testDescription: "directory past the end", says: "outside the file") {
      $0.claimedDirectoryStart = 1 << 30
    },
    Lie(testDescription: "directory too large", says: "outside the file") {
      $0.claimedDirectorySize = 1 << 20
    },
    Lie(testDescription: "no pickle", says: "without the data.pkl") {
      $0.entries[0].name = "archive/other.pkl"
    },
    Lie(testDescription: "two pickles", says: "without the data.pkl") {
      $0.entries.append(ZipBuilder.Entry("other/data.pkl", [0x7D, 0x2E]))
    },
    Lie(testDescription: "damaged pickle", says: "checksum") { $0.entries[0].checksum = 1 },
    Lie(testDescription: "byte order", says: "neither") {
      $0.entries[1].bytes = Array("middle".utf8)
    },
    Lie(testDescription: "short storage", says: "says 24") {
      $0.entries[2].bytes = [UInt8](repeating: 0, count: 20)
    },
    Lie(testDescription: "no deflated run", says: "does not unpack") { $0.entries[2].method = 8 },
    Lie(testDescription: "bomb", says: "unpack to 134217728") {
      $0.entries[2].method = 8
      $0.entries[2].size = 128 << 20
    },
  ]

  @Test(arguments: lies) func liesAreNamed(_ lie: Lie) throws {
    var builder = Self.sample()
    lie.tell(&builder)
    let error = #expect(throws: GraftError.self) { try open(builder.bytes()) }
    #expect(error?.message.contains(lie.says) == true, "\(error?.description ?? "")")
  }

  @Test func twoStoragesInOnePlaceAreRefused() throws {
    let two = Pickles.entry(
      Pickles.tensor(Pickles.storage(), shape: [6], strides: [1])
        + [0x73] + Pickles.text("v")
        + Pickles.tensor(Pickles.storage(key: "1"), shape: [6], strides: [1]))
    // The first entry's bytes hold the second entry, header and all.
    let inner = ZipBuilder([("archive/data/1", Self.floats)])
    let header = Array(inner.bytes().prefix(30 + "archive/data/1".utf8.count + 24))
    var builder = ZipBuilder(pickle: two, storages: [("0", header)])
    let start = builder.entries.prefix(2).reduce(0) {
      $0 + 30 + $1.name.utf8.count + $1.bytes.count
    }
    builder.entries.append(ZipBuilder.Entry("archive/data/1", Self.floats))
    builder.entries[3].position = start + 30 + "archive/data/0".utf8.count
    let error = #expect(throws: GraftError.self) { try open(builder.bytes()) }
    #expect(error?.message.contains("overlaps") == true, "\(error?.description ?? "")")
  }

  @Test func everyCutIsRefused() throws {
    let whole = Self.sample().bytes()
    for count in stride(from: 0, to: whole.count, by: 7) {
      #expect(throws: GraftError.self) { try open(Array(whole.prefix(count))) }
    }
  }

  @Test func archivesWithoutChecksumsAreRead() throws {
    // As torch.serialization.set_crc32_options(False) leaves them.
    var bytes = try readFile(Fixtures.path("torch-archives/plain.pt"))
    let starts = (0..<bytes.count - 46).filter { Array(bytes[$0..<$0 + 4]) == [0x50, 0x4B, 1, 2] }
    for start in starts { bytes.replaceSubrange(start + 16..<start + 20, with: [0, 0, 0, 0]) }
    #expect(starts.count >= 4)
    try open(bytes)
    for start in starts { bytes.replaceSubrange(start + 16..<start + 20, with: [1, 0, 0, 0]) }
    #expect(throws: GraftError.self) { try open(bytes) }
  }

  @Test func everyCutOfTheOldLayoutIsRefused() throws {
    let whole = try readFile(Fixtures.path("torch-archives/legacy_views.pt"))
    for count in stride(from: 0, to: whole.count, by: 11) {
      #expect(throws: GraftError.self) { try open(Array(whole.prefix(count))) }
    }
    #expect(throws: GraftError.self) { try open(whole + [0]) }
  }

  @Test func changedBytesNeverCrash() throws {
    var generator = SystemRandomNumberGenerator()
    for fixture in ["types", "views", "deflated", "zip64", "legacy_views"] {
      let whole = try readFile(Fixtures.path("torch-archives/\(fixture).pt"))
      for _ in 0..<300 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255)
        }
        try? open(bytes)
      }
    }
  }
}
