import Diagnostics

/// Merges in the order in which a file lists them.
struct MergeList {
  private(set) var left: [Int32] = []
  private(set) var right: [Int32] = []
  private(set) var rank: [UInt32] = []
  private(set) var merged: [Int32] = []

  /// No merges, with room for `capacity`.
  init(capacity: Int) {
    left.reserveCapacity(capacity)
    right.reserveCapacity(capacity)
    rank.reserveCapacity(capacity)
    merged.reserveCapacity(capacity)
  }

  private mutating func append(_ left: Int32, _ right: Int32, rank: Int, merged: Int32) {
    self.left.append(left)
    self.right.append(right)
    self.rank.append(UInt32(rank))
    self.merged.append(merged)
  }

  /// The merges of a vocabulary without a list of them: any two tokens that are one together, the
  /// best token first.
  ///
  /// - Parameters:
  ///   - scores: higher is better, equal ones in the order of the text; nil for the order of ids.
  ///   - mayMerge: which tokens take part.
  init(joining vocabulary: Vocabulary, scores: [Float]?, mayMerge: (Int) -> Bool) {
    let ids = (0..<vocabulary.idCount).filter(mayMerge)
    var ranks = [Int](repeating: 0, count: vocabulary.idCount)
    if let scores, scores.count == vocabulary.idCount {
      let ordered = ids.sorted { scores[$0] > scores[$1] }
      for (i, id) in ordered.enumerated() {
        let isSame = i > 0 && scores[ordered[i - 1]] == scores[id]
        ranks[id] = isSame ? ranks[ordered[i - 1]] : i
      }
    } else {
      for id in ids { ranks[id] = id }
    }
    for id in ids {
      guard let token = vocabulary.bytes(of: Int32(id)) else { continue }
      let bytes = Array(token)
      for cut in bytes.indices.dropFirst() where bytes[cut] & 0xC0 != 0x80 {
        guard let left = vocabulary.id(of: bytes.span.extracting(0..<cut)), mayMerge(Int(left)),
          let right = vocabulary.id(of: bytes.span.extracting(cut..<bytes.count)),
          mayMerge(Int(right))
        else { continue }
        append(left, right, rank: ranks[id], merged: Int32(id))
      }
    }
  }

  /// Adds a merge given by its tokens.
  ///
  /// - Returns: the failure, if the vocabulary lacks one of them.
  mutating func add(
    _ left: [UInt8], _ right: [UInt8], merged: [UInt8], rank: Int, _ vocabulary: Vocabulary,
    file: String
  ) -> GraftError? {
    func missing(_ token: [UInt8]) -> GraftError {
      .mergeWithoutToken(
        rank, String(decoding: left, as: UTF8.self), String(decoding: right, as: UTF8.self),
        missing: String(decoding: token, as: UTF8.self), file: file)
    }
    guard let leftID = vocabulary.id(of: left.span) else { return missing(left) }
    guard let rightID = vocabulary.id(of: right.span) else { return missing(right) }
    guard let mergedID = vocabulary.id(of: merged.span) else { return missing(merged) }
    append(leftID, rightID, rank: rank, merged: mergedID)
    return nil
  }
}
