import Diagnostics

/// Drops a character at the ends of each token, so many times at most.
struct StripDecoder: TokenDecoder {
  private let content: [UInt8]
  private let start: Int
  private let stop: Int

  init(_ reader: ComponentReader) throws(GraftError) {
    var content: [UInt8] = []
    appendUTF8(try reader.character("content"), to: &content)
    self.content = content
    start = try reader.int("start", default: 0)
    stop = try reader.int("stop", default: 0)
  }

  func apply(to tokens: inout [ArraySlice<UInt8>]) {
    for i in tokens.indices {
      var token = tokens[i]
      var count = 0
      while count < start, token.starts(with: content) {
        token = token.dropFirst(content.count)
        count += 1
      }
      count = 0
      while count < stop, token.suffix(content.count).elementsEqual(content) {
        token = token.dropLast(content.count)
        count += 1
      }
      tokens[i] = token
    }
  }
}
