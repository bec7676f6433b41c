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

  /// Reads the merges: a list of `"a b"` or `["a", "b"]`.
  func readMerges(of vocabulary: Vocabulary) throws(GraftError) -> MergeTable {
    guard let range = merges else {
      throw .malformedTokenizer("model.merges must be a list", file: path)
    }
    var cursor = JSONCursor(bytes, range)
    var table = MergeTable(capacity: range.count / 8)
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
      failure = add(left, right, rank, vocabulary, to: &table)
      rank += 1
      return failure == nil
    }
    guard isComplete else {
      throw failure
        ?? strictFailure(of: range, "merge \(rank + 1) must be two tokens with a space between")
    }
    return table
  }

  private func add(
    _ left: [UInt8], _ right: [UInt8], _ rank: Int, _ vocabulary: Vocabulary,
    to table: inout MergeTable
  ) -> GraftError? {
    func missing(_ token: [UInt8]) -> GraftError {
      .mergeWithoutToken(
        rank, String(decoding: left, as: UTF8.self), String(decoding: right, as: UTF8.self),
        missing: String(decoding: token, as: UTF8.self), file: path)
    }
    guard let leftID = vocabulary.id(of: left.span) else { return missing(left) }
    guard let rightID = vocabulary.id(of: right.span) else { return missing(right) }
    let merged = left + right
    guard let mergedID = vocabulary.id(of: merged.span) else { return missing(merged) }
    table.set(leftID, rightID, MergeTable.Merge(rank: rank, id: mergedID))
    return nil
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
