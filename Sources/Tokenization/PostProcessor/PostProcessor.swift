import Diagnostics

/// Adds special tokens around the ids of a text.
///
/// To add a post-processor: a file of its own in this folder, and a line in
/// ``makePostProcessor(_:)``.
protocol PostProcessor: Sendable {
  /// The ids to put before those of the text.
  var prefix: [Int32] { get }
  /// The ids to put after those of the text.
  var suffix: [Int32] { get }
}

/// Creates the post-processor that a component of the file describes.
func makePostProcessor(_ reader: ComponentReader) throws(GraftError) -> any PostProcessor {
  switch try reader.type() {
  // ByteLevel trims offsets only.
  case "ByteLevel": SequencePostProcessor(parts: [])
  case "Sequence": try SequencePostProcessor(reader)
  case "TemplateProcessing": try TemplatePostProcessor(reader)
  case "BertProcessing", "RobertaProcessing": try BertPostProcessor(reader)
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
  let prefix: [Int32]
  let suffix: [Int32]

  init(parts: [any PostProcessor]) {
    prefix = parts.reversed().flatMap(\.prefix)
    suffix = parts.flatMap(\.suffix)
  }

  init(_ reader: ComponentReader) throws(GraftError) {
    var parts: [any PostProcessor] = []
    for component in try reader.components("processors") {
      parts.append(try makePostProcessor(component))
    }
    self.init(parts: parts)
  }
}
