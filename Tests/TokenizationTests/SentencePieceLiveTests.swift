import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing
import Tokenization

/// Live against `sentencepiece`, on models that it trains at this moment, and on some with equal
/// scores: ids, and the text of ids, of unknown pieces and of broken bytes too.
@Suite(
  .enabled(if: PeersPython.has("sentencepiece"), "needs a GRAFT_PEERS_PYTHON with sentencepiece"))
struct `SentencePiece models give the ids and texts of sentencepiece` {
  @Test func everyKind() throws {
    let scratch = try TemporaryDirectory()
    let seed = testSeed
    try PeersPython.run([
      PeersPython.script("sentencepiece_live.py"), scratch.path, String(seed),
    ])
    let names = try directoryEntries(scratch.path).filter { $0.hasSuffix(".model") }
    #expect(names.count == 28)
    for name in names where name != "bpe-unused.model" {
      let tokenizer = try Tokenizer(modelFile: scratch.file(name))
      let lines = try readFile(scratch.file("\(name.dropLast(6)).jsonl")).split(separator: 0x0A)
      #expect(lines.count > 600)
      for line in lines {
        let entry = try JSONValue.parse(Array(line))
        let wanted = try ids(entry.required("ids"))
        if let text = entry["text"]?.string {
          let found = try tokenizer.encode(text, addingSpecialTokens: false)
          #expect(found == wanted, "\(name), seed \(seed): \(text.debugDescription)")
        }
        let decoded = tokenizer.decode(wanted, skippingSpecialTokens: true)
        let expected = try entry.required("decoded").string ?? ""
        #expect(
          decoded.utf8.elementsEqual(expected.utf8), "\(name), seed \(seed): \(wanted)")
      }
    }
  }

  /// A piece that merges lead through, and that is taken apart again.
  @Test func unusedPiecesAreNamed() throws {
    let scratch = try TemporaryDirectory()
    try PeersPython.run([PeersPython.script("sentencepiece_live.py"), scratch.path, "1"])
    let error = #expect(throws: GraftError.self) {
      try Tokenizer(modelFile: scratch.file("bpe-unused.model"))
    }
    #expect(error?.message.contains("unused piece 'aa'") == true)
  }

  /// Where words end with their space, all ids are others.
  @Test func aSettingThatIsNotSupportedIsNamed() throws {
    let scratch = try TemporaryDirectory()
    // A piece, and the trainer's field 24.
    let piece: [UInt8] = [0x0A, 0x08, 0x0A, 0x01, 0x61, 0x15, 0, 0, 0, 0]
    let path = try scratch.write(
      piece + piece.map { $0 == 0x61 ? 0x62 : $0 } + [0x12, 0x03, 0xC0, 0x01, 0x01], to: "a.model")
    let error = #expect(throws: GraftError.self) { try Tokenizer(modelFile: path) }
    #expect(error?.message.contains("treat_whitespace_as_suffix") == true)
  }
}
