public import Diagnostics
import FileIO
public import TensorCore

extension TorchFile {
  /// The size above which a tensor may not repeat its storage's elements, in bytes.
  static let repeatLimit = 64 << 20

  /// What a tensor is, checked against its storage.
  ///
  /// - Throws: ``GraftError`` if its type is not known here, its storage is missing or has another
  ///   size than the pickle says, or its elements lie outside it.
  public func spec(
    of tensor: TorchTensor, named name: String
  ) throws(GraftError) -> TensorSpec {
    guard let dtype = tensor.elementType.dtype else {
      throw .unknownElementType(path, tensor: name, type: tensor.elementType.name)
    }
    _ = try span(of: tensor, dtype, named: name)
    return TensorSpec(name: name, dtype: dtype, shape: tensor.shape)
  }

  /// Copies rows as little-endian elements, row-major.
  ///
  /// A row runs along the last axis, see `TensorSpec.rowCount`.
  ///
  /// - Parameters:
  ///   - rows: rows within `0..<spec.rowCount`.
  ///   - buffer: room for exactly these rows.
  public func read(
    _ tensor: TorchTensor, named name: String = "", rows: Range<Int>,
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let spec = try spec(of: tensor, named: name)
    guard let dtype = tensor.elementType.dtype, let width = dtype.byteWidth else { return }
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= spec.rowCount, "rows outside the tensor")
    let rowSize = spec.rowElementCount * width
    precondition(buffer.count == rows.count * rowSize, "a buffer of another size than the rows")
    guard unsafe !buffer.isEmpty else { return }
    let bytes = try place(of: tensor.storage, tensor: name).bytes()
    let start = try span(of: tensor, dtype, named: name)
    if tensor.isContiguous {
      let range = start + rows.lowerBound * rowSize..<start + rows.upperBound * rowSize
      try unsafe bytes.read(range, into: buffer)
    } else {
      let stepped = StridedRows(tensor: tensor, start: start, width: width, rows: rows)
      unsafe bytes.withBytes(0..<bytes.count) { unsafe stepped.copy(from: $0, to: buffer) }
      if rows.upperBound == spec.rowCount { bytes.release(0..<bytes.count) }
    }
    if isBigEndian { unsafe swapBytes(of: buffer, width: dtype == .c64 ? 4 : width) }
  }

  /// Copies consecutive elements of a tensor, counted in row-major order, as little-endian ones.
  ///
  /// - Parameters:
  ///   - elements: elements within the tensor.
  ///   - buffer: room for exactly these elements.
  /// - Throws: ``GraftError`` if the tensor does not lie in one run in its storage.
  public func read(
    _ tensor: TorchTensor, named name: String, elements: Range<Int>,
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    let spec = try spec(of: tensor, named: name)
    guard let dtype = tensor.elementType.dtype, let width = dtype.byteWidth else { return }
    guard tensor.isContiguous else { throw .tensorNotContiguous(path, tensor: name) }
    precondition(
      elements.lowerBound >= 0 && elements.upperBound <= spec.elementCount,
      "elements outside the tensor")
    precondition(buffer.count == elements.count * width, "a buffer of another size")
    guard unsafe !buffer.isEmpty else { return }
    let start = try span(of: tensor, dtype, named: name)
    let range = start + elements.lowerBound * width..<start + elements.upperBound * width
    let bytes = try place(of: tensor.storage, tensor: name).bytes()
    try unsafe bytes.read(range, into: buffer)
    if isBigEndian { unsafe swapBytes(of: buffer, width: dtype == .c64 ? 4 : width) }
  }

  /// Has the system fetch elements that will be read soon; does nothing where they cannot be read.
  public func willRead(_ tensor: TorchTensor, named name: String, elements: Range<Int>) {
    guard tensor.isContiguous, let dtype = tensor.elementType.dtype, let width = dtype.byteWidth,
      let start = try? span(of: tensor, dtype, named: name),
      let bytes = try? place(of: tensor.storage, tensor: name).bytes()
    else { return }
    bytes.willNeed(start + elements.lowerBound * width..<start + elements.upperBound * width)
  }

  /// Checks a tensor against its storage; returns the byte of the storage at which it begins.
  private func span(
    of tensor: TorchTensor, _ dtype: DType, named name: String
  ) throws(GraftError) -> Int {
    let storage = tensor.storage
    let place = try place(of: storage, tensor: name)
    let what = "\(dtype.rawValue) \(tensor.shape) from element \(tensor.offset)"
    guard let storageWidth = storage.elementType.byteWidth, let width = dtype.byteWidth else {
      throw .unknownElementType(path, tensor: name, type: storage.elementType.name)
    }
    let (claimed, tooLarge) = storage.elementCount.multipliedReportingOverflow(by: storageWidth)
    guard !tooLarge, claimed == place.byteCount else {
      throw .storageSize(
        path, tensor: name, key: storage.key, found: place.byteCount,
        expected: tooLarge ? .max : claimed)
    }
    guard let byteCount = TensorSpec.checkedByteCount(dtype: dtype, shape: tensor.shape) else {
      throw .tensorOutsideStorage(path, tensor: name, what)
    }
    let elements = claimed / width
    let (first, startOverflow) = (storage.start * storageWidth / width)
      .addingReportingOverflow(tensor.offset)
    guard !startOverflow, first <= elements else {
      throw .tensorOutsideStorage(path, tensor: name, what)
    }
    guard byteCount > 0 else { return first * width }
    var last = first
    for (extent, stride) in zip(tensor.shape, tensor.strides) {
      let (step, a) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (next, b) = last.addingReportingOverflow(step)
      guard !a, !b else { throw .tensorOutsideStorage(path, tensor: name, what) }
      last = next
    }
    guard last < elements else { throw .tensorOutsideStorage(path, tensor: name, what) }
    guard byteCount <= max(claimed, Self.repeatLimit) else {
      throw .tensorRepeats(path, tensor: name, what, storage: claimed)
    }
    return first * width
  }

  private func swapBytes(of buffer: UnsafeMutableRawBufferPointer, width: Int) {
    guard width > 1 else { return }
    for start in stride(from: 0, to: buffer.count, by: width) {
      for i in 0..<width / 2 {
        unsafe buffer.swapAt(start + i, start + width - 1 - i)
      }
    }
  }
}

/// Rows of a tensor whose elements do not follow one another.
private struct StridedRows {
  let tensor: TorchTensor
  /// The first byte of the tensor.
  let start: Int
  let width: Int
  let rows: Range<Int>

  /// Copies element by element; the caller has checked that all of them lie within `source`.
  func copy(from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    var extents = tensor.shape
    var strides = tensor.strides.map { $0 * width }
    let extent = extents.popLast() ?? 1
    let step = strides.popLast() ?? 0
    // The place of the first row along the outer axes.
    var indices = [Int](repeating: 0, count: extents.count)
    var position = start
    var rest = rows.lowerBound
    for axis in extents.indices.reversed() {
      indices[axis] = rest % extents[axis]
      rest /= extents[axis]
      position += indices[axis] * strides[axis]
    }
    var written = 0
    for _ in rows {
      for i in 0..<extent {
        let from = position + i * step
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[written..<written + width])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + width]))
        written += width
      }
      for axis in extents.indices.reversed() {
        indices[axis] += 1
        position += strides[axis]
        if indices[axis] < extents[axis] { break }
        position -= indices[axis] * strides[axis]
        indices[axis] = 0
      }
    }
  }
}
