import Checkpoint
import Diagnostics
import Glibc
import TensorCore

/// A head's numbers on their way from one form to another.
struct HeadValues {
  /// `[labels, hidden]`
  var weight: any TensorSource
  /// The type that the weight is written in.
  var dtype: DType
  /// `[labels]`; nil for none.
  var bias: (any TensorSource)?
  /// What was done to come here, for the record.
  var how = "the head, under its new name"

  var labelCount: Int { weight.spec.shape.first ?? 0 }

  /// A head that is there; of several layers the last, or all of them folded into one. A declared
  /// offset is its bias.
  init(
    _ head: Head, declared: HeadDeclaration, file: String, folding: Bool = false
  ) throws(GraftError) {
    weight = head.weight
    dtype = head.weight.spec.dtype
    bias = head.bias
    if folding {
      (weight, bias) = try head.folded()
      dtype = .f32
      how = "the product of the head's \(head.inner.count + 1) layers, rounded once to float32"
    }
    guard !declared.offset.isEmpty else { return }
    guard declared.offset.count == head.labelCount else {
      throw .offsetLabels(declared.offset.count, labels: head.labelCount, file: file)
    }
    guard bias == nil else { throw .offsetBesideBias(head, file: file) }
    bias = Self.vector(declared.offset, dtype: declared.offsetType, origin: file)
  }

  /// A fresh head: normal around zero, as transformers draws one.
  init(fresh: HeadDeclaration.Fresh, labels: Int, hidden: Int, dtype: DType) {
    var generator = SplitMix(state: fresh.seed)
    let floats = (0..<labels * hidden).map { _ in Float(fresh.deviation * generator.normal()) }
    weight = MemorySource(
      name: "score.weight", shape: [labels, hidden], floats: floats, origin: "a fresh head")
    self.dtype = dtype
    how = "drawn: normal with deviation \(fresh.deviation), seed \(fresh.seed)"
  }

  /// Takes (r - mean) / deviation into weight and bias, which become float32, rounded once.
  mutating func fold(_ normalization: RewardNormalization) throws(GraftError) {
    let divisor = normalization.deviation
    let floats = try weight.floats().map { Float(Double($0) / divisor) }
    let shifts = try biasValues() ?? [Double](repeating: 0, count: labelCount)
    let spec = weight.spec
    bias = MemorySource(
      name: "bias", shape: [labelCount],
      floats: shifts.map { Float(($0 - normalization.mean) / divisor) }, origin: weight.file)
    weight = MemorySource(
      name: spec.name, shape: spec.shape, floats: floats, origin: weight.file)
    dtype = .f32
    how = "the head, with (r - \(normalization.mean)) / \(divisor) taken into it"
  }

  /// The bias as numbers, exactly.
  func biasValues() throws(GraftError) -> [Double]? {
    guard let bias else { return nil }
    guard bias.spec.dtype == .f64 else { return try bias.floats().map(Double.init) }
    let bytes = try bias.bytes()
    return bytes.withUnsafeBytes { raw in
      (0..<bytes.count / 8).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
    }
  }

  /// A bias of zero for a form that needs one.
  static func zeroBias(_ count: Int, dtype: DType) -> any TensorSource {
    vector([Double](repeating: 0, count: count), dtype: dtype, origin: "a bias of zero")
  }

  private static func vector(
    _ values: [Double], dtype: DType, origin: String
  ) -> any TensorSource {
    let bytes: [UInt8] =
      switch dtype {
      case .f64: values.withUnsafeBytes { Array($0) }
      case .f16: values.map { Float16($0) }.withUnsafeBytes { Array($0) }
      case .bf16: values.map { BFloat16(Float($0)).bitPattern }.withUnsafeBytes { Array($0) }
      default: values.map { Float($0) }.withUnsafeBytes { Array($0) }
      }
    let written: DType = [.f64, .f16, .bf16].contains(dtype) ? dtype : .f32
    return MemorySource(
      spec: TensorSpec(name: "bias", dtype: written, shape: [values.count]), bytes: bytes,
      origin: origin)
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014), and Box and Muller's normal numbers from it.
struct SplitMix {
  var state: UInt64

  /// A number in (0, 1), a multiple of 2⁻⁵³ plus a half.
  mutating func unit() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return (Double((z ^ (z >> 31)) >> 11) + 0.5) / Double(1 << 53)
  }

  /// A normal number with deviation 1.
  mutating func normal() -> Double {
    let (u, v) = (unit(), unit())
    return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
  }
}
