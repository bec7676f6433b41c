import CTorch
public import Diagnostics

// MARK: - Element by element

extension Tensor {
  private func unary(_ operation: ctorch_unary) throws(GraftError) -> Tensor {
    try produce("computing elements") { ctorch_apply_unary(operation, handle, $0) }
  }

  private static func binary(
    _ operation: ctorch_binary, _ a: Tensor, _ b: Tensor
  ) throws(GraftError) -> Tensor {
    try produce("combining elements") { ctorch_apply_binary(operation, a.handle, b.handle, $0) }
  }

  private static func scalar(
    _ operation: ctorch_binary, _ a: Tensor, _ b: Double
  ) throws(GraftError) -> Tensor {
    try produce("combining elements") { ctorch_apply_scalar(operation, a.handle, b, $0) }
  }

  /// The sum, with broadcasting.
  public static func + (a: Tensor, b: Tensor) throws(GraftError) -> Tensor {
    try binary(CTORCH_ADD, a, b)
  }

  /// The difference, with broadcasting.
  public static func - (a: Tensor, b: Tensor) throws(GraftError) -> Tensor {
    try binary(CTORCH_SUBTRACT, a, b)
  }

  /// The product of elements, with broadcasting.
  public static func * (a: Tensor, b: Tensor) throws(GraftError) -> Tensor {
    try binary(CTORCH_MULTIPLY, a, b)
  }

  /// The quotient of elements, with broadcasting.
  public static func / (a: Tensor, b: Tensor) throws(GraftError) -> Tensor {
    try binary(CTORCH_DIVIDE, a, b)
  }

  /// Adds a number.
  public static func + (a: Tensor, b: Double) throws(GraftError) -> Tensor {
    try scalar(CTORCH_ADD, a, b)
  }

  /// Subtracts a number.
  public static func - (a: Tensor, b: Double) throws(GraftError) -> Tensor {
    try scalar(CTORCH_SUBTRACT, a, b)
  }

  /// Multiplies by a number.
  public static func * (a: Tensor, b: Double) throws(GraftError) -> Tensor {
    try scalar(CTORCH_MULTIPLY, a, b)
  }

  /// Divides by a number.
  public static func / (a: Tensor, b: Double) throws(GraftError) -> Tensor {
    try scalar(CTORCH_DIVIDE, a, b)
  }

  /// The negative.
  public static prefix func - (a: Tensor) throws(GraftError) -> Tensor {
    try a.unary(CTORCH_NEGATIVE)
  }

  /// e to the power of each element.
  public func exp() throws(GraftError) -> Tensor { try unary(CTORCH_EXP) }
  /// The natural logarithm.
  public func log() throws(GraftError) -> Tensor { try unary(CTORCH_LOG) }
  /// The square root.
  public func squareRoot() throws(GraftError) -> Tensor { try unary(CTORCH_SQRT) }
  /// One over the square root.
  public func reciprocalSquareRoot() throws(GraftError) -> Tensor { try unary(CTORCH_RSQRT) }
  /// The absolute value.
  public func magnitude() throws(GraftError) -> Tensor { try unary(CTORCH_ABS) }
  /// The square.
  public func squared() throws(GraftError) -> Tensor { try unary(CTORCH_SQUARE) }
  /// 1 / (1 + e^-x).
  public func sigmoid() throws(GraftError) -> Tensor { try unary(CTORCH_SIGMOID) }
  /// log(sigmoid(x)), stable for large negative x.
  public func logSigmoid() throws(GraftError) -> Tensor { try unary(CTORCH_LOG_SIGMOID) }
  /// x · sigmoid(x).
  public func silu() throws(GraftError) -> Tensor { try unary(CTORCH_SILU) }
  /// Whether all elements are finite numbers.
  public func isFinite() throws(GraftError) -> Bool {
    try unary(CTORCH_IS_FINITE).min().item() != 0
  }

  /// Zeroes elements with this probability and scales the others by 1/(1-p), from libtorch's
  /// generator.
  public func dropout(_ probability: Double) throws(GraftError) -> Tensor {
    try produce("dropout") { ctorch_dropout(handle, probability, $0) }
  }
}

