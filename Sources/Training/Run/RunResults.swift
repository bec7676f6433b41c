import Checkpoint
import Datasets
import Diagnostics
import FileIO
import StrictJSON

/// The numbers of a finished run.
struct RunResults {
  let state: TrainingState
  let after: Evaluation?
  let data: RewardData
  let order: BatchOrder
  let longerAnswerAccuracy: Double

  /// `train_results.json`: transformers' keys, then Graft's.
  var training: JSONObject {
    let seconds = max(state.seconds, 1e-9)
    let steps = Double(max(1, state.step))
    var object = JSONObject()
    object["epoch"] = JSONValue(Double(state.step) / Double(order.stepsPerEpoch))
    object["train_loss"] = JSONValue(state.lossSum / steps)
    object["train_runtime"] = JSONValue(state.seconds)
    object["train_steps_per_second"] = JSONValue(steps / seconds)
    object["num_input_tokens_seen"] = JSONValue(state.tokens)
    object["train_seconds"] = JSONValue(state.seconds)
    object["tokens_per_second"] = JSONValue(Double(state.tokens) / seconds)
    object["training_pairs"] = JSONValue(data.train.count)
    object["truncated_pairs"] = JSONValue(data.account.truncated)
    object["dropped_pairs"] = JSONValue(data.account.dropped.count)
    if let before = state.before {
      object["held_out_accuracy_before"] = JSONValue(before.accuracy)
    }
    if let after {
      object["held_out_accuracy_after"] = JSONValue(after.accuracy)
      object["longer_answer_accuracy"] = JSONValue(longerAnswerAccuracy)
      object["held_out_pairs"] = JSONValue(after.pairs)
    }
    return object
  }

  /// `eval_results.json`.
  var evaluation: JSONObject? {
    guard let after else { return nil }
    var object = JSONObject()
    object["eval_loss"] = JSONValue(after.loss)
    object["eval_accuracy"] = JSONValue(after.accuracy)
    object["eval_reward_difference"] = JSONValue(after.rewardDifference)
    return object
  }

  /// Writes the result files into the directory that is being made.
  func write(to output: OutputDirectory) throws(GraftError) {
    var all = training
    try put(training, RunFile.trainResults, output)
    if let evaluation {
      for (key, value) in evaluation { all[key] = value }
      try put(evaluation, RunFile.evalResults, output)
    }
    try put(all, RunFile.allResults, output)
  }

  /// What a person wants to know at the end.
  var sentence: String {
    var text =
      "\(state.step) steps in \(clock(state.seconds)), "
      + "\(fixed(Double(state.tokens) / max(state.seconds, 1e-9), 0)) tokens/s"
    if let before = state.before, let after {
      text +=
        "; held-out accuracy \(percent(before.accuracy)) before, \(percent(after.accuracy)) after; "
        + "always choosing the longer answer: \(percent(longerAnswerAccuracy))"
    }
    return text
  }

  private func put(
    _ object: JSONObject, _ name: String, _ output: OutputDirectory
  ) throws(GraftError) {
    try output.write(JSONValue.object(object).text(.pretty) + "\n", to: name)
  }
}
