import StrictJSON

/// One line of the log: for people, for the bar, and for `trainer_log.jsonl`.
struct LogLine {
  private let state: TrainingState
  private let step: StepSums
  private let rate: Double
  private let norm: Double
  private let totalSteps: Int
  private let stepsPerEpoch: Int
  private let remaining: Double

  init(
    _ state: TrainingState, _ step: StepSums, rate: Double, norm: Double, totalSteps: Int,
    stepsPerEpoch: Int, remaining: Double
  ) {
    self.state = state
    self.step = step
    self.rate = rate
    self.norm = norm
    self.totalSteps = totalSteps
    self.stepsPerEpoch = stepsPerEpoch
    self.remaining = remaining
  }

  private var loss: Double { state.window.lossSum / Double(max(1, state.window.steps)) }
  private var accuracy: Double { state.window.hits / Double(max(1, state.window.pairs)) }
  private var speed: Double { Double(state.window.tokens) / max(state.window.seconds, 1e-9) }

  /// What stands beside the bar.
  var bar: String {
    "loss \(fixed(loss, 4))  accuracy \(percent(accuracy))  \(fixed(speed, 0)) tokens/s  "
      + "\(clock(remaining)) left"
  }

  /// A line of a plain log.
  var text: String {
    "step \(state.step)/\(totalSteps)  loss \(fixed(loss, 4))  accuracy \(percent(accuracy))  "
      + "lr \(scientific(rate))  grad norm \(fixed(norm, 3))  \(fixed(speed, 0)) tokens/s  "
      + "\(clock(remaining)) left"
  }

  /// An object with LLaMA-Factory's keys, then `accuracy`, `grad_norm`, `tokens_per_second` and
  /// `total_tokens`. Loss and accuracy are means over the steps since the last line.
  var json: JSONObject {
    var object = head
    object["loss"] = JSONValue(loss)
    object["lr"] = JSONValue(rate)
    addTail(to: &object)
    object["accuracy"] = JSONValue(accuracy)
    object["grad_norm"] = JSONValue(norm)
    object["tokens_per_second"] = JSONValue(round(speed, 10))
    object["total_tokens"] = JSONValue(state.tokens)
    return object
  }

  /// The object of an evaluation at this step.
  func json(with evaluation: Evaluation) -> JSONObject {
    var object = head
    object["eval_loss"] = JSONValue(evaluation.loss)
    addTail(to: &object)
    object["eval_accuracy"] = JSONValue(evaluation.accuracy)
    return object
  }

  private var head: JSONObject {
    var object = JSONObject()
    object["current_steps"] = JSONValue(state.step)
    object["total_steps"] = JSONValue(totalSteps)
    return object
  }

  private func addTail(to object: inout JSONObject) {
    object["epoch"] = JSONValue(round(Double(state.step) / Double(stepsPerEpoch), 100))
    object["percentage"] = JSONValue(round(100 * Double(state.step) / Double(totalSteps), 100))
    object["elapsed_time"] = .string(clock(state.seconds))
    object["remaining_time"] = .string(clock(remaining))
  }

  private func round(_ value: Double, _ scale: Double) -> Double {
    (value * scale).rounded() / scale
  }
}

/// The pace of this process, for the time that is left.
struct Pace {
  private var steps = 0
  private var seconds = 0.0

  mutating func add(steps: Int, seconds: Double) {
    self.steps += steps
    self.seconds += seconds
  }

  var secondsPerStep: Double { seconds / Double(max(1, steps)) }
}

extension TrainingState {
  /// Counts a step.
  mutating func add(_ sums: StepSums, seconds: Double) {
    step += 1
    tokens += sums.tokens
    self.seconds += seconds
    lossSum += sums.loss
    window.steps += 1
    window.lossSum += sums.loss
    window.hits += sums.hits
    window.pairs += sums.pairs
    window.tokens += sums.tokens
    window.seconds += seconds
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}

/// A share as `87.5 %`.
func percent(_ share: Double) -> String { "\(fixed(100 * share, 1)) %" }

/// A small number as `1.0e-04`.
func scientific(_ value: Double) -> String {
  guard value > 0, value.isFinite else { return "0" }
  var (mantissa, exponent) = (value, 0)
  while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
  while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
  return "\(fixed(mantissa, 2))e\(exponent)"
}
