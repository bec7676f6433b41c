public import Diagnostics

extension GraftError.Code {
  /// A tensor operation failed.
  public static let tensorOperation = Self("tensor-operation", .environment)
  /// Memory ran out in a tensor operation.
  public static let tensorMemory = Self("out-of-memory", .environment)
  /// libtorch does not hold tensors of this element type.
  public static let tensorDType = Self("tensor-dtype", .input)
}

extension GraftError {
  static func tensorOperation(_ operation: String, _ reason: String) -> Self {
    Self(.tensorOperation, "\(operation): \(reason)")
  }

  static func tensorMemory(_ operation: String, _ reason: String) -> Self {
    Self(
      .tensorMemory, "\(operation): memory ran out\(reason.isEmpty ? "" : ": \(reason)")",
      remedy: "Use smaller batches or shorter sequences")
  }

  static func tensorDType(_ name: String) -> Self {
    Self(.tensorDType, "element type \(name) cannot be computed with")
  }
}
