/// The tokens kept of a prompt and of an answer.
///
/// A short answer is kept whole and the prompt is cut; a short prompt is kept whole and the answer
/// is cut; else both are cut in proportion. Source: LLaMA-Factory's `infer_seqlen`.
public func keptLengths(
  prompt: Int, answer: Int, cutoff: Int
) -> (prompt: Int, answer: Int) {
  let answerLimit: Int
  if answer * 2 < cutoff {
    answerLimit = cutoff
  } else if prompt * 2 < cutoff {
    answerLimit = cutoff - prompt
  } else {
    // In floating point, as the reference computes it: the result may be one less than the exact.
    answerLimit = Int(Double(cutoff) * (Double(answer) / Double(prompt + answer)))
  }
  let keptAnswer = min(answerLimit, answer)
  return (min(max(cutoff - keptAnswer, 0), prompt), keptAnswer)
}
