public import TensorCore

/// The element type of a torch storage or tensor, by torch's name for it.
public struct TorchElementType: Sendable, Hashable {
  /// The name, as in "bfloat16"; as the file has it for types that are not known here.
  public let name: String
  /// The type, or nil for one that is not known here (complex128, quantised types).
  public let dtype: DType?
  /// The size of one element in bytes; nil where even that is not known.
  public let byteWidth: Int?

  /// The type of `torch.NAME`.
  init(dtypeName name: String) {
    let known = name.contains("_x2") ? nil : DType(anyName: name)
    let dtype = known.flatMap { $0.torchName == name && $0.byteWidth != nil ? $0 : nil }
    self.name = name
    self.dtype = dtype
    byteWidth = dtype?.byteWidth ?? (name == "complex128" ? 16 : nil)
  }

  /// The type of a storage class: `torch.FloatStorage`, `torch.storage.UntypedStorage`.
  init?(storageClass global: PickleGlobal) {
    guard global.module.hasPrefix("torch"), global.name.hasSuffix("Storage") else { return nil }
    switch global.name {
    case "DoubleStorage": self.init(dtypeName: "float64")
    case "FloatStorage": self.init(dtypeName: "float32")
    case "HalfStorage": self.init(dtypeName: "float16")
    case "BFloat16Storage": self.init(dtypeName: "bfloat16")
    case "LongStorage": self.init(dtypeName: "int64")
    case "IntStorage": self.init(dtypeName: "int32")
    case "ShortStorage": self.init(dtypeName: "int16")
    case "CharStorage": self.init(dtypeName: "int8")
    case "ByteStorage", "UntypedStorage": self.init(dtypeName: "uint8")
    case "BoolStorage": self.init(dtypeName: "bool")
    case "ComplexFloatStorage": self.init(dtypeName: "complex64")
    case "ComplexDoubleStorage": self.init(dtypeName: "complex128")
    default: self.init(dtypeName: global.name)
    }
  }
}
