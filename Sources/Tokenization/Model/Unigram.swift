import Diagnostics
import StrictJSON

/// The most probable way to cut a word into tokens.
struct Unigram: TokenModel {
  let vocabulary: Vocabulary
  private let scores: [Double]
  private let unknownID: Int32?
  /// What a character costs that is no token.
  private let unknownScore: Double
  /// Whether scores are summed in single precision, which decides between equal ways.
  private let roundsScores: Bool
  private let fallbackIDs: [Int32]?
  private let trie: VocabularyTrie
  var transparentID: Int32? { unknownID }

  init(_ file: TokenizerFile, _ reader: ComponentReader) throws(GraftError) {
    let (vocabulary, scores) = try file.readScoredVocabulary()
    var unknownID: Int32?
    if let value = reader.value["unk_id"], !value.isNull {
      let id = try reader.tokenID(value, "unk_id")
      guard Int(id) < vocabulary.idCount else {
        throw .unknownIDMissing(Int(id), count: vocabulary.idCount, file: reader.file)
      }
      unknownID = id
    }
    let fallsBack = try reader.bool("byte_fallback", default: false)
    self.init(
      vocabulary, scores, unknownID: unknownID, fallsBack: fallsBack)
  }

  init(
    _ vocabulary: Vocabulary, _ scores: [Double], unknownID: Int32?, fallsBack: Bool,
    roundsScores: Bool = false,
    isUsable: (Int) -> Bool = { _ in true }
  ) {
    self.vocabulary = vocabulary
    self.scores = scores
    self.unknownID = unknownID
    self.roundsScores = roundsScores
    let unknown = (scores.indices.filter(isUsable).map { scores[$0] }.min() ?? 0) - 10
    unknownScore = roundsScores ? Double(Float(unknown)) : unknown
    fallbackIDs = fallsBack ? vocabulary.fallbackIDs() : nil
    trie = VocabularyTrie(vocabulary, isUsable)
  }

  /// The best way to cut a word so far.
  struct Node {
    var score = 0.0
    var id: Int32 = 0
    /// Where the last token begins; -1 where no way leads.
    var start: Int32 = -1
  }

  func encode(
    _ word: Span<UInt8>, form: WordForm, scratch: inout MergeScratch,
    into tokens: inout [TokenSpan]
  ) {
    scratch.nodes.removeAll(keepingCapacity: true)
    scratch.nodes.append(contentsOf: repeatElement(Node(), count: word.count + 1))
    findBestPath(word, &scratch.nodes)
    let first = tokens.count
    var end = word.count
    var unknownEnd = -1
    // Backwards; unknown characters side by side are one token.
    while end > 0 {
      let node = scratch.nodes[end]
      let start = Int(node.start)
      if node.id == unknownID ?? -1 {
        if unknownEnd < 0 { unknownEnd = end }
      } else {
        if unknownEnd >= 0 {
          appendUnknown(word, end..<unknownEnd, to: &tokens)
          unknownEnd = -1
        }
        tokens.append(TokenSpan(id: node.id, range: start..<end))
      }
      end = start
    }
    if unknownEnd >= 0 { appendUnknown(word, 0..<unknownEnd, to: &tokens) }
    tokens[first...].reverse()
  }

  private func findBestPath(_ word: Span<UInt8>, _ nodes: inout [Node]) {
    var start = 0
    while start < word.count {
      let scoreHere = nodes[start].score
      let length = characterLength(word[start])
      var hasSingle = false
      func offer(_ id: Int32, _ score: Double, end: Int) {
        let sum = score + scoreHere
        let score = roundsScores ? Double(Float(sum)) : sum
        if nodes[end].start < 0 || score > nodes[end].score {
          nodes[end] = Node(score: score, id: id, start: Int32(start))
        }
      }
      trie.forEachToken(in: word, from: start) { id, end in
        offer(id, scores[Int(id)], end: end)
        if end - start == length { hasSingle = true }
      }
      if !hasSingle { offer(unknownID ?? -1, unknownScore, end: start + length) }
      start += length
    }
  }

  /// Appends, in reverse, what stands for characters that are no tokens.
  private func appendUnknown(
    _ word: Span<UInt8>, _ range: Range<Int>, to tokens: inout [TokenSpan]
  ) {
    let part = word.extracting(range)
    if let id = vocabulary.id(of: part) {
      tokens.append(TokenSpan(id: id, range: range))
    } else if let fallbackIDs, part.allFallBack(fallbackIDs) {
      for i in part.indices.reversed() {
        tokens.append(TokenSpan(id: fallbackIDs[Int(part[i])], range: range))
      }
    } else if let unknownID {
      tokens.append(TokenSpan(id: unknownID, range: range))
    }
  }
}
