import StrictJSON
#if canImport(Glibc)
  import Glibc
#endif

/// The rotary scaling of Llama 3.1 and later, told from the factors that it gives.
///
/// A GGUF file stores one factor per frequency instead of the parameters. Published models share
/// all parameters but `factor`, which is the largest of the stored numbers; they count as found
/// only if they give every stored number again.
///
/// Source: transformers `_compute_llama3_parameters`; llama.cpp `conversion/llama.py`.
struct Llama3Scaling {
  var factor: Double
  let lowFrequencyFactor = 1.0
  let highFrequencyFactor = 4.0
  let originalContext = 8192

  init(factor: Double) { self.factor = factor }

  /// The parameters that give `factors`, or nil.
  init?(explaining factors: [Float], theta: Double) {
    guard let largest = factors.max(), largest > 1, largest.isFinite else { return nil }
    self.init(factor: Double(largest.description) ?? Double(largest))
    let own = self.factors(count: factors.count, theta: theta)
    guard zip(own, factors).allSatisfy({ abs($0 - Double($1)) <= 1e-5 * $0 }) else { return nil }
  }

  /// The factors by which the wavelengths grow, from the highest frequency to the lowest.
  func factors(count: Int, theta: Double) -> [Double] {
    let lowWavelength = Double(originalContext) / lowFrequencyFactor
    let highWavelength = Double(originalContext) / highFrequencyFactor
    return (0..<count).map { place in
      let wavelength = 2 * Double.pi * pow(theta, Double(place) / Double(count))
      if wavelength < highWavelength { return 1 }
      if wavelength > lowWavelength { return factor }
      let smooth =
        (Double(originalContext) / wavelength - lowFrequencyFactor)
        / (highFrequencyFactor - lowFrequencyFactor)
      return 1 / ((1 - smooth) / factor + smooth)
    }
  }

  /// `rope_scaling` in config.json.
  var json: JSONValue {
    [
      "factor": JSONValue(factor), "high_freq_factor": JSONValue(highFrequencyFactor),
      "low_freq_factor": JSONValue(lowFrequencyFactor),
      "original_max_position_embeddings": JSONValue(originalContext), "rope_type": "llama3",
    ]
  }
}
