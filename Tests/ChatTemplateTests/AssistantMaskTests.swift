import ChatTemplate
import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

/// Live against transformers: what its tracker finds on every template with generation blocks.
@Suite(.enabled(if: Shared.isPresent && PeersPython.isPresent, "needs ../shared and the peers"))
struct `Assistant masks are those of transformers` {
  @Test func rangesAreEqual() throws {
    let folder = "\(Shared.path ?? "")/assets/chat_templates"
    let output = try PeersPython.run([PeersPython.script("assistant_masks.py"), folder])
    let golden = try JSONValue.parse(String(output.split(separator: "\n").last ?? ""))
    let fixtures = try JSONValue.parse(readFile("\(folder)/golden.json")).required("fixtures")
    var count = 0
    for (name, cases) in golden.object ?? JSONObject() {
      let source = String(decoding: try readFile("\(folder)/\(name).jinja"), as: UTF8.self)
      let template = try ChatTemplate(source, file: name)
      #expect(template.marksAssistant)
      for (key, wanted) in cases.object ?? JSONObject() {
        let fixture = try fixtures.required(key)
        let result = try template.renderMarked(
          messages: fixture.required("messages").array ?? [],
          addGenerationPrompt: fixture.required("add_generation_prompt").bool ?? false,
          tools: fixture["tools"], variables: ["bos_token": "<s>", "eos_token": "</s>"],
          now: goldenDate)
        let scalars = Array(result.text.unicodeScalars)
        let ranges = wanted.array?.compactMap(\.array) ?? []
        let texts = ranges.map { range in
          let start = min(range[0].int ?? 0, scalars.count)
          var view = String.UnicodeScalarView()
          view.append(contentsOf: scalars[start..<min(range[1].int ?? 0, scalars.count)])
          return String(view)
        }
        let bytes = Array(result.text.utf8)
        let own = result.assistantRanges.map {
          String(decoding: bytes[$0.lowerBound..<min($0.upperBound, bytes.count)], as: UTF8.self)
        }
        #expect(own == texts, "\(name) on \(key)")
        count += ranges.count
      }
    }
    #expect(count > 100)
  }

  @Test func countsBytes() throws {
    let template = try ChatTemplate(
      "{% for m in messages %}é{% generation %}{{ m.c }}{% endgeneration %}{% endfor %}")
    let result = try template.renderMarked(
      messages: [["c": "ü"], ["c": ""]], addGenerationPrompt: false)
    #expect(result.text == "éüé")
    #expect(result.assistantRanges == [2..<4, 6..<6])
    #expect(try !ChatTemplate("x").marksAssistant)
  }
}
