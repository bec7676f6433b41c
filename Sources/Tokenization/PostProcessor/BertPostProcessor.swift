import Diagnostics
import StrictJSON

/// `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`, as BERT has them.
struct BertPostProcessor: PostProcessor {
  private let start: Int32
  private let end: Int32

  init(_ reader: ComponentReader) throws(GraftError) {
    (start, end) = try reader.startAndEnd()
  }

  func addedCount(isPair: Bool) -> Int { isPair ? 3 : 2 }

  func apply(
    to encodings: inout [Encoding], addingSpecialTokens: Bool, tokenText: (Int32) -> String
  ) {
    guard addingSpecialTokens else { return }
    for i in encodings.indices {
      encodings[i] = encodings[i].wrapped(
        in: i == 0 ? start : nil, end, typeID: Int32(i), tokenText)
    }
  }
}

/// `<s> A </s>` and `<s> A </s></s> B </s>`, as RoBERTa has them.
struct RobertaPostProcessor: PostProcessor {
  private let start: Int32
  private let end: Int32
  private let trimmer: OffsetTrimmer

  init(_ reader: ComponentReader) throws(GraftError) {
    (start, end) = try reader.startAndEnd()
    trimmer = try OffsetTrimmer(reader)
  }

  func addedCount(isPair: Bool) -> Int { isPair ? 4 : 2 }

  func apply(
    to encodings: inout [Encoding], addingSpecialTokens: Bool, tokenText: (Int32) -> String
  ) {
    trimmer.apply(
      to: &encodings, addingSpecialTokens: addingSpecialTokens, tokenText: tokenText)
    for i in encodings.indices {
      encodings[i].typeIDs = encodings[i].typeIDs.map { _ in 0 }
      guard addingSpecialTokens else { continue }
      encodings[i] = encodings[i].wrapped(
        in: i == 0 ? start : end, end, typeID: 0, tokenText)
    }
  }
}

extension Encoding {
  /// The encoding, and what overflowed from it, with a token before and one behind.
  fileprivate func wrapped(
    in start: Int32?, _ end: Int32, typeID: Int32, _ tokenText: (Int32) -> String
  ) -> Encoding {
    var result = Encoding()
    if let start { result.appendSpecial(start, tokenText(start), typeID: typeID) }
    let first = result.count
    var inner = self
    inner.overflow = []
    result.append(inner)
    for i in first..<result.count {
      result.typeIDs[i] = typeID
      result.isSpecial[i] = false
    }
    result.appendSpecial(end, tokenText(end), typeID: typeID)
    result.overflow = overflow.map { $0.wrapped(in: start, end, typeID: typeID, tokenText) }
    return result
  }
}

extension ComponentReader {
  /// The tokens `cls` and `sep`, each a pair of token and id.
  fileprivate func startAndEnd() throws(GraftError) -> (Int32, Int32) {
    func id(_ key: String) throws(GraftError) -> Int32 {
      guard let pair = value[key]?.array, pair.count == 2 else {
        throw malformed(key, "a token and its id")
      }
      return try tokenID(pair[1], key)
    }
    return (try id("cls"), try id("sep"))
  }
}
