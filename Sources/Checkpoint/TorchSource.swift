public import Diagnostics
public import TensorCore
public import TorchArchive

/// A tensor in a file that `torch.save` wrote.
public struct TorchSource: ElementSource {
  /// Name, type and shape.
  public let spec: TensorSpec
  /// The tensor as the file describes it; tied tensors share its storage.
  public let tensor: TorchTensor
  private let archive: TorchFile

  /// A tensor of `archive`, checked against its storage.
  public init(
    _ tensor: TorchTensor, named name: String, in archive: TorchFile
  ) throws(GraftError) {
    spec = try archive.spec(of: tensor, named: name)
    self.tensor = tensor
    self.archive = archive
  }

  /// The path of the archive.
  public var file: String { archive.path }

  /// Copies rows out of the storage, in row-major order whatever the tensor's strides.
  public func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    try archive.read(tensor, named: spec.name, rows: rows, into: buffer)
  }

  /// Copies consecutive elements, counted in row-major order.
  ///
  /// - Throws: ``GraftError`` if the tensor's elements do not follow one another in the storage.
  public func read(
    elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    try archive.read(tensor, named: spec.name, elements: elements, into: buffer)
  }

  /// Has the elements fetched, where they follow one another in a file.
  public func willRead(elements: Range<Int>) {
    archive.willRead(tensor, named: spec.name, elements: elements)
  }
}
