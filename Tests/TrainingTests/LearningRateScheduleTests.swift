import Testing

@testable import Training

struct LearningRateScheduleTests {
  private func rates(
    _ kind: TrainingConfig.Scheduler, warmup: Int, total: Int, at steps: [Int]
  ) -> [Double] {
    let schedule = LearningRateSchedule(
      kind: kind, peak: 2, warmupSteps: warmup, totalSteps: total)
    return steps.map(schedule.rate)
  }

  private func expectClose(_ a: [Double], _ b: [Double]) {
    #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 }, "\(a) \(b)")
  }

  // The numbers are those of transformers 5.23's get_scheduler with a peak of 2.
  @Test func equalsTransformers() {
    let steps = [0, 1, 2, 3, 5, 9, 10]
    expectClose(
      rates(.linear, warmup: 2, total: 10, at: steps), [0, 1, 2, 1.75, 1.25, 0.25, 0])
    expectClose(
      rates(.cosine, warmup: 2, total: 10, at: steps),
      [0, 1, 2, 1.9238795325112867, 1.3826834323650898, 0.07612046748871326, 0])
    expectClose(rates(.constant, warmup: 2, total: 10, at: steps), [2, 2, 2, 2, 2, 2, 2])
    expectClose(rates(.constantWithWarmup, warmup: 2, total: 10, at: steps), [0, 1, 2, 2, 2, 2, 2])
    expectClose(rates(.linear, warmup: 0, total: 4, at: [0, 1, 4]), [2, 1.5, 0])
  }
}
