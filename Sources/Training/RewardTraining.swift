import Datasets
public import Diagnostics
import FileIO
import LanguageModels
import StrictJSON
import TensorCore
import Torch

/// How a training run ended.
public enum TrainingOutcome: Sendable, Equatable {
  /// It is complete; the adapter with its head is in the output directory.
  case finished(directory: String)
  /// A signal asked it to stop after `step`; `checkpoint` resumes it, if a step was done.
  case interrupted(signal: Int32, step: Int, checkpoint: String?)
}

/// Trains a reward model: from a configuration to an adapter directory with its head.
///
/// - Parameter interruption: asked after each step whether to stop.
/// - Throws: ``GraftError`` for what is wrong with configuration, data, model, checkpoint or disk,
///   and where the loss stops being a number.
public func trainRewardModel(
  _ config: TrainingConfig, interruption: Interruption = Interruption()
) throws(GraftError) -> TrainingOutcome {
  var display = TrainingDisplay()
  for key in config.ignored { display.say("note: '\(key.key)' changes nothing: \(key.reason)") }

  // Look at everything before anything is changed.
  let directory = try RunDirectory(config)
  let encoder = try config.encoder()
  if let note = try encoder.formatNote() { display.say(note) }
  let data = try RewardData(config, encoder: encoder)
  for line in data.summary { display.say(line) }
  let loaded = try loadForTraining(config, resuming: directory.resumed)
  let model = loaded.model
  let adapter = try AdapterOutput(
    config, loaded, encoder: encoder, dataFiles: data.files)
  let fingerprint = config.fingerprint(data, adapter)
  let parameters = model.trainableParameters.map(\.tensor)
  let optimizer = try AdamW(
    parameters,
    settings: AdamW.Settings(
      beta1: config.adamBeta1, beta2: config.adamBeta2, epsilon: config.adamEpsilon,
      weightDecay: config.weightDecay))
  let order = BatchOrder(config, count: data.train.count)
  let totalSteps =
    config.maxSteps ?? Int((config.epochs * Double(order.stepsPerEpoch)).rounded(.up))
  let schedule = LearningRateSchedule(config, totalSteps: totalSteps)
  var state = TrainingState()
  if let checkpoint = directory.resumed {
    state = try TrainingCheckpoint.restore(checkpoint, model, optimizer, fingerprint: fingerprint)
    guard state.step < totalSteps || !directory.isFinished else {
      throw .nothingLeftToDo(directory.path, step: state.step)
    }
    display.say("going on from \(checkpoint)")
  }
  try directory.prepare()
  let log = try TrainingLog(directory: directory.path, upTo: state.step)
  let count = parameters.reduce(0) { $0 + $1.elementCount }
  display.say("\(count) trainable parameters, \(totalSteps) steps")

  let longerAnswerAccuracy = try data.heldOut.longerAnswerAccuracy()

  // Accuracy before the first step: about chance for a fresh head.
  if state.before == nil, !data.heldOut.isEmpty {
    guard let result = try measure(model, data.heldOut, config, &display, interruption) else {
      return .interrupted(signal: interruption.signal ?? 0, step: 0, checkpoint: nil)
    }
    state.before = result
    display.say(
      "before training: held-out accuracy \(percent(result.accuracy)); always choosing the "
        + "longer answer: \(percent(longerAnswerAccuracy))")
  }

  var pace = Pace()
  model.isTraining = true
  while state.step < totalSteps {
    let started = ContinuousClock.now
    let rate = schedule.rate(at: state.step)
    if let dropout = model.decoder.lora?.dropout, dropout > 0 {
      try Runtime.manualSeed(UInt64(bitPattern: Int64(config.seed)) &+ UInt64(state.step))
    }

    // Forward, backward, clip, move.
    let batches = try order.batches(ofStep: state.step).map { (places) throws(GraftError) in
      try data.train.pairs(places)
    }
    let sums = try model.accumulateGradients(batches)
    let limit = config.maxGradientNorm > 0 ? config.maxGradientNorm : .infinity
    let norm = try clipGradients(of: parameters, to: limit)
    guard sums.loss.isFinite, norm.isFinite else {
      throw .diverged(step: state.step + 1, loss: sums.loss, norm: norm)
    }
    try optimizer.step(learningRate: rate)
    try optimizer.clearGradients()

    // Account, show, log.
    let seconds = (ContinuousClock.now - started).seconds
    state.add(sums, seconds: seconds)
    pace.add(steps: 1, seconds: seconds)
    let isLast = state.step == totalSteps
    let isEpochEnd = state.step % order.stepsPerEpoch == 0
    let line = LogLine(
      state, sums, rate: rate, norm: norm, totalSteps: totalSteps,
      stepsPerEpoch: order.stepsPerEpoch,
      remaining: pace.secondsPerStep * Double(totalSteps - state.step))
    display.bar("train", done: state.step, of: totalSteps, line.bar)
    if state.step == 1 || isLast || state.step % config.loggingSteps == 0 {
      display.log(line.text)
      try log.append(line.json)
      state.window = TrainingState.Window()
    }

    // Evaluate and save when it is time, and stop when asked.
    if !isLast, config.evaluating.isDue(state.step, every: config.evalSteps, isEpochEnd),
      let result = try measure(model, data.heldOut, config, &display, interruption)
    {
      display.say("step \(state.step): held-out accuracy \(percent(result.accuracy))")
      try log.append(line.json(with: result))
    }
    let isStopping = interruption.signal != nil && !isLast
    let isSaving = config.saving.isDue(state.step, every: config.saveSteps, isEpochEnd || isLast)
    if isSaving || isStopping || (isLast && config.saving == .steps) {
      try TrainingCheckpoint.save(
        directory.checkpoint(state.step), model, optimizer, state, fingerprint: fingerprint,
        adapter: adapter, isResumable: isStopping || !config.savesOnlyModel)
      if let limit = config.saveTotalLimit { try directory.prune(keeping: limit) }
    }
    if isStopping, let signal = interruption.signal {
      display.clearBar()
      return .interrupted(
        signal: signal, step: state.step, checkpoint: directory.checkpoint(state.step))
    }
  }
  model.isTraining = false

  // Accuracy after the last step; then the results, and the adapter with its head at the end.
  var after: Evaluation?
  if !data.heldOut.isEmpty {
    after = try measure(model, data.heldOut, config, &display, interruption)
    guard let after else {
      return try stopAfterLastStep(
        directory, model, optimizer, state, fingerprint, adapter, interruption)
    }
    display.say("after training: held-out accuracy \(percent(after.accuracy))")
  }
  let results = RunResults(
    state: state, after: after, data: data, order: order,
    longerAnswerAccuracy: longerAnswerAccuracy)
  let staged = try OutputDirectory("\(directory.path)/final-adapter")
  try adapter.write(model, step: state.step, to: staged)
  try results.write(to: staged)
  try directory.install(staged)
  display.say(results.sentence)
  return .finished(directory: directory.path)
}

