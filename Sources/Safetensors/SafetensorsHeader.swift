import Diagnostics
import StrictJSON
import TensorCore

/// The header of a safetensors file, checked in the order of the format's own reader.
///
/// Source: the safetensors format, https://github.com/huggingface/safetensors, "Format".
struct SafetensorsHeader {
  /// The largest header that the format allows, in bytes.
  static let lengthLimit = 100_000_000

  var metadata: [String: String] = [:]
  /// In the order of their data.
  var tensors: [TensorSpec] = []
  /// Where the data of each tensor begins, relative to the data section.
  var begins: [Int] = []

  /// Reads the JSON text of a header and checks it against the size of the data section.
  init(parsing text: UnsafeRawBufferPointer, dataSize: Int, file: String) throws(GraftError) {
    let value: JSONValue
    do {
      unsafe value = try JSONValue.parse(text, file: file, depthLimit: 8)
    } catch {
      guard unsafe String(validating: text, as: UTF8.self) != nil else {
        throw .headerNotUTF8(file)
      }
      throw .headerNotJSON(file, error)
    }
    guard case .object(let object) = value else {
      throw .headerNotObject(file, found: value.kindName)
    }
    var entries: [Entry] = []
    entries.reserveCapacity(object.count)
    for (name, value) in object {
      if name == "__metadata__" {
        metadata = try Self.metadata(value, file: file)
      } else {
        entries.append(try Entry(name, value, file: file))
      }
    }
    try lay(entries, dataSize: dataSize, file: file)
  }

  private static func metadata(
    _ value: JSONValue, file: String
  ) throws(GraftError) -> [String: String] {
    guard case .object(let object) = value else {
      throw .metadataNotStrings(file, key: nil, found: value.kindName)
    }
    var metadata: [String: String] = [:]
    for (key, value) in object {
      guard case .string(let text) = value else {
        throw .metadataNotStrings(file, key: key, found: value.kindName)
      }
      metadata[key] = text
    }
    return metadata
  }

  /// Sorts the entries by their data and checks that they cover it without holes or overlaps.
  private mutating func lay(
    _ entries: [Entry], dataSize: Int, file: String
  ) throws(GraftError) {
    tensors.reserveCapacity(entries.count)
    begins.reserveCapacity(entries.count)
    var end = 0
    for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      let name = entry.spec.name
      guard entry.begin >= end else {
        throw .overlap(file, tensor: name, begin: entry.begin, previousEnd: end)
      }
      guard entry.begin == end else {
        throw .hole(file, tensor: name, begin: entry.begin, previousEnd: end)
      }
      guard entry.end <= dataSize else {
        throw .dataCutShort(file, tensor: name, end: entry.end, size: dataSize)
      }
      end = entry.end
      tensors.append(entry.spec)
      begins.append(entry.begin)
    }
    guard end == dataSize else { throw .dataNotCovered(file, covered: end, size: dataSize) }
  }
}

extension SafetensorsHeader {
  /// One tensor as the header describes it.
  fileprivate struct Entry {
    var spec: TensorSpec
    var begin: Int
    var end: Int

    init(_ name: String, _ value: JSONValue, file: String) throws(GraftError) {
      guard let dtypeName = value["dtype"]?.string else {
        throw .entryInvalid(file, tensor: name, "its entry names no dtype")
      }
      guard let dtype = DType(rawValue: dtypeName) else {
        let known = DType.allCases.map(\.rawValue).joined(separator: " ")
        throw .unknownDType(file, tensor: name, found: dtypeName, known: known)
      }
      let shape = try Self.sizes(value["shape"], "shape", tensor: name, file: file)
      let offsets = try Self.sizes(value["data_offsets"], "data_offsets", tensor: name, file: file)
      guard offsets.count == 2 else {
        throw .entryInvalid(
          file, tensor: name, "data_offsets has \(offsets.count) numbers; it must have 2")
      }
      (begin, end) = (offsets[0], offsets[1])
      guard begin <= end else {
        throw .entryInvalid(file, tensor: name, "data_offsets [\(begin), \(end)] run backwards")
      }
      guard let byteCount = TensorSpec.checkedByteCount(dtype: dtype, shape: shape) else {
        throw .entryInvalid(
          file, tensor: name, "\(dtypeName) \(shape) has no size in whole bytes below 2^63")
      }
      guard end - begin == byteCount else {
        throw .spanMismatch(
          file, "\(dtypeName) \(shape)", tensor: name, span: end - begin, expected: byteCount)
      }
      spec = TensorSpec(name: name, dtype: dtype, shape: shape)
    }

    private static func sizes(
      _ value: JSONValue?, _ key: String, tensor: String, file: String
    ) throws(GraftError) -> [Int] {
      guard case .array(let elements)? = value else {
        throw .entryInvalid(file, tensor: tensor, "its entry has no list '\(key)'")
      }
      var sizes: [Int] = []
      sizes.reserveCapacity(elements.count)
      for element in elements {
        guard let size = element.int, size >= 0 else {
          throw .entryInvalid(
            file, tensor: tensor, "'\(key)' holds \(element.text()); a size must stand there")
        }
        sizes.append(size)
      }
      return sizes
    }
  }
}
