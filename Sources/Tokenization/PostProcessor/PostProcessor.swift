import Diagnostics
import StrictJSON

/// Adds special tokens around the tokens of a text, or of two.
///
/// To add a post-processor: a file of its own in this folder, and a line in
/// ``makePostProcessor(_:)``.
protocol PostProcessor: Sendable {
  /// How many tokens it adds.
  func addedCount(isPair: Bool) -> Int

  /// Changes the encodings of one or two texts; what is left at the end is joined.
  ///
  /// - Parameters:
  ///   - tokenText: a token as the vocabulary spells it.
  ///   - addingSpecialTokens: whether to add those tokens, or to correct offsets and types only.
  func apply(
    to encodings: inout [Encoding], addingSpecialTokens: Bool, tokenText: (Int32) -> String)
}

/// Creates the post-processor that a component of the file describes.
func makePostProcessor(_ reader: ComponentReader) throws(GraftError) -> any PostProcessor {
  switch try reader.type() {
  case "BertProcessing": try BertPostProcessor(reader)
  case "ByteLevel": try OffsetTrimmer(reader)
  case "RobertaProcessing": try RobertaPostProcessor(reader)
  case "Sequence": try SequencePostProcessor(reader)
  case "TemplateProcessing": try TemplatePostProcessor(reader)
  case let other:
    throw reader.unsupported(
      other,
      supported: [
        "BertProcessing", "ByteLevel", "RobertaProcessing", "Sequence", "TemplateProcessing",
      ])
  }
}

/// Several post-processors: later ones add around what earlier ones added.
struct SequencePostProcessor: PostProcessor {
  let parts: [any PostProcessor]

  init(_ reader: ComponentReader) throws(GraftError) {
    var parts: [any PostProcessor] = []
    for component in try reader.components("processors") {
      parts.append(try makePostProcessor(component))
    }
    self.parts = parts
  }

  func addedCount(isPair: Bool) -> Int {
    parts.reduce(0) { $0 + $1.addedCount(isPair: isPair) }
  }

  func apply(
    to encodings: inout [Encoding], addingSpecialTokens: Bool, tokenText: (Int32) -> String
  ) {
    for part in parts {
      part.apply(to: &encodings, addingSpecialTokens: addingSpecialTokens, tokenText: tokenText)
    }
  }
}

extension [Encoding] {
  /// Changes each encoding and each part that overflowed from it.
  mutating func forEachPart(_ change: (inout Encoding) -> Void) {
    for i in indices {
      change(&self[i])
      for j in self[i].overflow.indices { change(&self[i].overflow[j]) }
    }
  }
}
