import Glibc
import Synchronization

/// The first signal that asked the run to stop, or 0.
private let received = Atomic<Int32>(0)

/// Turns Ctrl-C and SIGTERM into a question that a loop can ask between two steps.
///
/// The second signal ends the process as it would without this.
public struct Interruption: Sendable {
  /// Catches nothing by itself; for a caller whose signals are its own affair.
  public init() {}

  /// Begins to catch SIGINT and SIGTERM, also where the starting process had blocked them.
  public static func install() -> Interruption {
    var mask = sigset_t()
    sigemptyset(&mask)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&mask, number)
      Glibc.signal(number) { number in
        received.store(number, ordering: .relaxed)
        Glibc.signal(number, SIG_DFL)
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    return Interruption()
  }

  /// The signal that arrived, or nil.
  public var signal: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// What a shell expects of a process that ends by `signal`.
  public static func exitCode(for signal: Int32) -> Int32 { 128 + signal }
}
