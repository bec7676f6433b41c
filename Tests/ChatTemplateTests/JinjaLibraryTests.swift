import ChatTemplate
import Diagnostics
import StrictJSON
import TestSupport
import Testing

/// Live against Jinja2, in the environment that transformers renders chat templates with: every
/// filter, test, function and method, with arguments by position and by name, right and wrong.
@Suite(.enabled(if: PeersPython.isPresent, "needs the peers"))
struct `The library of templates is that of Jinja2` {
  @Test(arguments: [1, 2])
  func callsEverything(seed: Int) throws {
    let output = try PeersPython.run([
      PeersPython.script("jinja_library.py"), String(seed), "40",
    ])
    let lines = try output.split(separator: "\n").map {
      try JSONValue.parse(Array($0.utf8), allowingNonFinite: true)
    }
    let first = try #require(lines.first)
    var variables: [String: JSONValue] = [:]
    for (name, value) in try first.required("variables").object ?? JSONObject() {
      variables[name] = value
    }
    var right: Set<String> = []
    for line in lines.dropFirst() {
      let source = try line.required("template").string ?? ""
      let call = source.split(separator: "{{").last ?? ""
      let result = Result { () throws(GraftError) in
        try ChatTemplate(source).render(
          messages: [], addGenerationPrompt: false, variables: variables, now: goldenDate)
      }
      switch (result, line["text"]?.string) {
      case (.success(let text), let wanted?):
        #expect(text.utf8.elementsEqual(wanted.utf8), "\(call)\n\(text)\n\(wanted)")
        right.insert(try line.required("name").string ?? "")
      case (.success(let text), nil):
        Issue.record("\(call)\n\(text)\n\(line["error"]?.string ?? "it must be refused")")
      case (.failure(let error), let wanted?): Issue.record("\(call)\n\(error)\n\(wanted)")
      // What has no one answer, or would be bytes, is named.
      case (.failure(let error), nil):
        if line["refused"] != nil { #expect(error.code == .unsupportedTemplate, "\(call)") }
      }
    }
    let names = try first.required("names").array ?? []
    #expect(names.count > 160)
    for name in names { #expect(right.contains(name.string ?? ""), "\(name)") }
  }
}
