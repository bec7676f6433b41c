import Checkpoint
import Diagnostics
import FileIO
import TensorCore
import TestSupport
import Testing
import Verify

@Suite struct ProvenanceProofTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try TinyLlama().write(to: directory.file("base"))
    let base = directory.file("base")
    let store = try TensorStore(directory: base)
    let output = try OutputDirectory(directory.file("out"))
    let hashes = InputHashes(store.files)
    var ledger = Ledger(expecting: [])
    var tensors: [PlannedTensor] = []
    for source in store.inFileOrder {
      tensors.append(try PlannedTensor(copying: source, as: source.spec.name))
      try ledger.assign(source.spec.name, from: .tensor(.init(source), how: "copied"))
    }
    var files = try writeTensors(tensors, to: output, hashing: hashes)
    files.append(try output.copy("\(base)/config.json", to: "config.json"))
    let names = ["config.json", "model.safetensors"]
    try Provenance(
      command: "merge", inputs: [try Provenance.input(base, files: names, hashes: hashes)],
      ledger: ledger
    ).seal(files, in: output)
    try output.commit()
  }

  private func check() throws -> ProvenanceProof { try ProvenanceProof(directory.file("out")) }

  private func alter(_ name: String) throws {
    var bytes = try readFile(directory.file(name))
    bytes[bytes.count - 3] ^= 1
    removeTree(directory.file(name))
    _ = try directory.write(bytes, to: name)
  }

  private func codes(_ proof: ProvenanceProof) -> [GraftError.Code] {
    proof.findings.map(\.detail.code)
  }

  @Test func anOutputIsAsItWasMade() throws {
    let proof = try check()
    #expect(proof.holds, "\(proof.findings.map(\.detail.description))")
    #expect(proof.findings.isEmpty)
    #expect(proof.outputs.allSatisfy { $0.state == .unchanged })
    #expect(proof.inputs.count == 2)
    #expect(proof.inputs.allSatisfy { $0.state == .unchanged })
    #expect(proof.originCount > 0)
  }

  @Test func anAlteredWeightIsFound() throws {
    try alter("out/model.safetensors")
    #expect(codes(try check()) == [.outputChanged])
  }

  @Test func aLostFileIsFound() throws {
    removeTree(directory.file("out/config.json"))
    #expect(codes(try check()) == [.outputGone])
  }

  @Test func weightsThatWereNotMadeAreFound() throws {
    _ = try directory.write([1], to: "out/extra.safetensors")
    _ = try directory.write([1], to: "out/README.md")
    let proof = try check()
    #expect(proof.findings.count { $0.severity == .problem } == 1)
    #expect(proof.findings.count { $0.severity == .note } == 1)
  }

  @Test func inputsThatChangedOrWentAreToldAndHold() throws {
    try alter("base/model.safetensors")
    removeTree(directory.file("base/config.json"))
    let proof = try check()
    #expect(proof.holds)
    #expect(proof.inputs.count { $0.state == .changed } == 1)
    #expect(proof.inputs.count { $0.state == .gone } == 1)
  }

  @Test func aDirectoryWithoutRecordIsRefused() throws {
    #expect(throws: GraftError.self) { try ProvenanceProof(directory.file("base")) }
  }
}
