import Diagnostics
import Testing
import Torch

@Suite struct GradientTests {
  @Test func gradientsFollowTheChainRule() throws {
    let x = try Tensor([1, 2, 3] as [Float])
    try x.setRequiresGradient(true)
    try (x * x * 2).sum().backward()
    #expect(try x.gradient()?.floats() == [4, 8, 12])
    try (x * 1).sum().backward()
    #expect(try x.gradient()?.floats() == [5, 9, 13])
    try x.setGradient(nil)
    #expect(try x.gradient() == nil)
    try (x * x).backward(Tensor([1, 0, -1] as [Float]))
    #expect(try x.gradient()?.floats() == [2, 0, -6])
  }

  @Test func detachedAndUnrecordedWorkHasNoGradient() throws {
    let x = try Tensor([1, 2] as [Float])
    try x.setRequiresGradient(true)
    #expect(try (x * 2).requiresGradient)
    #expect(try (x * 2).detached().requiresGradient == false)
    let y = try withoutGradients { try x * 2 }
    #expect(y.requiresGradient == false)
    #expect(try (x * 2).requiresGradient)
    #expect(throws: GraftError.self) { try withoutGradients { try x.matmul(Tensor.zeros([3])) } }
    #expect(try (x * 2).requiresGradient)
    #expect(throws: GraftError.self) { try y.backward() }
  }

  @Test func adamWFollowsItsDefinition() throws {
    let settings = AdamW.Settings(beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1)
    let start: [Float] = [0.5, -1, 2]
    let parameter = try Tensor(start)
    let idle = try Tensor(start)
    try parameter.setRequiresGradient(true)
    try idle.setRequiresGradient(true)
    let optimizer = try AdamW([parameter, idle], settings: settings)
    var expected = start.map(Double.init)
    var (m, v) = ([0.0, 0, 0], [0.0, 0, 0])
    for step in 1...4 {
      let rate = 0.1 / Double(step)
      let gradient = expected.map { $0 * 0.5 + Double(step) }
      try parameter.setGradient(Tensor(gradient.map(Float.init)))
      try optimizer.step(learningRate: rate)
      try optimizer.clearGradients()
      for i in 0..<3 {
        expected[i] *= 1 - rate * settings.weightDecay
        m[i] = 0.9 * m[i] + 0.1 * gradient[i]
        v[i] = 0.99 * v[i] + 0.01 * gradient[i] * gradient[i]
        let (unbiasedM, unbiasedV) = (
          m[i] / (1 - power(0.9, step)), v[i] / (1 - power(0.99, step))
        )
        expected[i] -= rate * unbiasedM / (unbiasedV.squareRoot() + settings.epsilon)
      }
    }
    for (found, wanted) in zip(try parameter.floats(), expected) {
      #expect(abs(Double(found) - wanted) < 1e-5)
    }
    #expect(try idle.floats() == start)
    #expect(try optimizer.states[0].steps.item() == 4)
    #expect(try optimizer.states[1].steps.item() == 0)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }

  @Test func clippingScalesAllGradientsTogether() throws {
    let (a, b) = (try Tensor.zeros([2]), try Tensor.zeros([1]))
    try a.setGradient(Tensor([3, 0] as [Float]))
    try b.setGradient(Tensor([4] as [Float]))
    #expect(try clipGradients(of: [a, b], to: 10) == 5)
    #expect(try a.gradient()?.floats() == [3, 0])
    #expect(try clipGradients(of: [a, b], to: 1) == 5)
    let clipped = try #require(try b.gradient()).item()
    #expect(abs(clipped - 0.8) < 1e-5)
    try b.setGradient(Tensor([.nan] as [Float]))
    #expect(try clipGradients(of: [a, b], to: 1).isNaN)
  }
}
