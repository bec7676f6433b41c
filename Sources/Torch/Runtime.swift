import CTorch
public import Diagnostics

/// Settings and state of libtorch in this process.
public enum Runtime {
  /// libtorch's version, as in `2.15.0`.
  public static var version: String { String(cString: ctorch_version()) }

  /// Whether libtorch's CUDA half is loaded and sees a device.
  public static var hasCUDA: Bool { ctorch_has_cuda() }

  /// Whether this processor multiplies bfloat16 matrices in hardware (AVX512-BF16, AMX).
  public static var hasFastBFloat16: Bool { ctorch_has_fast_bfloat16() }

  /// The number of threads that one operation may use.
  public static var threads: Int { Int(ctorch_threads()) }

  /// Sets ``threads``.
  public static func setThreads(_ count: Int) throws(GraftError) {
    try check("setting threads") { ctorch_set_threads(Int32(clamping: count)) }
  }

  /// Seeds all of libtorch's generators, as `torch.manual_seed` does.
  public static func manualSeed(_ seed: UInt64) throws(GraftError) {
    try check("seeding") { ctorch_manual_seed(seed) }
  }

  /// The state of the CPU generator, for an exact resume.
  public static func randomState() throws(GraftError) -> [UInt8] {
    try produce("reading the generator") { ctorch_random_state($0) }.bytes()
  }

  /// Restores what ``randomState()`` returned.
  public static func setRandomState(_ state: [UInt8]) throws(GraftError) {
    let tensor = try Tensor(state, shape: [state.count])
    try check("restoring the generator") { ctorch_set_random_state(tensor.handle) }
  }
}
