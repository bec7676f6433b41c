import Diagnostics
import Synchronization

/// Numbers that are made when they are first needed, and given back when all rows are done.
final class Transient: Sendable {
  private struct State {
    var values: [Double]?
    var rowsLeft: Int
  }

  private let state: Mutex<State>
  private let make: @Sendable () throws(GraftError) -> [Double]

  /// - Parameter rows: how many rows will be asked for.
  init(rows: Int, make: @escaping @Sendable () throws(GraftError) -> [Double]) {
    state = Mutex(State(values: nil, rowsLeft: rows))
    self.make = make
  }

  /// The numbers, for some rows that are asked for once.
  func values(for rows: Int) throws(GraftError) -> [Double] {
    let found = state.withLock { state -> [Double]? in
      guard let values = state.values else { return nil }
      state.rowsLeft -= rows
      if state.rowsLeft <= 0 { state.values = nil }
      return values
    }
    if let found { return found }
    // Two threads may both make them the first time; that is cheaper than to wait in a lock.
    let made = try make()
    state.withLock { state in
      state.rowsLeft -= rows
      state.values = state.rowsLeft > 0 ? made : nil
    }
    return made
  }
}
