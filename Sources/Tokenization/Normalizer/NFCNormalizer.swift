/// Unicode's normalization form C: canonical composition.
struct NFCNormalizer: Normalizer {
  func apply(to text: inout [UInt8]) { CanonicalForms.compose(&text) }
}
