public import Diagnostics
import StrictJSON

/// Encodes the rows of a data set as pairs, by the model's own tokenizer and chat template, or by a
/// chat format.
///
/// Rows that `dataset_info.json` describes are cut as LLaMA-Factory cuts them; those of files that
/// are named themselves are encoded as TRL does, which leaves out what is too long.
public struct PairEncoder: Sendable {
  /// What became of a row.
  public enum Outcome: Sendable, Equatable {
    /// A pair; whether it was cut to the longest length.
    case pair(EncodedPair, isCut: Bool)
    /// Nothing.
    case dropped(DropReason)
  }

  private let info: DatasetInfo?
  private let encoder: ConversationEncoder
  private let rowEncoder: RewardRowEncoder
  private let cutoff: Int
  /// Where a chat format takes the place of the model's own template.
  private let formatEncoder: ExampleEncoder?
  /// Changes where the same row gets other tokens than before.
  public static let version = 2

  /// An encoder for the rows of a data set.
  ///
  /// - Parameters:
  ///   - info: what describes the rows, or nil for TRL's layouts.
  ///   - cutoff: the longest sequence, in tokens.
  public init(
    _ info: DatasetInfo?, _ encoder: ConversationEncoder, cutoff: Int
  ) throws(GraftError) {
    self.info = info
    self.encoder = encoder
    self.cutoff = cutoff
    rowEncoder = RewardRowEncoder(encoder)
    if let format = encoder.format {
      var options = encoder.choice?.options ?? EncodingOptions()
      options.cutoff = cutoff
      formatEncoder = try ExampleEncoder(.rm, format: format, options: options)
    } else {
      formatEncoder = nil
    }
  }

  /// Encodes a row.
  ///
  /// A whole conversation is rendered and tokenized at once, or written by a chat format, exactly as
  /// scoring does, so that training and scoring see the same ids; what the sequences share is found
  /// afterwards.
  ///
  /// - Throws: ``GraftError`` with file and line of a row that is not what it should be.
  public func encode(_ row: DataRow, file: String) throws(GraftError) -> Outcome {
    guard let info else { return try encodeDirectly(row, file: file) }
    let example: Example
    let isFormatted = formatEncoder != nil
    switch try RowConverter(info, keepsSystem: !isFormatted).convert(row, file: file) {
    case .dropped(let reason): return .dropped(reason)
    case .example(let converted): example = converted
    }
    if let formatEncoder { return try encode(example, with: formatEncoder) }
    guard example.prompt.count % 2 == 1, example.response.count >= 2 else {
      return .dropped(.missingAnswer)
    }
    let prompt = example.system.isEmpty ? [] : [message("system", example.system)]
    let asked = prompt + example.prompt.map(message)
    let (ids, chosen, rejected) = try located(file, line: row.line) { () throws(GraftError) in
      let tools = example.tools.isEmpty ? nil : try JSONValue.parse(example.tools)
      return (
        try encoder.ids(of: asked, tools: tools, addingGenerationPrompt: true),
        try encoder.ids(of: asked + [message(example.response[0])], tools: tools),
        try encoder.ids(of: asked + [message(example.response[1])], tools: tools)
      )
    }
    let (pair, isCut) = EncodedPair.cut(
      prompt: ids, chosen: chosen, rejected: rejected, margin: example.margin, cutoff: cutoff)
    return pair.map { .pair($0, isCut: isCut) } ?? .dropped(.sameAnswers)
  }

  private func encode(
    _ example: Example, with encoder: ExampleEncoder
  ) throws(GraftError) -> Outcome {
    let batch = try encoder.encode([example])
    guard case .pair(let chosen, let rejected)? = batch.encoded.first else {
      return .dropped(.missingAnswer)
    }
    return EncodedPair(chosen: chosen.ids, rejected: rejected.ids, margin: example.margin)
      .map { .pair($0, isCut: batch.truncatedCount > 0) } ?? .dropped(.sameAnswers)
  }

  private func encodeDirectly(_ row: DataRow, file: String) throws(GraftError) -> Outcome {
    let pair = try rowEncoder.encode(row, file: file)
    guard pair.fits(cutoff) else { return .dropped(.tooLong) }
    return EncodedPair(chosen: pair.chosen, rejected: pair.rejected, margin: pair.margin)
      .map { .pair($0, isCut: false) } ?? .dropped(.sameAnswers)
  }

  private func message(_ turn: Turn) -> JSONValue {
    switch turn.role {
    case .user: message("user", turn.content)
    case .assistant, .function: message("assistant", turn.content)
    case .observation: message("tool", turn.content)
    case .system: message("system", turn.content)
    }
  }

  private func message(_ role: String, _ content: String) -> JSONValue {
    ["role": .string(role), "content": .string(content)]
  }
}
