import ChatTemplate
import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

/// Goldens by transformers' own environment; see `PROVENANCE.md` there.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared"))
struct `Real chat templates give the text of transformers` {
  /// Templates and fixtures that are known to differ.
  static let exceptions: Set<String> = []

  @Test func rendersOrFails() throws {
    let folder = "\(Shared.path ?? "")/assets/chat_templates"
    let golden = try JSONValue.parse(readFile("\(folder)/golden.json"))
    let fixtures = try golden.required("fixtures")
    var rendered = 0
    var refused = 0
    for (name, cases) in try golden.required("golden").object ?? JSONObject() {
      let source = String(decoding: try readFile("\(folder)/\(name).jinja"), as: UTF8.self)
      let template = try ChatTemplate(source, file: "\(name).jinja")
      for (key, expected) in cases.object ?? JSONObject() {
        let isException = Self.exceptions.contains("\(name)/\(key)")
        let fixture = try fixtures.required(key)
        var text: String?
        do {
          text = try template.render(
            messages: fixture.required("messages").array ?? [],
            addGenerationPrompt: fixture.required("add_generation_prompt").bool ?? false,
            tools: fixture["tools"],
            variables: [
              "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>",
            ], now: goldenDate)
        } catch let error as GraftError {
          #expect(error.file == "\(name).jinja")
          #expect(error.line != nil)
          let words = expected["error"]?.string ?? ""
          if error.code == .templateRefusal {
            #expect(error.message.hasSuffix(words), "\(name) on \(key)")
          } else {
            // An error of Python or of Jinja's sandbox, not the template's own.
            #expect(words.contains("rror:") || words.contains("object"), "\(name) on \(key)")
          }
        }
        let isEqual =
          if let wanted = expected["text"]?.string {
            text?.utf8.elementsEqual(wanted.utf8) == true
          } else {
            text == nil
          }
        #expect(isEqual != isException, "\(name) on \(key)")
        if text == nil { refused += 1 } else { rendered += 1 }
      }
    }
    // 127 templates on 7 conversations.
    #expect(rendered == 832)
    #expect(refused == 57)
  }
}
