package import Diagnostics
package import Scoring

/// A preference pair as token ids; both sequences begin with ``prompt``.
package struct EncodedPair: Sendable, Equatable {
  /// The tokens that both sequences begin with: the rendered prompt, and what the answers have in
  /// common at their start. Each answer keeps at least one token of its own.
  package var prompt: [Int32]
  /// The rest of the preferred sequence.
  package var chosen: [Int32]
  /// The rest of the other sequence.
  package var rejected: [Int32]
  /// By how much at least the rewards are to differ.
  package var margin: Double

  /// The tokens of both sequences, counted as if nothing were shared.
  package var tokenCount: Int { 2 * prompt.count + chosen.count + rejected.count }
}

/// Pairs ready for the model, and what was done to them.
package struct EncodedPairs: Sendable, Equatable {
  /// The pairs, in the order of the rows.
  package var pairs: [EncodedPair] = []
  /// The pairs that were cut to the longest length.
  package var truncatedCount = 0
  /// The pairs left out because both sequences came out the same.
  package var droppedCount = 0

  /// How often the longer answer is the preferred one, in tokens; a tie counts half. Accuracy that
  /// is not above this says nothing about what the model learned.
  package var longerAnswerAccuracy: Double {
    guard !pairs.isEmpty else { return 0 }
    let hits = pairs.reduce(0.0) { sum, pair in
      let difference = pair.chosen.count - pair.rejected.count
      return sum + (difference == 0 ? 0.5 : difference > 0 ? 1 : 0)
    }
    return hits / Double(pairs.count)
  }

  /// Encodes pairs by the model's own chat template and tokenizer.
  ///
  /// A whole conversation is rendered and tokenized at once, exactly as scoring does, so that
  /// training and scoring see the same ids; what the sequences share is found afterwards.
  ///
  /// - Parameter cutoff: the longest sequence, in tokens.
  package init(
    _ pairs: [PreferencePair], encoder: ConversationEncoder, cutoff: Int
  ) throws(GraftError) {
    for pair in pairs {
      let (prompt, chosen, rejected) = try located(pair.file, line: pair.line) {
        () throws(GraftError) in
        (
          try encoder.ids(of: pair.prompt, addingGenerationPrompt: true),
          try encoder.ids(of: pair.prompt + [pair.chosen]),
          try encoder.ids(of: pair.prompt + [pair.rejected])
        )
      }
      append(
        prompt: prompt, chosen: chosen, rejected: rejected, margin: pair.margin, cutoff: cutoff)
    }
  }

  /// Creates a collection without pairs.
  package init() {}

  /// Adds a pair of whole sequences.
  ///
  /// - Parameters:
  ///   - prompt: the prompt's own ids, which say where an answer begins.
  ///   - cutoff: the longest sequence; longer ones are cut as LLaMA-Factory's `infer_seqlen` does.
  package mutating func append(
    prompt: [Int32], chosen: [Int32], rejected: [Int32], margin: Double = 0, cutoff: Int
  ) {
    let promptCount = min(
      commonPrefixCount(prompt, chosen), commonPrefixCount(prompt, rejected))
    var (chosen, rejected) = (chosen, rejected)
    if max(chosen.count, rejected.count) > cutoff {
      truncatedCount += 1
      let answerCount = max(chosen.count, rejected.count) - promptCount
      let keep = truncatedLengths(prompt: promptCount, answer: answerCount, cutoff: cutoff)
      let cut = { (ids: [Int32]) -> [Int32] in
        Array(ids[..<keep.prompt])
          + ids[promptCount..<min(ids.count, promptCount + keep.answer)]
      }
      (chosen, rejected) = (cut(chosen), cut(rejected))
    }
    guard chosen != rejected, !chosen.isEmpty, !rejected.isEmpty else {
      droppedCount += 1
      return
    }
    let shared = min(
      commonPrefixCount(chosen, rejected), min(chosen.count, rejected.count) - 1)
    pairs.append(
      EncodedPair(
        prompt: Array(chosen[..<shared]), chosen: Array(chosen[shared...]),
        rejected: Array(rejected[shared...]), margin: margin))
  }
}

/// The tokens kept of a prompt and of the longer answer.
///
/// A short answer is kept whole and the prompt is cut; a short prompt is kept whole and the answer
/// is cut; else both are cut in proportion. Source: LLaMA-Factory's `infer_seqlen`.
func truncatedLengths(prompt: Int, answer: Int, cutoff: Int) -> (prompt: Int, answer: Int) {
  let answerLimit: Int
  if answer * 2 < cutoff {
    answerLimit = cutoff
  } else if prompt * 2 < cutoff {
    answerLimit = cutoff - prompt
  } else {
    answerLimit = cutoff * answer / (prompt + answer)
  }
  let keptAnswer = min(answerLimit, answer)
  return (min(max(cutoff - keptAnswer, 0), prompt), keptAnswer)
}

private func commonPrefixCount(_ a: [Int32], _ b: [Int32]) -> Int {
  let limit = min(a.count, b.count)
  var count = 0
  while count < limit, a[count] == b[count] { count += 1 }
  return count
}