// MARK: - Reductions

extension Tensor {
  private func reduced(
    _ operation: ctorch_reduction, _ dimension: Int?, _ keep: Bool
  ) throws(GraftError) -> Tensor {
    try produce("reducing") {
      ctorch_reduce(operation, handle, dimension == nil, Int64(dimension ?? 0), keep, $0)
    }
  }

  /// The sum over a dimension, or over all elements.
  public func sum(along dimension: Int? = nil, keeping: Bool = false) throws(GraftError) -> Tensor {
    try reduced(CTORCH_SUM, dimension, keeping)
  }

  /// The mean over a dimension, or over all elements.
  public func mean(
    along dimension: Int? = nil, keeping: Bool = false
  ) throws(GraftError) -> Tensor {
    try reduced(CTORCH_MEAN, dimension, keeping)
  }

  /// The largest element over a dimension, or of all.
  public func max(along dimension: Int? = nil, keeping: Bool = false) throws(GraftError) -> Tensor {
    try reduced(CTORCH_MAX, dimension, keeping)
  }

  /// The smallest element over a dimension, or of all.
  public func min(along dimension: Int? = nil, keeping: Bool = false) throws(GraftError) -> Tensor {
    try reduced(CTORCH_MIN, dimension, keeping)
  }

  /// log(Σ e^x) over a dimension, or over all elements.
  public func logSumExp(
    along dimension: Int? = nil, keeping: Bool = false
  ) throws(GraftError) -> Tensor {
    try reduced(CTORCH_LOG_SUM_EXP, dimension, keeping)
  }

  /// The int64 index of the largest element along `dimension`.
  public func argMax(along dimension: Int) throws(GraftError) -> Tensor {
    try produce("finding the largest") { ctorch_arg_max(handle, Int64(dimension), $0) }
  }

  /// e^x / Σ e^x along `dimension`.
  public func softmax(along dimension: Int = -1) throws(GraftError) -> Tensor {
    try produce("softmax") { ctorch_softmax(handle, Int64(dimension), false, $0) }
  }

  /// log(softmax(x)) along `dimension`.
  public func logSoftmax(along dimension: Int = -1) throws(GraftError) -> Tensor {
    try produce("log-softmax") { ctorch_softmax(handle, Int64(dimension), true, $0) }
  }
}

// MARK: - Matrix products

extension Tensor {
  /// The matrix product, over the last two dimensions and broadcast over the others.
  public func matmul(_ other: Tensor) throws(GraftError) -> Tensor {
    try produce("multiplying matrices") { ctorch_matmul(handle, other.handle, $0) }
  }

  /// x Wᵀ + b.
  ///
  /// - Parameters:
  ///   - weight: `[out, in]`.
  ///   - bias: `[out]`.
  public func linear(_ weight: Tensor, bias: Tensor? = nil) throws(GraftError) -> Tensor {
    try produce("linear") { ctorch_linear(handle, weight.handle, bias?.handle, $0) }
  }

  /// The rows of this matrix `[vocabulary, size]` that `indices` name, shaped `indices + [size]`.
  public func embedding(_ indices: Tensor) throws(GraftError) -> Tensor {
    try produce("embedding") { ctorch_embedding(handle, indices.handle, $0) }
  }
}

// MARK: - In place

extension Tensor {
  /// Adds `factor` · `other`.
  public func add(_ other: Tensor, factor: Double = 1) throws(GraftError) {
    try check("adding in place") { ctorch_add_in_place(handle, other.handle, factor) }
  }

  /// Multiplies every element.
  public func scale(by factor: Double) throws(GraftError) {
    try check("scaling in place") { ctorch_scale_in_place(handle, factor) }
  }

  /// Sets every element.
  public func fill(_ value: Double) throws(GraftError) {
    try check("filling in place") { ctorch_fill_in_place(handle, value) }
  }

  /// Takes over the elements of a tensor of the same shape, converted where types differ.
  public func copy(from source: Tensor) throws(GraftError) {
    try check("copying in place") { ctorch_copy_in_place(handle, source.handle) }
  }
}
