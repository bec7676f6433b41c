import CTorch

/// Where a tensor lives and is computed on.
public enum Device: Sendable, Hashable {
  case cpu
  /// A GPU by index; only where ``Runtime/hasCUDA``.
  case cuda(Int)

  init(_ device: ctorch_device) {
    self = device.kind == CTORCH_CUDA ? .cuda(Int(device.index)) : .cpu
  }

  var native: ctorch_device {
    switch self {
    case .cpu: ctorch_device(kind: CTORCH_CPU, index: 0)
    case .cuda(let index): ctorch_device(kind: CTORCH_CUDA, index: Int32(index))
    }
  }
}
