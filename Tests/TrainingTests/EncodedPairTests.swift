import Testing

@testable import Training

struct EncodedPairTests {
  private func encode(
    _ prompt: [Int32], _ chosen: [Int32], _ rejected: [Int32], cutoff: Int = 100
  ) -> EncodedPairs {
    var pairs = EncodedPairs()
    pairs.append(
      prompt: prompt, chosen: prompt + chosen, rejected: prompt + rejected, cutoff: cutoff)
    return pairs
  }

  @Test func sharesWhatTheSequencesBeginWith() throws {
    let pair = try #require(encode([1, 2, 3], [7, 8, 9], [7, 5]).pairs.first)
    #expect(pair.prompt == [1, 2, 3, 7] && pair.chosen == [8, 9] && pair.rejected == [5])
    #expect(pair.tokenCount == 11)
  }

  @Test func eachAnswerKeepsATokenOfItsOwn() throws {
    // One sequence is the beginning of the other.
    let pair = try #require(encode([1, 2], [3], [3, 4]).pairs.first)
    #expect(pair.prompt == [1, 2] && pair.chosen == [3] && pair.rejected == [3, 4])
  }

  @Test func pairsThatComeOutTheSameAreDropped() {
    let same = encode([1], [2, 3], [2, 3])
    #expect(same.pairs.isEmpty && same.droppedCount == 1)
    let cut = encode(Array(1...8), [2, 2, 2, 5], [2, 2, 2, 6], cutoff: 4)
    #expect(cut.pairs.isEmpty && cut.droppedCount == 1 && cut.truncatedCount == 1)
  }

  // The numbers are those of LLaMA-Factory 0.9's infer_seqlen.
  @Test(arguments: [
    (100, 10, 50, 40, 10), (10, 100, 50, 10, 40), (100, 100, 50, 25, 25), (60, 30, 50, 34, 16),
    (10, 10, 50, 10, 10), (30, 24, 50, 26, 24),
  ])
  func cutsAsLLaMAFactoryDoes(prompt: Int, answer: Int, cutoff: Int, keptPrompt: Int, kept: Int) {
    let lengths = truncatedLengths(prompt: prompt, answer: answer, cutoff: cutoff)
    #expect(lengths == (keptPrompt, kept))
  }

  @Test func aCutPairKeepsTheBeginnings() throws {
    let pairs = encode(Array(1...4), Array(11...30), Array(41...42), cutoff: 10)
    let pair = try #require(pairs.pairs.first)
    #expect(pairs.truncatedCount == 1)
    #expect(pair.prompt + pair.chosen == Array(1...4) + Array(11...16))
    #expect(pair.prompt + pair.rejected == Array(1...4) + [41, 42])
  }

  @Test func longerAnswers() {
    var pairs = EncodedPairs()
    for (chosen, rejected) in [([5, 5], [6]), ([5], [6]), ([5], [6, 6]), ([7, 5], [6])] {
      pairs.append(
        prompt: [1], chosen: [1] + chosen.map { Int32($0) },
        rejected: [1] + rejected.map { Int32($0) }, cutoff: 10)
    }
    #expect(pairs.longerAnswerAccuracy == 0.625)
  }
}
