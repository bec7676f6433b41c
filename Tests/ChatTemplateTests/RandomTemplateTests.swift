import ChatTemplate
import Diagnostics
import StrictJSON
import TestSupport
import Testing

/// Live against Jinja2, in the environment that transformers renders chat templates with.
@Suite(.enabled(if: PeersPython.isPresent, "needs the peers"))
struct `Random templates give the text of Jinja2` {
  @Test(arguments: [1, 2])
  func rendersOrFails(seed: Int) throws {
    let output = try PeersPython.run([
      PeersPython.script("random_templates.py"), String(seed), "1000",
    ])
    let lines = try output.split(separator: "\n").map {
      try JSONValue.parse(Array($0.utf8), allowingNonFinite: true)
    }
    var variables: [String: JSONValue] = [:]
    for (name, value) in lines.first?.object ?? JSONObject() { variables[name] = value }
    var rendered = 0
    for line in lines.dropFirst() {
      let source = try line.required("template").string ?? ""
      let result = Result { () throws(GraftError) in
        try ChatTemplate(source).render(
          messages: [], addGenerationPrompt: false, variables: variables, now: goldenDate)
      }
      switch (result, line["text"]?.string) {
      case (.success(let text), let wanted?):
        #expect(text.utf8.elementsEqual(wanted.utf8), "\(source)\n\(text)\n\(wanted)")
        rendered += 1
      case (.success(let text), nil):
        Issue.record("\(source)\n\(text)\n\(line["error"]?.string ?? "")")
      case (.failure(let error), let wanted?):
        Issue.record("\(source)\n\(error)\n\(wanted)")
      case (.failure, nil): break
      }
    }
    #expect(rendered > 400)
  }
}
