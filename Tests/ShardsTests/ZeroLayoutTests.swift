import Checkpoint
import Diagnostics
import FileIO
import Shards
import TensorCore
import TestSupport
import Testing

/// Layouts that few runs make, and files that lie, as torch writes them.
@Suite(.enabled(if: PeersPython.isPresent, "needs GRAFT_PEERS_PYTHON")) struct ZeroLayoutTests {
  @Test func unusualLayoutsAreReadAndLiesAreRefused() throws {
    let directory = try TemporaryDirectory()
    let root = directory.file("cases")
    try PeersPython.run([PeersPython.script("zero_layouts.py"), root])
    var read = 0
    var refused = 0
    for name in try directoryEntries(root) {
      let folder = "\(root)/\(name)"
      let checkpoint = Result { () throws(GraftError) in try ShardedCheckpoint("\(folder)/ckpt") }
      guard fileExists("\(folder)/truth.safetensors") else {
        #expect(throws: GraftError.self, "\(name)") { try checkpoint.get() }
        refused += 1
        continue
      }
      let truth = try TensorStore(safetensors: "\(folder)/truth.safetensors")
      let parameters = try checkpoint.get().parameters
      #expect(parameters.map(\.source.spec.name).sorted() == truth.names, "\(name)")
      for parameter in parameters {
        let expected = try #require(truth[parameter.source.spec.name])
        #expect(parameter.source.spec == expected.spec, "\(name)")
        #expect(try parameter.source.bytes() == expected.bytes(), "\(name)")
      }
      read += 1
    }
    #expect(read == 13)
    #expect(refused == 35)
  }
}
