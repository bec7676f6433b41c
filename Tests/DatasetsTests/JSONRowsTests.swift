import Diagnostics
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

struct JSONRowsTests {
  private func rows(_ text: String) throws -> [(line: Int, number: Int, value: String)] {
    let directory = try TemporaryDirectory()
    let path = try directory.write(Array(text.utf8), to: "rows.json")
    return try JSONRows(path).map { result in
      let row = try result.get()
      return (row.line, row.number, row.value.text())
    }
  }

  @Test func listsAndLinesAreTold() throws {
    let list = try rows("\u{FEFF}\n[ {\"a\": [1, \"]}\\\"\"]},\n\n2,\n {\"b\": {}} ]\n")
    #expect(list.map(\.value) == [#"{"a":[1,"]}\""]}"#, "2", #"{"b":{}}"#])
    #expect(list.map(\.line) == [2, 4, 5] && list.map(\.number) == [1, 2, 3])
    let lines = try rows("{\"a\": 1}\r\n\n  \n{\"b\": 2}")
    #expect(lines.map(\.value) == [#"{"a":1}"#, #"{"b":2}"#])
    #expect(lines.map(\.line) == [1, 4])
    #expect(try rows("").isEmpty && rows("[]").isEmpty && rows(" \n ").isEmpty)
  }

  @Test(arguments: [
    "[", "[1", "[1 2]", "[1,]", "[1]2", "[,1]", "[1,,2]", "{\"a\"", "[{\"a\": \"", "[{]}", "1\n2 3",
  ])
  func brokenTextIsRefused(text: String) {
    #expect(throws: GraftError.self) { _ = try rows(text) }
  }
}
