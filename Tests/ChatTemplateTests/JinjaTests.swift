import ChatTemplate
import Diagnostics
import FileIO
import StrictJSON
import Testing

struct MissingKey: Error { let key: String }

extension JSONValue {
  func required(_ key: String) throws -> JSONValue {
    guard let value = self[key] else { throw MissingKey(key: key) }
    return value
  }
}

/// The date that the goldens were made with.
let goldenDate = TemplateDate(year: 2024, month: 7, day: 26)

/// Fixtures by Scripts/golden/make_template_golden.py, which says the versions of Jinja2 and
/// transformers.
@Suite struct `Small templates give the text of Jinja2` {
  @Test func rendersOrFails() throws {
    let folder = #filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.startIndex)
    let golden = try JSONValue.parse(readFile("\(folder)/Fixtures/jinja.json"))
    var variables: [String: JSONValue] = [:]
    for (name, value) in try golden.required("variables").object ?? JSONObject() {
      variables[name] = value
    }
    let cases = try golden.required("cases").array ?? []
    #expect(cases.count > 70)
    for golden in cases {
      let source = try golden.required("template").string ?? ""
      func render() throws -> String {
        try ChatTemplate(source).render(
          messages: [], addGenerationPrompt: false, variables: variables, now: goldenDate)
      }
      if let text = golden["text"]?.string {
        let rendered = try render()
        #expect(rendered.utf8.elementsEqual(text.utf8), "\(source): \(rendered)")
      } else {
        #expect(throws: GraftError.self, "\(source)") { try render() }
      }
    }
  }
}
