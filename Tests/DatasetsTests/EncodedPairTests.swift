import Testing

@testable import Datasets

struct EncodedPairTests {
  private func encode(
    _ prompt: [Int32], _ chosen: [Int32], _ rejected: [Int32], cutoff: Int = 100
  ) -> (pair: EncodedPair?, isCut: Bool) {
    EncodedPair.cut(
      prompt: prompt, chosen: prompt + chosen, rejected: prompt + rejected, cutoff: cutoff)
  }

  @Test func sharesWhatTheSequencesBeginWith() throws {
    let pair = try #require(encode([1, 2, 3], [7, 8, 9], [7, 5]).pair)
    #expect(pair.prompt == [1, 2, 3, 7] && pair.chosen == [8, 9] && pair.rejected == [5])
    #expect(pair.tokenCount == 11)
  }

  @Test func eachAnswerKeepsATokenOfItsOwn() throws {
    // One sequence is the beginning of the other.
    let pair = try #require(encode([1, 2], [3], [3, 4]).pair)
    #expect(pair.prompt == [1, 2] && pair.chosen == [3] && pair.rejected == [3, 4])
  }

  @Test func pairsThatComeOutTheSameAreNone() {
    #expect(encode([1], [2, 3], [2, 3]) == (nil, false))
    #expect(encode(Array(1...8), [2, 2, 2, 5], [2, 2, 2, 6], cutoff: 4) == (nil, true))
  }

  // The numbers are those of LLaMA-Factory 0.9's infer_seqlen.
  @Test(arguments: [
    (100, 10, 50, 40, 10), (10, 100, 50, 10, 40), (100, 100, 50, 25, 25), (60, 30, 50, 34, 16),
    (10, 10, 50, 10, 10), (30, 24, 50, 26, 24),
  ])
  func cutsAsLLaMAFactoryDoes(prompt: Int, answer: Int, cutoff: Int, keptPrompt: Int, kept: Int) {
    #expect(keptLengths(prompt: prompt, answer: answer, cutoff: cutoff) == (keptPrompt, kept))
  }

  @Test func aCutPairKeepsTheBeginnings() throws {
    let (found, isCut) = encode(Array(1...4), Array(11...30), Array(41...42), cutoff: 10)
    let pair = try #require(found)
    #expect(isCut)
    #expect(pair.prompt + pair.chosen == Array(1...4) + Array(11...16))
    #expect(pair.prompt + pair.rejected == Array(1...4) + [41, 42])
  }

  @Test func longerAnswers() {
    let credits = [([5, 5], [6]), ([5], [6]), ([5], [6, 6]), ([7, 5], [6])].map {
      encode([1], $0.0, $0.1).pair?.longerAnswerCredit
    }
    #expect(credits == [1, 0.5, 0, 1])
  }

  @Test func recordsReadBackAsTheyWere() throws {
    let (found, _) = EncodedPair.cut(
      prompt: [1], chosen: [1, .max, 3], rejected: [1, 4], margin: -0.1, cutoff: 9)
    let pair = try #require(found)
    #expect(EncodedPair(record: pair.record) == pair)
    for record in [[], [1, 1, 1, 0, 0, 9], [-1, 1, 1, 0, 0, 9], [2, 1, 1, 0, 0, 5, 6, 7]] {
      #expect(EncodedPair(record: record.map { Int32($0) }) == nil)
    }
  }
}
