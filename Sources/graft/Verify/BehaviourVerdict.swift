import ArgumentParser
import Diagnostics
import StrictJSON

/// What the engine found out by running the models.
struct BehaviourVerdict {
  /// What the engine printed.
  let report: JSONValue
  /// Whether the models behave as they must.
  let passed: Bool

  /// Runs `graft-engine behaviour`.
  ///
  /// - Throws: ``GraftError`` if it cannot be run or gives no verdict, and `ExitCode` if it has said
  ///   itself what is wrong.
  init(base: String, merged: String, adapter: String) throws {
    let answer = try Engine.run(["behaviour", base, merged, adapter, "--json"])
    let path = try Engine.path()
    let itsErrors = [GraftError.Kind.usage, .input, .environment].map(\.rawValue)
    if itsErrors.contains(answer.code) { throw ExitCode(answer.code) }
    guard [0, GraftError.Kind.checkFailed.rawValue].contains(answer.code),
      let report = try? JSONValue.parse(answer.output, allowingNonFinite: true)
    else { throw GraftError.engineFailed(path, code: answer.code) }
    self.report = report
    passed = answer.code == 0 && report["passed"]?.bool != false
  }

  /// Lines for people: the rewards of each text, then the report's plain members.
  var text: [String] {
    let title = passed ? Style.good("behaviour holds:") : Style.bad("behaviour differs:")
    let names = ["base", "adapted", "merged"]
    var rewards = [["reward of", "base alone", "base + adapter", "merged"]]
    for (i, entry) in (report["rewards"]?.array ?? []).enumerated() {
      let cells = names.map { entry[$0]?.double.map { fixed($0, 4) } ?? "-" }
      rewards.append(["text \(i + 1)"] + cells)
    }
    let facts = (report.object ?? JSONObject()).compactMap { key, value -> [String]? in
      switch value {
      case .number, .string: [key.replacing("_", with: " "), value.string ?? value.text()]
      default: nil
      }
    }
    return ["", "\(title) rewards of base with adapter against the merged model's"]
      + (rewards.count > 1 ? table(rewards, alignRight: [1, 2, 3]) : []) + table(facts)
  }
}
