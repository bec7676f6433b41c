/// One of Unicode's normalization forms.
struct UnicodeNormalizer: Normalizer {
  let form: NormalizationForm
  /// Source: the Unicode Consortium's answers on normalization, for UTF-8.
  var growth: Int { form == .nfc || form == .nfd ? 3 : 11 }

  func apply(to text: inout AlignedText) { CanonicalForms.normalize(&text, to: form) }
}
