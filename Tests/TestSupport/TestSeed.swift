import Foundation

/// The seed of tests that make up their input: a fixed one, so that a run says the same twice.
///
/// `GRAFT_TEST_SEED=17 make test` takes another, `GRAFT_TEST_SEED=random` a new one each time.
public let testSeed: Int = {
  switch ProcessInfo.processInfo.environment["GRAFT_TEST_SEED"] {
  case "random": Int.random(in: 2..<1_000_000)
  case let text?: Int(text) ?? 2
  case nil: 2
  }
}()
