import Checkpoint
import Diagnostics
import FileIO
import TensorCore

extension GGUFLayout {
  /// Writes a GGUF file of version 3 that appears whole or not at all.
  ///
  /// Source: the GGUF specification of ggml, and the keys of llama.cpp's converter.
  static func write(
    _ tensors: [any TensorSource], family: String, alpha: Double, to path: String,
    replacing: Bool, inputs: [String]
  ) throws(GraftError) -> [FileRecord] {
    let tensors = tensors.map(Self.storable).sorted { $0.spec.name < $1.spec.name }
    let finished = try FinishedFile(path, replacing: replacing, inputs: inputs)
    let file = try OutputFile(finished.stagingPath)
    var header = Header()
    header.begin(tensors: tensors.count, keys: 4)
    header.add("general.architecture", family)
    header.add("general.type", "adapter")
    header.add("adapter.type", "lora")
    header.add("adapter.lora.alpha", Float(alpha))
    var offset = 0
    for tensor in tensors {
      header.add(tensor.spec, offset: offset)
      offset = aligned(offset + tensor.spec.byteCount)
    }
    header.pad()
    try file.write(header.bytes)
    for tensor in tensors {
      try file.write(try tensor.bytes())
      let rest = aligned(tensor.spec.byteCount) - tensor.spec.byteCount
      try file.write([UInt8](repeating: 0, count: rest))
    }
    let seal = try file.close()
    try finished.commit()
    return [FileRecord(name: splitPath(path).name, seal: seal)]
  }

  private static let alignment = 32

  private static func aligned(_ size: Int) -> Int { (size + alignment - 1) / alignment * alignment }

  /// F32, F16 and BF16 as they are, F64 as float32.
  private static func storable(_ source: any TensorSource) -> any TensorSource {
    guard Header.types[source.spec.dtype] == nil else { return source }
    let spec = TensorSpec(name: source.spec.name, dtype: .f32, shape: source.spec.shape)
    return ComputedSource(spec: spec, original: source) { () throws(GraftError) in
      try source.floats()
    }
  }

  private struct Header {
    /// GGML's numbers of the types that need no quantising.
    static let types: [DType: UInt32] = [.f32: 0, .f16: 1, .bf16: 30]

    private(set) var bytes: [UInt8] = []

    mutating func begin(tensors: Int, keys: Int) {
      bytes += Array("GGUF".utf8)
      add(UInt32(3))
      add(UInt64(tensors))
      add(UInt64(keys))
    }

    mutating func add(_ key: String, _ value: String) {
      add(key)
      add(UInt32(8))
      add(value)
    }

    mutating func add(_ key: String, _ value: Float) {
      add(key)
      add(UInt32(6))
      add(value.bitPattern)
    }

    /// One entry of the list of tensors; extents innermost first.
    mutating func add(_ spec: TensorSpec, offset: Int) {
      add(spec.name)
      add(UInt32(spec.shape.count))
      for extent in spec.shape.reversed() { add(UInt64(extent)) }
      add(Self.types[spec.dtype] ?? 0)
      add(UInt64(offset))
    }

    mutating func pad() {
      bytes += [UInt8](repeating: 0, count: GGUFLayout.aligned(bytes.count) - bytes.count)
    }

    private mutating func add(_ text: String) {
      add(UInt64(text.utf8.count))
      bytes += text.utf8
    }

    private mutating func add<T: FixedWidthInteger>(_ value: T) {
      for i in 0..<T.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
    }
  }
}
