import Diagnostics
import StrictJSON

extension TokenizerFile {
  /// Ids above this are no ids of tokens.
  static let idLimit = 1 << 24

  /// Reads the vocabulary: an object of tokens and ids.
  func readVocabulary() throws(GraftError) -> Vocabulary {
    guard let range = vocabulary else {
      throw .malformedTokenizer("model.vocab must be an object of tokens and ids", file: path)
    }
    var cursor = JSONCursor(bytes, range)
    // A token takes 6 bytes of text at least, as in `"a":0,`.
    var vocabulary = Vocabulary(capacity: range.count / 12)
    var failure: GraftError?
    let isComplete = cursor.walkObject { cursor, token in
      guard let number = cursor.takeNumber() else { return false }
      let text = String(decoding: number, as: UTF8.self)
      guard let id = Int(text), id >= 0, id < Self.idLimit else {
        failure = .idOutOfRange(
          text, String(decoding: token, as: UTF8.self), limit: Self.idLimit, file: path)
        return false
      }
      // Each token takes five bytes at least, so that lists stay in proportion to the file.
      guard id <= bytes.count / 5 else {
        failure = .idBeyondFile(
          id, String(decoding: token, as: UTF8.self), byteCount: bytes.count, file: path)
        return false
      }
      switch vocabulary.add(token.span, id: id) {
      case nil: return true
      case .token(let first):
        failure = .duplicateToken(
          String(decoding: token, as: UTF8.self), first, id, file: path)
      case .id(let first):
        failure = .duplicateID(id, first, String(decoding: token, as: UTF8.self), file: path)
      }
      return false
    }
    guard isComplete else {
      throw failure ?? strictFailure(of: range, "model.vocab must be an object of tokens and ids")
    }
    return vocabulary
  }

  /// Reads the vocabulary of a Unigram model: a list of `["token", score]`.
  func readScoredVocabulary() throws(GraftError) -> (Vocabulary, [Double]) {
    let expected = "model.vocab must be a list of tokens and scores"
    guard let range = vocabularyList else { throw .malformedTokenizer(expected, file: path) }
    var cursor = JSONCursor(bytes, range)
    var vocabulary = Vocabulary(capacity: range.count / 16)
    var scores: [Double] = []
    var token: [UInt8] = []
    var failure: GraftError?
    let isComplete = cursor.walkArray { cursor in
      guard cursor.take("["), cursor.takeString(into: &token), cursor.take(","),
        let number = cursor.takeNumber(), cursor.take("]"),
        let score = Self.score(number), scores.count < Self.idLimit
      else { return false }
      if case .token(let first)? = vocabulary.add(token.span, id: scores.count) {
        failure = .duplicateToken(
          String(decoding: token, as: UTF8.self), first, scores.count, file: path)
        return false
      }
      scores.append(score)
      return true
    }
    guard isComplete else { throw failure ?? strictFailure(of: range, expected) }
    return (vocabulary, scores)
  }

  /// The value of a score as the reference reads it: a whole number of 64 bits and a power of ten,
  /// which is not always the nearest double. Ways to cut a word that cost the same differ by that.
  static func score(_ text: ArraySlice<UInt8>) -> Double? {
    guard let exact = Double(String(decoding: text, as: UTF8.self)), exact.isFinite else {
      return nil
    }
    var significand: UInt64 = 0
    var exponent = 0
    var isFraction = false
    var isFull = false
    var digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
    while let byte = digits.popFirst(), byte & 0xDF != UInt8(ascii: "E") {
      guard byte != UInt8(ascii: ".") else {
        isFraction = true
        continue
      }
      guard (0x30...0x39).contains(byte) else { return exact }
      let (product, overflows) = significand.multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) = product.addingReportingOverflow(UInt64(byte - 0x30))
      isFull = isFull || overflows || overflowsToo
      if !isFull { significand = sum }
      if isFull { exponent += isFraction ? 0 : 1 } else { exponent -= isFraction ? 1 : 0 }
    }
    if !digits.isEmpty {
      guard let written = Int(String(decoding: digits, as: UTF8.self)) else { return exact }
      exponent = exponent.addingReportingOverflow(written).partialValue
    }
    // Powers of ten up to this are read from a table.
    guard abs(exponent) <= 308, let power = Double("1e\(abs(exponent))") else { return exact }
    let value = exponent < 0 ? Double(significand) / power : Double(significand) * power
    guard value.isFinite else { return exact }
    return text.first == UInt8(ascii: "-") ? -value : value
  }

  /// Reads the merges: a list of `"a b"` or `["a", "b"]`.
  ///
  /// - Parameter prefixLength: the bytes of a right part that the merged token lacks.
  func readMerges(
    of vocabulary: Vocabulary, prefixLength: Int
  ) throws(GraftError) -> MergeList {
    guard let range = merges else {
      throw .malformedTokenizer("model.merges must be a list", file: path)
    }
    var cursor = JSONCursor(bytes, range)
    var table = MergeList(capacity: range.count / 8)
    var rank = 0
    var left: [UInt8] = []
    var right: [UInt8] = []
    var failure: GraftError?
    let isComplete = cursor.walkArray { cursor in
      if cursor.peek() == UInt8(ascii: "[") {
        guard cursor.take("["), cursor.takeString(into: &left), cursor.take(","),
          cursor.takeString(into: &right), cursor.take("]")
        else { return false }
      } else {
        guard cursor.takeString(into: &left) else { return false }
        if rank == 0, left.starts(with: "#version".utf8) { return true }
        let parts = left.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        right = Array(parts[1])
        left.removeLast(right.count + 1)
      }
      failure = table.add(
        left, right, merged: left + right.dropFirst(prefixLength), rank: rank, vocabulary,
        file: path)
      rank += 1
      return failure == nil
    }
    guard isComplete else {
      throw failure
        ?? strictFailure(of: range, "merge \(rank + 1) must be two tokens with a space between")
    }
    return table
  }

  /// Why a part of the text is not what it must be: not JSON at all, or other JSON.
  private func strictFailure(of range: Range<Int>, _ expected: String) -> GraftError {
    let firstLine = 1 + bytes[..<range.lowerBound].count { $0 == 0x0A }
    do {
      _ = try JSONValue.parse(Array(bytes[range]), file: path, firstLine: firstLine)
    } catch {
      return error
    }
    return .malformedTokenizer(expected, file: path)
  }
}
