public import Diagnostics
import Tokenization

/// Encodes examples token for token as LLaMA-Factory's processors do.
public struct ExampleEncoder: Sendable {
  /// Examples that were encoded, and what became of the others.
  public struct Batch: Sendable, Equatable {
    /// What is trained on, in the order of the examples.
    public var encoded: [EncodedExample] = []
    /// The examples left out.
    public var dropped = DroppedRows()
    /// The examples that were cut to the longest length.
    public var truncatedCount = 0

    mutating func drop(_ reason: DropReason, _ example: Example) {
      dropped.add(reason, at: RowPlace(file: example.file, line: example.line))
    }
  }

  /// What training reads of an example.
  public let stage: EncodingStage
  /// The format with the tokenizer.
  public let format: FormatTokenizer
  /// What decides the tokens.
  public let options: EncodingOptions
  /// Whether a text begins with the token for that, in continued pre-training (`add_bos_token`).
  public let addsBeginning: Bool

  /// Creates an encoder.
  public init(
    _ stage: EncodingStage, format: FormatTokenizer, options: EncodingOptions,
    addsBeginning: Bool = false
  ) throws(GraftError) {
    self.stage = stage
    self.format = format
    self.options = options
    self.addsBeginning = addsBeginning
    guard options.cutoff > 0, options.batchSize > 0 else { throw .encodingLimits }
    guard !options.trainsOnPrompt || !format.format.endsOnce else {
      throw .trainsOnPrompt(format.format.name)
    }
  }

  /// Encodes examples in batches of ``EncodingOptions/batchSize``.
  public func encode(_ examples: [Example]) throws(GraftError) -> Batch {
    var result = Batch()
    for start in stride(from: 0, to: examples.count, by: options.batchSize) {
      let batch = examples[start..<min(start + options.batchSize, examples.count)]
      switch stage {
      case .pt: try encodeTexts(batch, into: &result)
      case .sft: try encodeConversations(batch, into: &result)
      case .rm: try encodePairs(batch, into: &result)
      case .kto: try encodeFeedback(batch, into: &result)
      }
    }
    return result
  }

  /// Adds the place of an example to what goes wrong with it.
  private func located<R>(
    _ example: Example, _ body: () throws(GraftError) -> R
  ) throws(GraftError) -> R {
    do throws(GraftError) {
      return try body()
    } catch {
      var located = error
      located.file = example.file
      located.line = example.line
      throw located
    }
  }

  // MARK: Text

  private func encodeTexts(
    _ examples: ArraySlice<Example>, into result: inout Batch
  ) throws(GraftError) {
    // The end is text here; the format named llama3 has its own.
    let tokenizer = format.tokenizer
    let end =
      format.format.name == "llama3"
      ? "<|end_of_text|>" : format.eos.flatMap { tokenizer.token(of: $0) } ?? ""
    var joined: [Int32] = []
    for example in examples {
      var text = (example.prompt.first?.content ?? "") + end
      if addsBeginning, !options.packs { text = (tokenizer.bosToken ?? "") + text }
      var ids = try tokenizer.encode(text, addingSpecialTokens: false)
      if options.packs {
        joined += ids
        continue
      }
      if ids.count > options.cutoff {
        ids = Array(ids[..<options.cutoff])
        result.truncatedCount += 1
      }
      result.encoded.append(.sequence(EncodedSequence(ids: ids, labels: ids)))
    }
    for start in stride(from: 0, through: joined.count - options.cutoff, by: options.cutoff) {
      var ids = Array(joined[start..<(start + options.cutoff)])
      if addsBeginning, let bos = tokenizer.bosTokenID { ids[0] = bos }
      result.encoded.append(.sequence(EncodedSequence(ids: ids, labels: ids)))
    }
  }

  // MARK: Conversations

  private func encodeConversations(
    _ examples: ArraySlice<Example>, into result: inout Batch
  ) throws(GraftError) {
    var sequences: [EncodedSequence] = []
    for example in examples {
      guard example.prompt.count % 2 == 1, example.response.count == 1 else {
        result.drop(.missingAnswer, example)
        continue
      }
      let (sequence, isCut) = try located(example) { () throws(GraftError) in
        try conversation(example)
      }
      if isCut { result.truncatedCount += 1 }
      guard options.packs else {
        result.encoded.append(.sequence(sequence))
        continue
      }
      if sequence.ids.count > options.cutoff {
        result.drop(.tooLong, example)
      } else {
        sequences.append(sequence)
      }
    }
    guard options.packs else { return }
    result.encoded += packed(sequences, cutoff: options.cutoff, pad: format.pad ?? 0)
      .map(EncodedExample.packed)
  }

