package import Diagnostics
import Glibc

/// State that threads share, with waiting until it is as one of them needs it.
@safe package final class Monitor<State>: @unchecked Sendable {
  private var state: State
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init(_ state: State) {
    self.state = state
    unsafe mutex = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Reads or changes the state, alone.
  package func withLock<R>(_ body: (inout State) -> R) -> R {
    unsafe pthread_mutex_lock(mutex)
    defer {
      unsafe pthread_cond_broadcast(condition)
      unsafe pthread_mutex_unlock(mutex)
    }
    return body(&state)
  }

  /// Waits until `body` gives something; it is tried again after each change by another thread.
  package func wait<R>(for body: (inout State) -> R?) -> R {
    unsafe pthread_mutex_lock(mutex)
    defer {
      unsafe pthread_cond_broadcast(condition)
      unsafe pthread_mutex_unlock(mutex)
    }
    while true {
      if let result = body(&state) { return result }
      unsafe pthread_cond_wait(condition, mutex)
    }
  }
}

/// A queue between threads. A sender waits while it is full, a receiver while it is empty.
package final class Channel<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var isClosed = false
    var isCancelled = false
  }

  private let state = Monitor(State())
  private let capacity: Int

  package init(capacity: Int) { self.capacity = capacity }

  /// Appends an element; does nothing after ``cancel()``.
  package func send(_ element: Element) {
    _ = state.wait { state -> Bool? in
      if state.isCancelled { return true }
      guard state.elements.count < capacity else { return nil }
      state.elements.append(element)
      return true
    }
  }

  /// The next element, or nil where none will come.
  package func receive() -> Element? {
    state.wait { state -> Element?? in
      if state.isCancelled { return .some(nil) }
      if !state.elements.isEmpty { return state.elements.removeFirst() }
      return state.isClosed ? .some(nil) : nil
    }
  }

  /// The next element, or nil where none has come yet.
  package func poll() -> Element? {
    state.withLock { $0.isCancelled || $0.elements.isEmpty ? nil : $0.elements.removeFirst() }
  }

  /// Says that nothing more will be sent.
  package func close() { state.withLock { $0.isClosed = true } }

  /// Ends all waiting; what is in the queue is not received.
  package func cancel() { state.withLock { $0.isCancelled = true } }
}

/// Threads of the system, for work that waits: on disks, and on each other.
package final class Threads {
  private var started: [pthread_t] = []

  package init() {}

  /// Runs `body` on a new thread.
  package func run(_ body: @escaping @Sendable () -> Void) throws(GraftError) {
    let box = unsafe Unmanaged.passRetained(Body(run: body))
    var thread = pthread_t()
    let failed = unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        }
        return nil
      }, box.toOpaque())
    if failed == 0 {
      started.append(thread)
    } else {
      unsafe box.release()
      throw .system("starting", "a thread", errno: failed)
    }
  }

  /// Waits for all of them to end.
  package func join() {
    for thread in started { _ = pthread_join(thread, nil) }
    started = []
  }

  private final class Body {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }
}

/// How many threads are worth computing with.
package let coreCount = max(1, min(16, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
