import FileIO
import StrictJSON
import TestSupport
import Testing
import Tokenization

/// Random texts, encoded at this moment by the `tokenizers` package as well.
@Suite(.enabled(if: PeersPython.isPresent, "needs GRAFT_PEERS_PYTHON"))
struct `Random texts get the ids of the tokenizers package` {
  private func compare(_ folder: String, count: Int) throws {
    let seed = testSeed
    let output = try PeersPython.run([
      PeersPython.script("random_texts.py"), "\(folder)/tokenizer.json", "\(count)", "\(seed)",
    ])
    let path = "\(folder)/tokenizer.json"
    let tokenizer = try Tokenizer(json: readFile(path), path: path)
    let lines = output.utf8.split(separator: 0x0A)
    #expect(lines.count == count)
    for line in lines {
      let value = try JSONValue.parse(Array(line))
      let golden = try TokenizerGolden(value)
      #expect(try tokenizer.encode(golden.text) == golden.idsWithSpecial, "seed \(seed)")
      try EncodingGolden(value).expectEqual(
        tokenizer.encoding(of: golden.text), "seed \(seed): \(golden.text)")
      #expect(
        tokenizer.decode(golden.ids).utf8.elementsEqual(golden.decoded.utf8), "seed \(seed)")
    }
  }

  @Test(arguments: TinyTokenizers.names)
  func small(_ name: String) throws {
    try compare(fixture("tiny/\(name)"), count: 300)
  }

  @Test(.enabled(if: Shared.isPresent, "needs ../shared"), arguments: RealTokenizers.names)
  func real(_ name: String) throws {
    try compare("\(Shared.path ?? "")/assets/tokenizers/\(name)", count: 200)
  }
}