  private func conversation(
    _ example: Example
  ) throws(GraftError) -> (EncodedSequence, isCut: Bool) {
    var pairs = try format.pairs(
      example.prompt + example.response, system: example.system, tools: example.tools,
      discardsHistory: options.masksHistory && !options.preservesThinking)
    let endsOnce = format.format.endsOnce
    // The last answers are kept first.
    if options.masksHistory { pairs.reverse() }
    var total = endsOnce ? 1 : 0
    var isCut = false
    var parts: [EncodedSequence] = []
    for (i, pair) in pairs.enumerated() {
      guard total < options.cutoff else {
        isCut = true
        break
      }
      let kept = keptLengths(
        prompt: pair.prompt.count, answer: pair.answer.count, cutoff: options.cutoff - total)
      isCut = isCut || kept.prompt < pair.prompt.count || kept.answer < pair.answer.count
      let prompt = Array(pair.prompt[..<kept.prompt])
      let answer = Array(pair.answer[..<kept.answer])
      total += prompt.count + answer.count
      var part = EncodedSequence(prompt: prompt, answer: answer)
      if options.trainsOnPrompt {
        part.labels = prompt + answer
      } else if endsOnce, i != 0, let eos = format.eos {
        // The end of the answer before is learned at the next question's first token; as in the
        // reference, that label is there even where nothing is left of the question.
        part.labels =
          [eos] + [Int32](repeating: EncodedSequence.ignored, count: max(0, prompt.count - 1))
          + answer
      }
      if options.masksHistory, i != 0 {
        let start = part.labels.count - answer.count
        for j in start..<part.labels.count { part.labels[j] = EncodedSequence.ignored }
      }
      parts.append(part)
    }
    if options.masksHistory { parts.reverse() }
    var sequence = EncodedSequence()
    for part in parts {
      sequence.ids += part.ids
      sequence.labels += part.labels
    }
    if endsOnce, let eos = format.eos {
      sequence.ids.append(eos)
      sequence.labels.append(eos)
    }
    return (sequence, isCut)
  }

  // MARK: Preferences and feedback

  private func encodePairs(
    _ examples: ArraySlice<Example>, into result: inout Batch
  ) throws(GraftError) {
    for example in examples {
      guard example.prompt.count % 2 == 1, example.response.count >= 2 else {
        result.drop(.missingAnswer, example)
        continue
      }
      try located(example) { () throws(GraftError) in
        let chosen = try answer(example, example.response[0])
        let rejected = try answer(example, example.response[1])
        let longest = max(chosen.answer.count, rejected.answer.count)
        let kept = keptLengths(
          prompt: chosen.prompt.count, answer: longest, cutoff: options.cutoff)
        if kept.prompt < chosen.prompt.count || kept.answer < longest { result.truncatedCount += 1 }
        let prompt = Array(chosen.prompt[..<kept.prompt])
        result.encoded.append(
          .pair(
            chosen: EncodedSequence(
              prompt: prompt, answer: Array(chosen.answer.prefix(kept.answer))),
            rejected: EncodedSequence(
              prompt: prompt, answer: Array(rejected.answer.prefix(kept.answer)))))
      }
    }
  }

  private func encodeFeedback(
    _ examples: ArraySlice<Example>, into result: inout Batch
  ) throws(GraftError) {
    for i in examples.indices {
      let example = examples[i]
      guard example.prompt.count % 2 == 1, example.response.count >= 2 else {
        result.drop(.missingAnswer, example)
        continue
      }
      // The answer of the example before stands for one that has nothing to do with the prompt.
      let other = examples[i == examples.startIndex ? examples.endIndex - 1 : i - 1]
      guard other.response.count >= 2 else { throw .feedbackNeedsAnswers(other) }
      try located(example) { () throws(GraftError) in
        let isDesired = !example.response[0].content.isEmpty
        let own = try answer(example, example.response[isDesired ? 0 : 1])
        let index = other.response[0].content.isEmpty ? 1 : 0
        let foreign = try answer(example, other.response[index])
        let (sequence, isCut) = cut(own)
        if isCut { result.truncatedCount += 1 }
        result.encoded.append(.feedback(sequence, other: cut(foreign).0, isDesired: isDesired))
      }
    }
  }

  private func answer(
    _ example: Example, _ response: Turn
  ) throws(GraftError) -> (prompt: [Int32], answer: [Int32]) {
    try format.oneTurn(
      example.prompt + [response], system: example.system, tools: example.tools)
  }

  private func cut(
    _ pair: (prompt: [Int32], answer: [Int32])
  ) -> (EncodedSequence, isCut: Bool) {
    let kept = keptLengths(
      prompt: pair.prompt.count, answer: pair.answer.count, cutoff: options.cutoff)
    return (
      EncodedSequence(
        prompt: Array(pair.prompt[..<kept.prompt]), answer: Array(pair.answer[..<kept.answer])),
      kept.prompt < pair.prompt.count || kept.answer < pair.answer.count
    )
  }
}
