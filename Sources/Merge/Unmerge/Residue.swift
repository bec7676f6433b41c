import Checkpoint
import Diagnostics
import FileIO
import Safetensors
import StrictJSON
import TensorCore

/// What `graft merge --keep-residue` wrote beside the merged weights.
///
/// Layout: a safetensors file. `__metadata__.contents` is JSON: `tensors` from each name of the
/// base to `{how, merged, dtype, shape}`, `files` with the order of the tensors in each. Then
/// - `whole:NAME`: a tensor that the merge left out or replaced, as it is;
/// - `code:NAME`: a 32-bit count of rows in a block, a 32-bit count of blocks, the 64-bit end of each
///   block's bytes, and the blocks (``ResidueCode``);
/// - `header:FILE`, `file:NAME`: the beginning of a weight file, and small files, as they are.
struct Residue {
  /// Where a tensor of the base comes from.
  enum How: String {
    /// The merged tensor has its bits.
    case same
    /// Merged less the adapters' changes, and small steps in units in the last place.
    case residue
    /// The same from the merged numbers themselves.
    case direct
    /// The residue file holds it.
    case whole
  }

  struct Entry {
    var how: How
    var merged: String
    var spec: TensorSpec
  }

  static let fileName = "graft.residue"
  static let wholePrefix = "whole:"
  static let codePrefix = "code:"
  static let headerPrefix = "header:"
  static let filePrefix = "file:"

  let archive: SafetensorsFile
  private(set) var entries: [String: Entry] = [:]
  private(set) var files: [(name: String, tensors: [String])] = []
  private let specs: [String: TensorSpec]

  /// Opens the residue in a directory; nil where there is none.
  init?(_ directory: String) throws(GraftError) {
    let path = "\(directory)/\(Self.fileName)"
    guard fileExists(path) else { return nil }
    archive = try SafetensorsFile(path)
    specs = Dictionary(archive.tensors.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    guard archive.metadata["graft_residue"] == "1", let text = archive.metadata["contents"] else {
      throw .residueBroken(path, "is no residue of a merge")
    }
    let contents = try JSONValue.parse(text)
    for (name, entry) in contents["tensors"]?.object ?? JSONObject() {
      guard let how = entry["how"]?.string.flatMap(How.init),
        how == .whole || entry["merged"]?.string != nil,
        let dtype = entry["dtype"]?.string.flatMap(DType.init(rawValue:)),
        let shape = entry["shape"]?.array?.compactMap(\.int),
        TensorSpec.checkedByteCount(dtype: dtype, shape: shape) != nil
      else { throw .residueBroken(path, tensor: name, "has no readable entry") }
      entries[name] = Entry(
        how: how, merged: entry["merged"]?.string ?? "",
        spec: TensorSpec(name: name, dtype: dtype, shape: shape))
    }
    for file in contents["files"]?.array ?? [] {
      guard let name = file["name"]?.string, !name.contains("/"), !name.isEmpty,
        let tensors = file["tensors"]?.array?.compactMap(\.string)
      else { throw .residueBroken(path, "lists a file that cannot be read") }
      files.append((name, tensors))
    }
    guard !entries.isEmpty, !files.isEmpty else { throw .residueBroken(path, "lists no tensors") }
  }

  /// The bytes of a small file, or of a weight file's header; nil where there is none.
  func bytes(_ name: String) throws(GraftError) -> [UInt8]? {
    guard let spec = specs[name] else { return nil }
    return try archive.withBytes(of: name, 0..<spec.byteCount) { Array($0) }
  }

  /// Small files that are restored as they were.
  var smallFiles: [String] {
    specs.keys.filter { $0.hasPrefix(Self.filePrefix) }
      .map { String($0.dropFirst(Self.filePrefix.count)) }.filter { !$0.contains("/") }.sorted()
  }

  /// A tensor that is here whole.
  func whole(_ name: String) throws(GraftError) -> any TensorSource {
    guard let spec = specs[Self.wholePrefix + name], let entry = entries[name],
      spec.shape == entry.spec.shape, spec.dtype == entry.spec.dtype
    else { throw .residueBroken(archive.path, tensor: name, "is not here") }
    return SafetensorsSource(spec, in: archive)
  }

  /// The steps of some rows, and how many rows a block of them has.
  func code(of name: String) throws(GraftError) -> Code {
    let key = Self.codePrefix + name
    guard let spec = specs[key], let entry = entries[name], spec.byteCount >= 8 else {
      throw .residueBroken(archive.path, tensor: name, "is not here")
    }
    let (rows, count): (Int, Int) = try archive.withBytes(of: key, 0..<8) { raw in
      (
        Int(UInt32(littleEndian: raw.loadUnaligned(as: UInt32.self))),
        Int(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
      )
    }
    let height = entry.spec.rowCount
    guard rows > 0, count == (height + rows - 1) / rows, count <= (spec.byteCount - 8) / 8 else {
      throw .residueBroken(archive.path, tensor: name, "has blocks that do not fit its rows")
    }
    let start = 8 + 8 * count
    var ends: [Int] = []
    try archive.withBytes(of: key, 8..<start) { raw in
      for i in 0..<count {
        let end = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self))
        ends.append(Int(exactly: end) ?? -1)
      }
    }
    var last = 0
    for end in ends {
      guard end >= last, end <= spec.byteCount - start else {
        throw .residueBroken(archive.path, tensor: name, "has a block outside of its bytes")
      }
      last = end
    }
    return Code(
      archive: archive, key: key, spec: entry.spec, rowsPerBlock: rows, start: start, ends: ends)
  }

  /// The steps of one tensor.
  struct Code: Sendable {
    let archive: SafetensorsFile
    let key: String
    let spec: TensorSpec
    let rowsPerBlock: Int
    let start: Int
    let ends: [Int]

    /// The steps of some rows.
    func steps(rows: Range<Int>) throws(GraftError) -> [Int] {
      guard !rows.isEmpty else { return [] }
      let width = spec.rowElementCount
      var out: [Int] = []
      out.reserveCapacity(rows.count * width)
      for block in rows.lowerBound / rowsPerBlock...(rows.upperBound - 1) / rowsPerBlock {
        let own = block * rowsPerBlock..<min((block + 1) * rowsPerBlock, spec.rowCount)
        let begin = block == 0 ? 0 : ends[block - 1]
        let bytes = try archive.withBytes(of: key, start + begin..<start + ends[block]) {
          Array($0)
        }
        guard let numbers = ResidueCode.numbers(bytes[...], count: own.count * width) else {
          throw .residueBroken(archive.path, tensor: spec.name, "has bytes that are no numbers")
        }
        let wanted = rows.clamped(to: own)
        let first = wanted.lowerBound - own.lowerBound
        out += numbers[first * width..<(first + wanted.count) * width]
      }
      return out
    }
  }
}
