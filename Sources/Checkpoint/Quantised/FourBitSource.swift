import Diagnostics
import StrictJSON
import TensorCore

/// A weight that bitsandbytes keeps in 4 bits, as the numbers that it computes with.
///
/// Each byte holds two places in a table of 16 numbers, the first in its upper half; every block of
/// 64 or so shares a factor, and the factors may themselves be bytes with a table. One rounding to
/// the type that the weight was quantised from.
/// Source: bitsandbytes 0.50 `QuantState` and `dequantize_4bit`.
struct FourBitSource: SynthesizedSource {
  let spec: TensorSpec
  let originals: [any TensorSource]
  private let codes: any TensorSource
  private let absmax: any TensorSource
  private let table: [Float]
  private let blockSize: Int
  private let nested: Nested?

  /// Factors that are quantised too.
  private struct Nested {
    var table: [Float]
    var absmax: [Float]
    var blockSize: Int
    var offset: Float
  }

  var file: String { codes.file }

  /// The parts beside a weight, by what follows its name.
  static let stateMarker = ".quant_state.bitsandbytes__"

  init(_ codes: any TensorSource, in store: TensorStore) throws(GraftError) {
    let name = codes.spec.name
    func part(_ suffix: String) throws(GraftError) -> any TensorSource {
      guard let source = store["\(name).\(suffix)"] else {
        throw .quantisedPartMissing(suffix, of: name, file: codes.file)
      }
      return source
    }
    func invalid(_ what: String) -> GraftError {
      .quantisedPartInvalid(what, of: name, file: codes.file)
    }
    let marker = name + Self.stateMarker
    guard let stateName = store.names.first(where: { $0.hasPrefix(marker) }),
      let state = store[stateName], state.spec.dtype == .u8, state.spec.byteCount < 1 << 16
    else { throw .quantisedPartMissing("quant_state", of: name, file: codes.file) }
    let json = try JSONValue.parse(try state.bytes(), file: codes.file)
    guard let shape = json["shape"]?.array?.compactMap(\.int), !shape.isEmpty,
      let size = json["blocksize"]?.int, size > 0, size <= 1 << 20, size % 2 == 0,
      let dtype = json["dtype"]?.string.flatMap({ DType(anyName: $0) }), dtype.isFloatingPoint,
      let byteCount = TensorSpec.checkedByteCount(dtype: dtype, shape: shape)
    else { throw invalid("has a quant_state that cannot be read: \(json.text())") }
    let count = byteCount / (dtype.byteWidth ?? 1)
    guard codes.spec.dtype == .u8, codes.spec.elementCount == (count + 1) / 2 else {
      throw invalid("has \(codes.spec.elementCount) bytes for \(count) numbers of 4 bits")
    }
    let blocks = (count + size - 1) / size
    absmax = try part("absmax")
    guard absmax.spec.elementCount == blocks else {
      throw invalid("has \(absmax.spec.elementCount) factors for \(blocks) blocks")
    }
    let map = try part("quant_map")
    guard map.spec.elementCount == 16, map.spec.dtype == .f32 else {
      throw invalid("has a table of \(map.spec.elementCount) numbers, not 16")
    }
    table = try map.floats()
    var originals: [any TensorSource] = [codes, absmax, map, state]
    if absmax.spec.dtype == .u8 {
      let (outer, outerMap) = (try part("nested_absmax"), try part("nested_quant_map"))
      guard let outerSize = json["nested_blocksize"]?.int, outerSize > 0,
        let offset = json["nested_offset"]?.double, outerMap.spec.elementCount == 256,
        outerMap.spec.dtype == .f32, outer.spec.dtype == .f32,
        outer.spec.elementCount == (blocks + outerSize - 1) / outerSize
      else { throw invalid("has factors of factors that do not fit") }
      originals += [outer, outerMap]
      nested = Nested(
        table: try outerMap.floats(), absmax: try outer.floats(), blockSize: outerSize,
        offset: Float(offset))
    } else {
      guard absmax.spec.dtype == .f32 else { throw invalid("has factors that are not float32") }
      nested = nil
    }
    self.originals = originals
    self.codes = codes
    blockSize = size
    spec = TensorSpec(name: name, dtype: dtype, shape: shape)
  }

  func read(rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError) {
    let width = spec.rowElementCount
    let range = rows.lowerBound * width..<rows.upperBound * width
    guard !range.isEmpty else { return }
    let bytes = try packed(range.lowerBound / 2..<(range.upperBound + 1) / 2)
    let firstBlock = range.lowerBound / blockSize
    let factors = try factors(firstBlock..<(range.upperBound - 1) / blockSize + 1)
    let start = range.lowerBound / 2
    var values = [Float](repeating: 0, count: range.count)
    for (place, i) in range.enumerated() {
      let byte = bytes[i / 2 - start]
      let code = i % 2 == 0 ? byte >> 4 : byte & 15
      values[place] = table[Int(code)] * factors[i / blockSize - firstBlock]
    }
    values.withUnsafeBufferPointer { _ = narrow($0, to: spec.dtype, into: buffer) }
  }

  /// Some of the bytes; they are stored as a column, or as one row.
  private func packed(_ range: Range<Int>) throws(GraftError) -> ArraySlice<UInt8> {
    if codes.spec.rowElementCount == 1 { return try codes.bytes(rows: range)[...] }
    let all = try codes.bytes()
    return ArraySlice(Array(all[range]))
  }

  private func factors(_ blocks: Range<Int>) throws(GraftError) -> [Float] {
    let all = try absmax.bytes()
    guard let nested else {
      return all.withUnsafeBytes { raw in
        blocks.map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
    return blocks.map {
      nested.table[Int(all[$0])] * nested.absmax[$0 / nested.blockSize] + nested.offset
    }
  }
}
