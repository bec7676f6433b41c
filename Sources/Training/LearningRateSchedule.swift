import Glibc

/// The learning rate of each optimiser step.
///
/// Source: transformers' `get_scheduler` with its defaults; `warmup_ratio` rounds up as
/// `TrainingArguments.get_warmup_steps` does.
public struct LearningRateSchedule: Sendable, Equatable {
  /// How the rate moves after the warm-up.
  public var kind: TrainingConfig.Scheduler
  /// The rate at its highest.
  public var peak: Double
  /// The steps over which the rate rises from 0.
  public var warmupSteps: Int
  /// The steps of the whole run.
  public var totalSteps: Int

  /// Creates a schedule.
  public init(
    kind: TrainingConfig.Scheduler, peak: Double, warmupSteps: Int, totalSteps: Int
  ) {
    self.kind = kind
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
  }

  /// The schedule of a configuration for a run of `totalSteps`.
  public init(_ config: TrainingConfig, totalSteps: Int) {
    kind = config.scheduler
    peak = config.learningRate
    self.totalSteps = totalSteps
    warmupSteps =
      config.warmupSteps ?? Int((Double(totalSteps) * config.warmupRatio).rounded(.up))
  }

  /// The rate of optimiser step `step`, counted from 0.
  public func rate(at step: Int) -> Double { peak * factor(at: step) }

  private func factor(at step: Int) -> Double {
    if kind == .constant { return 1 }
    if step < warmupSteps { return Double(step) / Double(max(1, warmupSteps)) }
    let decaySteps = Double(max(1, totalSteps - warmupSteps))
    switch kind {
    case .constant, .constantWithWarmup: return 1
    case .linear: return max(0, Double(totalSteps - step) / decaySteps)
    case .cosine:
      return max(0, 0.5 * (1 + cos(.pi * Double(step - warmupSteps) / decaySteps)))
    }
  }
}
