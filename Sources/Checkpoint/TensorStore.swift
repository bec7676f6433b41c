public import Diagnostics
import TensorCore

/// All tensors of a model or adapter, by name, wherever its files put them.
public struct TensorStore: Sendable {
  /// The names, sorted.
  public let names: [String]
  /// The paths of the files that hold the tensors.
  public let files: [String]
  private let sources: [String: any TensorSource]

  /// The tensor of this name.
  public subscript(name: String) -> (any TensorSource)? { sources[name] }

  /// The tensors in the order of their bytes on disk: file by file, front to back.
  public let inFileOrder: [any TensorSource]

  /// Collects sources from anywhere.
  ///
  /// - Throws: ``GraftError`` if a name appears twice.
  public init(_ tensors: [any TensorSource], files: [String]) throws(GraftError) {
    var sources: [String: any TensorSource] = [:]
    for tensor in tensors {
      if let other = sources.updateValue(tensor, forKey: tensor.spec.name) {
        throw .duplicateTensor(tensor.spec.name, in: other.file, and: tensor.file)
      }
    }
    self.sources = sources
    self.files = files
    inFileOrder = tensors
    names = sources.keys.sorted()
  }
}
