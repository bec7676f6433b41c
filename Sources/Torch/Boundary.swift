import CTorch
import Diagnostics

/// Turns the status of a call into an error.
///
/// - Parameters:
///   - operation: what was being done, for the message.
///   - call: the call into libtorch.
func check(_ operation: StaticString, _ call: () -> ctorch_status) throws(GraftError) {
  let status = call()
  guard status != CTORCH_OK else { return }
  let reason = String(cString: ctorch_last_error())
  throw status == CTORCH_OUT_OF_MEMORY
    ? .tensorMemory("\(operation)", reason) : .tensorOperation("\(operation)", reason)
}

/// Runs a call that leaves a tensor.
func produce(
  _ operation: StaticString,
  _ call: (UnsafeMutablePointer<OpaquePointer?>) -> ctorch_status
) throws(GraftError) -> Tensor {
  var handle: OpaquePointer?
  try check(operation) { call(&handle) }
  guard let handle else { throw .tensorOperation("\(operation)", "no tensor came back") }
  return Tensor(owning: handle)
}

extension Array where Element == Int {
  /// The extents as libtorch takes them.
  var wide: [Int64] { map { Int64($0) } }
}
