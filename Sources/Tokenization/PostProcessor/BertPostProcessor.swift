import Diagnostics
import StrictJSON

/// One special token before and one after a text, as BERT and RoBERTa have them.
struct BertPostProcessor: PostProcessor {
  let prefix: [Int32]
  let suffix: [Int32]

  init(_ reader: ComponentReader) throws(GraftError) {
    func id(_ key: String) throws(GraftError) -> Int32 {
      guard let pair = reader.value[key]?.array, pair.count == 2, let id = pair[1].int,
        let id = Int32(exactly: id)
      else { throw reader.malformed(key, "a token and its id") }
      return id
    }
    prefix = [try id("cls")]
    suffix = [try id("sep")]
  }
}
