/// Arithmetic on what several adapters hold for one tensor, element by element in float32.
///
/// Source: PEFT 0.21 `utils/merge_utils.py`, and the papers that ``AdapterCombination/Method``
/// names.
struct TaskArithmetic {
  var method: AdapterCombination.Method
  var density: Double
  var majoritySign: AdapterCombination.MajoritySign
  /// Where the random numbers of each tensor begin.
  var seeds: [UInt64]

  /// Combines tensors of one size; `weights` are applied after pruning.
  func combine(_ tensors: [[Float]], weights: [Float]) -> [Float] {
    var tensors = tensors
    for i in tensors.indices where density < 1 {
      switch method {
      case .dareLinear, .dareLinearSVD, .dareTies, .dareTiesSVD: drop(&tensors[i], seeds[i])
      case .ties, .tiesSVD, .magnitudePrune, .magnitudePruneSVD: prune(&tensors[i])
      case .sum, .linear, .cat, .svd: break
      }
    }
    switch method {
    case .ties, .tiesSVD, .dareTies, .dareTiesSVD: return elect(tensors, weights)
    default:
      var out = [Float](repeating: 0, count: tensors.first?.count ?? 0)
      for (tensor, weight) in zip(tensors, weights) {
        for j in out.indices { out[j] += tensor[j] * weight }
      }
      return out
    }
  }

  /// Averages the weighted values whose sign is the elected one. Signs are elected by the pruned
  /// values before their weights; a sum of zero elects plus.
  private func elect(_ tensors: [[Float]], _ weights: [Float]) -> [Float] {
    var out = [Float](repeating: 0, count: tensors.first?.count ?? 0)
    for j in out.indices {
      var ballot: Float = 0
      for tensor in tensors {
        ballot += majoritySign == .total ? tensor[j] : Self.sign(tensor[j])
      }
      let elected: Float = ballot >= 0 ? 1 : -1
      var (sum, count): (Float, Float) = (0, 0)
      for (tensor, weight) in zip(tensors, weights) where Self.sign(tensor[j]) == elected {
        sum += tensor[j] * weight
        count += 1
      }
      out[j] = sum / max(count, 1)
    }
    return out
  }

  private static func sign(_ value: Float) -> Float { value > 0 ? 1 : value < 0 ? -1 : 0 }

  /// Keeps the largest magnitudes; of equal ones the first.
  private func prune(_ values: inout [Float]) {
    let kept = Int(density * Double(values.count))
    var places = Self.countAbove(values, kept)
    for i in values.indices {
      let bits = values[i].magnitude.bitPattern
      if bits > places.threshold { continue }
      if bits == places.threshold, places.ties > 0 {
        places.ties -= 1
      } else {
        values[i] = 0
      }
    }
  }

  /// The bits of the `kept`-th largest magnitude, and how many of that very size stay.
  private static func countAbove(_ values: [Float], _ kept: Int) -> (threshold: UInt32, ties: Int) {
    guard kept > 0 else { return (.max, 0) }
    var rest = kept
    var prefix: UInt32 = 0
    for shift: UInt32 in [16, 0] {
      var counts = [Int](repeating: 0, count: 1 << 16)
      for value in values {
        let bits = value.magnitude.bitPattern
        if shift == 16 || bits >> 16 == prefix >> 16 { counts[Int(bits >> shift & 0xFFFF)] += 1 }
      }
      for bucket in counts.indices.reversed() {
        if counts[bucket] >= rest {
          prefix |= UInt32(bucket) << shift
          break
        }
        rest -= counts[bucket]
      }
    }
    return (prefix, rest)
  }

  /// Keeps each value by chance, and makes up for those that go.
  private func drop(_ values: inout [Float], _ seed: UInt64) {
    var random = SplitMix(state: seed)
    let share = Float(density)
    for i in values.indices {
      values[i] = random.next() < density ? values[i] / share : 0
    }
  }

  /// Numbers from 0 to 1 that depend on the seed alone.
  ///
  /// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
  private struct SplitMix {
    var state: UInt64

    mutating func next() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      return Double((z ^ z >> 31) >> 11) * 0x1p-53
    }
  }

  /// A seed for one tensor of one adapter.
  static func seed(_ seed: UInt64, _ name: String, _ index: Int) -> UInt64 {
    var hash = seed ^ 0xCBF2_9CE4_8422_2325 &+ UInt64(index)
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}
