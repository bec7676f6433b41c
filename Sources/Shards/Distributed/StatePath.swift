/// What a tensor of a saved training state is, by the keys that lead to it.
enum StatePath: Equatable {
  /// A weight of the model, by its name in the model's own state.
  case weight(String)
  /// The optimiser's memory of a weight, or another number of the training run.
  case training

  /// Keys under which programs keep the model's state.
  private static let wrappers: Set = [
    "app", "actor", "model", "model_state", "model_state_dict", "module", "network", "policy",
    "state_dict",
  ]
  /// Keys under which they keep what is not the model.
  private static let trainingKeys: Set = [
    "dataloader", "ema_optimizer", "lr_scheduler", "optim", "optimizer", "optimizer_state",
    "optimizer_state_dict", "optimizer_states", "optimizers", "param_groups", "rerun_state_machine",
    "rng", "rng_state", "scheduler", "train_state",
  ]

  /// Reads the keys, outermost first.
  init(_ path: [String]) {
    let outer = path.dropLast()
    if outer.contains(where: Self.trainingKeys.contains) {
      self = .training
      return
    }
    let first = path.first?.split(separator: ".").first.map(String.init) ?? ""
    let isState = path.count == 1 && first == "state" && path[0].hasSuffixOfState
    if Self.trainingKeys.contains(first) || isState {
      self = .training
      return
    }
    var rest = path[...]
    while rest.count > 1, let key = rest.first, Self.wrappers.contains(key) {
      rest = rest.dropFirst()
    }
    self = .weight(rest.joined(separator: "."))
  }
}

extension String {
  /// Whether it ends as the name of one of an optimiser's tensors.
  fileprivate var hasSuffixOfState: Bool {
    [".exp_avg", ".exp_avg_sq", ".max_exp_avg_sq", ".momentum_buffer", ".step", ".exp_inf"]
      .contains { hasSuffix($0) }
  }
}
