import Diagnostics
import FileIO
import Safetensors
import TensorCore
import TestSupport
import Testing
import TorchArchive

/// Archives that torch wrote, against what torch reads from them.
@Suite struct TorchFileTests {
  static let names = [
    "types", "views", "legacy", "legacy_views", "wrapped", "protocol3", "protocol4", "protocol5",
    "attributes", "deflated", "zip64", "plain", "big_endian", "value_head",
  ]

  static func check(_ name: String, in folder: String) throws {
    let file = try TorchFile("\(folder)/\(name).pt")
    let truth = try SafetensorsFile("\(folder)/\(name).safetensors")
    let tensors = try file.stateDict().tensors
    #expect(tensors.map(\.name).sorted() == truth.tensors.map(\.name).sorted())
    for (name, tensor) in tensors {
      let spec = try file.spec(of: tensor, named: name)
      #expect(spec == truth.spec(of: name))
      let expected = try truth.withBytes(of: name) { Array($0) }
      for step in [1, 2, max(1, spec.rowCount)] {
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: spec.rowCount, by: step) {
          let rows = start..<min(start + step, spec.rowCount)
          var part = [UInt8](
            repeating: 0xAA, count: rows.count * spec.rowElementCount * spec.dtype.bitWidth / 8)
          try part.withUnsafeMutableBytes { try file.read(tensor, rows: rows, into: $0) }
          bytes += part
        }
        #expect(bytes == expected, "\(name) in steps of \(step)")
      }
    }
  }

  /// Tests/Fixtures/torch-archives: torch 2.13.0, by Scripts/golden/torch_archives.py.
  @Test(arguments: names) func readsWhatTorchReads(_ name: String) throws {
    try Self.check(name, in: Fixtures.path("torch-archives"))
  }

  @Test(.enabled(if: PeersPython.isPresent)) func readsWhatTheInstalledTorchWrites() throws {
    let directory = try TemporaryDirectory()
    try PeersPython.run([
      PeersPython.script("torch_archives.py"), directory.path, "--many",
    ])
    for name in Self.names + ["many"] { try Self.check(name, in: directory.path) }
  }

  @Test func tiedTensorsShareTheirStorage() throws {
    let file = try TorchFile("\(Fixtures.path("torch-archives"))/views.pt")
    let tensors = Dictionary(
      uniqueKeysWithValues: try file.stateDict().tensors.map { ($0.name, $0.tensor) })
    #expect(tensors["base"] == tensors["tied"])
    #expect(tensors["transposed"]?.storage == tensors["base"]?.storage)
    #expect(tensors["transposed"]?.isContiguous == false)
  }

  @Test func whatStandsBesideTheTensorsIsNamed() throws {
    let file = try TorchFile("\(Fixtures.path("torch-archives"))/wrapped.pt")
    #expect(file.root["epoch"]?.int == 3)
    #expect(file.root["optimizer"]?["lr"]?.double == 1e-3)
    #expect(try file.stateDict().others == [])
  }
}
