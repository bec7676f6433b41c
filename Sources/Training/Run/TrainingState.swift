import Diagnostics
import StrictJSON

/// What a run must know, besides weights and optimiser, to go on exactly.
struct TrainingState: Sendable, Equatable {
  /// The optimiser steps done.
  var step = 0
  /// The tokens of all sequences so far, counted as if nothing were shared.
  var tokens = 0
  /// The seconds spent in training steps.
  var seconds = 0.0
  /// The sum of the losses of all steps.
  var lossSum = 0.0
  /// What was summed since the last line of the log.
  var window = Window()
  /// The evaluation before the first step.
  var before: Evaluation?

  /// Sums over the steps since the last line of the log.
  struct Window: Sendable, Equatable {
    var steps = 0
    var lossSum = 0.0
    var hits = 0.0
    var pairs = 0
    var tokens = 0
    var seconds = 0.0
  }

  /// What must be the same for a run to go on: what the data and the model are, and in which order
  /// and by which rule they are used.
  typealias Fingerprint = JSONObject
}

extension TrainingState {
  /// As it stands in a checkpoint.
  func json(fingerprint: Fingerprint) -> JSONValue {
    var object = JSONObject()
    object["graft_training_state"] = 1
    object["step"] = JSONValue(step)
    object["tokens"] = JSONValue(tokens)
    object["seconds"] = JSONValue(seconds)
    object["loss_sum"] = JSONValue(lossSum)
    object["window"] = [
      "steps": JSONValue(window.steps), "loss_sum": JSONValue(window.lossSum),
      "hits": JSONValue(window.hits), "pairs": JSONValue(window.pairs),
      "tokens": JSONValue(window.tokens), "seconds": JSONValue(window.seconds),
    ]
    if let before { object["evaluation_before"] = before.json }
    object["run"] = .object(fingerprint)
    return .object(object)
  }

  /// Reads what ``json(fingerprint:)`` wrote.
  ///
  /// - Throws: ``GraftError`` if something is missing, or belongs to another run than
  ///   `fingerprint`.
  init(_ json: JSONValue, fingerprint: Fingerprint, file: String) throws(GraftError) {
    func int(_ value: JSONValue?, _ name: String) throws(GraftError) -> Int {
      guard let number = value?.int, number >= 0 else { throw .checkpointLacks(name, file: file) }
      return number
    }
    func number(_ value: JSONValue?, _ name: String) throws(GraftError) -> Double {
      guard let number = value?.double, number.isFinite else {
        throw .checkpointLacks(name, file: file)
      }
      return number
    }
    guard json["graft_training_state"] == 1 else {
      throw .checkpointLacks("graft_training_state", file: file)
    }
    guard let run = json["run"]?.object else { throw .checkpointLacks("run", file: file) }
    for (key, value) in fingerprint where run[key] != value {
      throw .checkpointOfOtherRun(
        key, found: run[key]?.text() ?? "nothing", expected: value.text(), file: file)
    }
    step = try int(json["step"], "step")
    tokens = try int(json["tokens"], "tokens")
    seconds = try number(json["seconds"], "seconds")
    lossSum = try number(json["loss_sum"], "loss_sum")
    window = Window(
      steps: try int(json["window"]?["steps"], "window.steps"),
      lossSum: try number(json["window"]?["loss_sum"], "window.loss_sum"),
      hits: try number(json["window"]?["hits"], "window.hits"),
      pairs: try int(json["window"]?["pairs"], "window.pairs"),
      tokens: try int(json["window"]?["tokens"], "window.tokens"),
      seconds: try number(json["window"]?["seconds"], "window.seconds"))
    before = json["evaluation_before"].flatMap { Evaluation($0) }
  }
}
