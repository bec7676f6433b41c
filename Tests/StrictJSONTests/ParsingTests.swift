import Diagnostics
import StrictJSON
import Testing

@Suite struct ParsingTests {
  @Test func `values of every kind are read`() throws {
    let value = try JSONValue.parse(
      #"{"a": [1, -2.50, 1e-05, true, false, null], "b": {"c": "é\n\u00e9\ud83d\ude00"}}"#)
    #expect(value["a"]?.array?[0].int == 1)
    #expect(value["a"]?.array?[1].double == -2.5)
    #expect(value["a"]?.array?[2].double == 1e-05)
    #expect(value["a"]?.array?[3].bool == true)
    #expect(value["a"]?.array?[5].isNull == true)
    #expect(value["b"]?["c"]?.string == "é\né😀")
  }

  @Test func `numbers keep their notation`() throws {
    let text = #"{"theta":10000.0,"big":1000000000000000019884624838656,"tiny":1e-05,"n":1}"#
    #expect(try JSONValue.parse(text).text() == text)
  }

  @Test func `keys keep their order, and sorting is by code point`() throws {
    let value = try JSONValue.parse(#"{"b":1,"a":2,"Z":3,"é":4}"#)
    #expect(value.object?.keys == ["b", "a", "Z", "é"])
    #expect(value.text(.prettySorted) == "{\n  \"Z\": 3,\n  \"a\": 2,\n  \"b\": 1,\n  \"é\": 4\n}")
  }

  @Test(arguments: [
    ("{", "key"), ("{} x", "more text"), ("[1,]", "value"), ("01", "begin with 0"),
    ("1.", "digit"), ("\"\u{01}\"", "control"), (#""\ud800""#, "surrogate"), (#""\x""#, "escape"),
    ("nul", "value"), ("{\"a\" 1}", "colon"), ("{1:2}", "key"), ("\"abc", "inside a string"),
    ("NaN", "value"), ("", "ends"), ("[1 2]", "comma"), (#""\udc00""#, "surrogate"),
  ])
  func `broken text is refused`(text: String, part: String) {
    let error = #expect(throws: GraftError.self) { try JSONValue.parse(text, file: "x.json") }
    #expect(error?.code == .invalidJSON)
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }

  @Test func `a duplicate key is refused with its line`() {
    let error = #expect(throws: GraftError.self) {
      try JSONValue.parse("{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", file: "c.json")
    }
    #expect(error?.code == .duplicateKey)
    #expect(error?.line == 3)
    #expect(error?.file == "c.json")
  }

  @Test func `invalid UTF-8 is refused`() {
    let error = #expect(throws: GraftError.self) {
      try JSONValue.parse([0x22, 0xC3, 0x28, 0x22])
    }
    #expect(error?.message.contains("UTF-8") == true)
  }

  @Test func `nesting is bounded`() {
    let deep = String(repeating: "[", count: 100_000)
    let error = #expect(throws: GraftError.self) { try JSONValue.parse(deep) }
    #expect(error?.code == .jsonTooDeep)
  }

  @Test func `non-finite numbers are read only where allowed`() throws {
    let value = try JSONValue.parse(
      Array("[NaN, Infinity, -Infinity]".utf8), allowingNonFinite: true)
    #expect(value.array?[0].double?.isNaN == true)
    #expect(value.array?[2].double == -.infinity)
  }

  @Test func `what is written reads back`() throws {
    let value: JSONValue = ["s": "\u{07}\"\\\n\u{1F600}", "a": [[], [:], nil, 1.5, true]]
    for style in [JSONValue.Style.compact, .pretty, .prettySorted] {
      #expect(try JSONValue.parse(value.text(style)) == value)
    }
  }

  @Test func `members can be set and removed`() {
    var object = JSONObject()
    for key in ["a", "b", "c"] { object[key] = .string(key) }
    object["a"] = nil
    object["c"] = "d"
    #expect(object.keys == ["b", "c"])
    #expect(object["c"]?.string == "d")
    #expect(object["b"]?.string == "b")
  }

  @Test(arguments: [1, 7, 8, 9, 10, 200])
  func `objects of any size find, refuse, replace and remove their keys`(count: Int) throws {
    let text = "{" + (0..<count).map { "\"k\($0)\": \($0)" }.joined(separator: ", ") + "}"
    var object = try #require(JSONValue.parse(text).object)
    #expect((0..<count).allSatisfy { object["k\($0)"]?.int == $0 })
    #expect(object["k\(count)"] == nil)
    let error = #expect(throws: GraftError.self) {
      try JSONValue.parse(String(text.dropLast()) + ", \"k0\": 1}")
    }
    #expect(error?.code == .duplicateKey)
    object["k\(count - 1)"] = "last"
    object["k0"] = nil
    #expect(object.count == count - 1)
    #expect((1..<count).allSatisfy { object["k\($0)"] != nil })
    object["k0"] = 5
    #expect(object["k0"]?.int == 5)
    #expect(object.keys.last == "k0")
  }

  @Test func `keys that only look the same are two keys`() throws {
    let object = try #require(JSONValue.parse("{\"\u{E9}\": 1, \"e\u{301}\": 2}").object)
    #expect(object.count == 2)
    #expect(object["e\u{301}"]?.int == 2)
    #expect(object["\u{E9}"]?.int == 1)
  }
}