// MARK: - Parts

/// Loads the model with the adapter to train: the checkpoint's, the configuration's, or a new one.
///
/// A head that is nowhere to be found is drawn, except on resuming.
func loadForTraining(
  _ config: TrainingConfig, resuming checkpoint: String?
) throws(GraftError) -> LoadedModel<RewardModel> {
  let seed = UInt64(bitPattern: Int64(config.seed))
  let loaded = try loadRewardModel(
    config.model, adapter: checkpoint ?? config.adapter, newHead: checkpoint == nil ? seed : nil,
    allowsFreshHead: true, dtype: config.usesBFloat16 ? .bf16 : .f32)
  if checkpoint == nil, config.adapter == nil {
    let settings = LoRASettings(
      rank: config.loraRank, alpha: config.loraAlpha, dropout: config.loraDropout,
      usesRSLoRA: config.usesRSLoRA, targetModules: config.loraTarget)
    try loaded.model.decoder.adapt(settings, seed: seed &+ 1)
  }
  return loaded
}

/// Evaluates on the held-out pairs with a bar; nil where a signal stopped it.
private func measure(
  _ model: RewardModel, _ heldOut: PairSet, _ config: TrainingConfig,
  _ display: inout TrainingDisplay, _ interruption: Interruption
) throws(GraftError) -> Evaluation? {
  let result = try model.evaluate(heldOut, batchSize: config.evalBatchSize) { done in
    display.bar("evaluate", done: done, of: heldOut.count, "pairs")
    return interruption.signal == nil
  }
  display.clearBar()
  return result
}

/// Makes sure that the last step's checkpoint is there, so that only the evaluation is repeated.
private func stopAfterLastStep(
  _ directory: RunDirectory, _ model: RewardModel, _ optimizer: AdamW, _ state: TrainingState,
  _ fingerprint: JSONObject, _ adapter: AdapterOutput, _ interruption: Interruption
) throws(GraftError) -> TrainingOutcome {
  let path = directory.checkpoint(state.step)
  if !fileExists("\(path)/\(TrainingCheckpoint.stateFile)") {
    try TrainingCheckpoint.save(
      path, model, optimizer, state, fingerprint: fingerprint, adapter: adapter, isResumable: true)
  }
  return .interrupted(signal: interruption.signal ?? 0, step: state.step, checkpoint: path)
}

extension TrainingConfig.Interval {
  func isDue(_ step: Int, every steps: Int, _ isEpochEnd: Bool) -> Bool {
    switch self {
    case .never: false
    case .steps: step % steps == 0
    case .epoch: isEpochEnd
    }
  }
}

extension TrainingConfig {
  /// Encodes by the chat format of the configuration, else of the adapter that training goes on
  /// from, else as the model's directory says.
  func encoder() throws(GraftError) -> ConversationEncoder {
    var choice = format
    if choice == nil, let adapter { choice = try FormatChoice(directory: adapter) }
    return try ConversationEncoder(directory: model, choice: choice)
  }

  /// What a checkpoint must have been made with.
  func fingerprint(_ data: RewardData, _ adapter: AdapterOutput) -> JSONObject {
    var object = fingerprint
    object["training_pairs"] = .string(data.train.digest)
    object["inputs"] = adapter.modelHashes
    return object
  }
}
