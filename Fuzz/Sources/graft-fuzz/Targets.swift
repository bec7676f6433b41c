import ChatTemplate
import GGUF
import Safetensors
import Shards
import StrictJSON
import TensorCore
import TorchArchive

/// Tensors of more bytes than this are checked, but not read.
private let readLimit = 1 << 20

func json(_ bytes: UnsafeRawBufferPointer) {
  guard let value = try? JSONValue.parse(bytes, file: "input") else { return }
  // What is written must read back as the same.
  let text = Array(value.text().utf8)
  guard let again = try? text.withUnsafeBytes({ try JSONValue.parse($0, file: "output") }),
    again.text() == value.text()
  else { fatalError("JSON that does not survive writing") }
}

func safetensors(_ bytes: UnsafeRawBufferPointer) {
  guard let file = try? SafetensorsFile(InputFile.write(bytes)) else { return }
  var sum: UInt8 = 0
  for tensor in file.tensors where tensor.byteCount <= readLimit {
    try? file.withBytes(of: tensor.name) { for byte in $0 { sum &+= byte } }
    file.release(tensor.name)
  }
}

func gguf(_ bytes: UnsafeRawBufferPointer) {
  guard let file = try? GGUFFile(InputFile.write(bytes)) else { return }
  for tensor in file.tensors where tensor.spec.byteCount <= readLimit {
    var floats = [Float](repeating: 0, count: tensor.spec.elementCount)
    floats.withUnsafeMutableBufferPointer {
      try? file.dequantize(tensor, rows: 0..<tensor.spec.rowCount, into: $0)
    }
  }
}

func zip(_ bytes: UnsafeRawBufferPointer) {
  guard let file = try? TorchFile(InputFile.write(bytes)) else { return }
  read(file)
}

/// The part of an old PyTorch file behind the magic number: the object, the keys, the storages.
func pickle(_ bytes: UnsafeRawBufferPointer) {
  let head: [UInt8] = [
    0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    0x80, 2, 0x4D, 0xE9, 0x03, 0x2E, 0x80, 2, 0x7D, 0x2E,
  ]
  let path = head.withUnsafeBytes { InputFile.write($0, bytes) }
  guard let file = try? TorchFile(path) else { return }
  read(file)
}

private func read(_ file: TorchFile) {
  guard let state = try? file.stateDict() else { return }
  for (name, tensor) in state.tensors {
    guard let spec = try? file.spec(of: tensor, named: name), spec.byteCount <= readLimit else {
      continue
    }
    var bytes = [UInt8](repeating: 0, count: spec.byteCount)
    bytes.withUnsafeMutableBytes {
      try? file.read(tensor, named: name, rows: 0..<spec.rowCount, into: $0)
    }
  }
}

/// A template, and after a NUL the conversation: JSON with what the template may read.
func template(_ bytes: UnsafeRawBufferPointer) {
  let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
  guard let source = String(validating: parts[0], as: UTF8.self),
    let template = try? ChatTemplate(source, file: "input")
  else { return }
  var row: JSONValue = ["messages": [["role": "user", "content": "Hi"]]]
  if parts.count > 1, let own = try? JSONValue.parse(Array(parts[1]), file: "row") { row = own }
  var variables: [String: JSONValue] = ["bos_token": "<s>", "eos_token": "</s>"]
  for (name, value) in row.object ?? JSONObject() { variables[name] = value }
  let result = try? template.renderMarked(
    messages: row["messages"]?.array ?? [], addGenerationPrompt: true, variables: variables)
  guard let result else { return }
  for range in result.assistantRanges { precondition(range.lowerBound <= result.text.utf8.count) }
}

/// A checkpoint of torch.distributed.checkpoint: the length of `.metadata` in two bytes, that file,
/// and the file of one rank.
func distributed(_ bytes: UnsafeRawBufferPointer) {
  guard bytes.count >= 2 else { return }
  let length = min(Int(bytes[0]) | Int(bytes[1]) << 8, bytes.count - 2)
  let directory = InputDirectory.write(
    (".metadata", UnsafeRawBufferPointer(rebasing: bytes[2..<2 + length])),
    ("__0_0.distcp", UnsafeRawBufferPointer(rebasing: bytes[(2 + length)...])))
  guard let checkpoint = try? ShardedCheckpoint(directory) else { return }
  for parameter in checkpoint.parameters where parameter.source.spec.byteCount <= readLimit {
    let spec = parameter.source.spec
    var bytes = [UInt8](repeating: 0, count: spec.byteCount)
    bytes.withUnsafeMutableBytes {
      try? parameter.source.read(rows: 0..<spec.rowCount, into: $0)
    }
  }
}
