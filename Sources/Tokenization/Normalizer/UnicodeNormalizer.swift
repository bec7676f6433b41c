/// One of Unicode's normalization forms.
struct UnicodeNormalizer: Normalizer {
  let form: NormalizationForm

  func apply(to text: inout AlignedText) { CanonicalForms.normalize(&text, to: form) }
}
