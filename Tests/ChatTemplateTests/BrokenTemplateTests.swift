import ChatTemplate
import Diagnostics
import StrictJSON
import Testing

@Suite struct `Broken and hostile templates are refused` {
  private func render(_ source: String, _ variables: [String: JSONValue] = [:]) throws -> String {
    try ChatTemplate(source, file: "t.jinja").render(
      messages: [["role": "user", "content": "Hi"]], addGenerationPrompt: true,
      variables: variables, now: goldenDate)
  }

  private func expect(
    _ code: GraftError.Code, line: Int = 1, _ words: String..., from source: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: GraftError.self, sourceLocation: sourceLocation) {
      try render(source)
    }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    #expect(error?.file == "t.jinja", sourceLocation: sourceLocation)
    #expect(error?.line == line, sourceLocation: sourceLocation)
    let text = error?.description ?? ""
    for word in words { #expect(text.contains(word), sourceLocation: sourceLocation) }
  }

  @Test(arguments: [
    "{{ a", "{% if a %}", "{% for x in y %}{% endif %}", "{{ a b }}", "{{ 'a }}", "{# a",
    "{% raw %}",
    "{{ [1, }}", "{{ ) }}", "{% nope %}", "{{ a ! b }}", "{% set %}", "{% set a.b.c = 1 %}",
    "{% break %}", "{% macro m(a=1, b) %}{% endmacro %}", "{{ f(a=1, 2) }}", "{% endif %}", "{{ }}",
    "{{ 99999999999999999999 }}", "{% for in x %}{% endfor %}", "{{ a is defined is c }}",
    "{% call 1 %}{% endcall %}", "{% if %}{% endif %}",
  ])
  func `syntax errors name the line`(_ source: String) {
    expect(.invalidTemplate, line: 2, from: "first\n" + source)
  }

  @Test func `what is not built in is named`() {
    expect(.unsupportedTemplate, "include", from: "{% include 'x' %}")
    expect(.unsupportedTemplate, line: 3, "trimm", "'trim'", from: "\n\n{{ 'a' | trimm }}")
    expect(.unsupportedTemplate, "definde", "'defined'", from: "{{ a is definde }}")
  }

  @Test func `a refusal says the template's own words`() {
    expect(
      .templateRefusal, line: 2, "Roles must alternate",
      from: "{% for m in messages %}\n{{ raise_exception('Roles must alternate') }}{% endfor %}")
  }

  @Test func `a template cannot run for ever`() {
    let nested = String(repeating: "{% for i in range(100000) %}", count: 3)
    let ends = String(repeating: "{% endfor %}", count: 3)
    expect(.templateLimit, "steps", from: nested + ends)
    expect(.templateLimit, "nested", from: "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")
    expect(
      .templateLimit, "nested",
      from: "{% for a in [[]] recursive %}{{ loop([1]) }}{% endfor %}")
  }

  @Test func `a template cannot fill the memory`() {
    expect(.templateLimit, from: "{{ 'a' * 10000000000 }}")
    expect(.templateLimit, from: "{{ [0] * 9223372036854775807 }}")
    expect(.templateLimit, from: "{{ 'a'.center(100000000) }}")
    expect(.templateLimit, from: "{{ range(0, 1000000) }}")
    expect(.templateFailure, from: "{{ '%1000000d' % 1 }}")
    expect(
      .templateLimit,
      from: """
        {% set n = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}\
        {% endfor %}{{ n.s }}
        """)
    expect(
      .templateLimit,
      from: "{% set s = 'a' * 1000000 %}{% for i in range(1000) %}{{ s }}{% endfor %}")
    expect(
      .templateLimit,
      from: "{% set s = 'a' * 100000 %}{{ s.replace('a', s) | length }}")
  }

  @Test func `values cannot share their way to more`() {
    expect(
      .templateLimit,
      from: """
        {% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}\
        {% endfor %}{{ n.l == n.l }}
        """)
    expect(
      .templateLimit,
      from: """
        {% set n = namespace(l=[1]) %}{% for i in range(90000) %}{% set n.l = [n.l] %}{% endfor %}
        """)
    expect(.templateLimit, from: "{% set s = 'a' * 1000000 %}{{ [s] * 100000 }}")
    expect(.templateLimit, from: "{% set s = 'a' * 1000000 %}{{ range(100000) | join(s) }}")
    expect(.templateLimit, from: "{{ ('{n}' * 100000).format(n='a' * 1000000) }}")
  }

  @Test func `deep nesting is refused`() {
    let depth = 5000
    expect(
      .invalidTemplate,
      from: "{{ " + String(repeating: "(", count: depth) + String(repeating: ")", count: depth)
        + " }}")
    expect(.invalidTemplate, from: "{{ " + String(repeating: "not ", count: depth) + "a }}")
    expect(.invalidTemplate, from: "{{ " + String(repeating: "-", count: depth) + "1 }}")
    expect(.invalidTemplate, from: String(repeating: "{% if a %}", count: depth))
  }

  @Test func `arithmetic cannot trap`() throws {
    expect(.templateFailure, from: "{{ 9223372036854775807 + 1 }}")
    expect(.templateFailure, from: "{{ 3 ** 1000000000000 }}")
    expect(.templateFailure, from: "{{ 1 % 0 }}")
    expect(.templateFailure, from: "{{ (-9223372036854775807 - 1) // -1 }}")
    expect(.templateFailure, from: "{{ (-9223372036854775807 - 1) | abs }}")
    #expect(
      try render("{{ 'abc'[9223372036854775807:] }}{{ [1][-9223372036854775807:] }}") == "[1]")
    #expect(try render("{{ 'abc'[::9223372036854775807] }}") == "a")
    let least = "(-9223372036854775807 - 1)"
    #expect(try render("{{ 'a'.center(\(least)) ~ '-5'.zfill(\(least)) }}") == "a-5")
    #expect(
      try render("{{ 'a'.rfind('') ~ 'a'.rindex('') ~ 'a'.rpartition('b') }}").hasPrefix("11"))
    expect(.templateFailure, from: "{{ 1.5 | round(\(least)) }}")
    expect(.templateFailure, from: "{{ '%*d' % (\(least), 1) }}")
    expect(.templateFailure, from: "{{ \(least) ** 2 }}")
    #expect(try render("{{ 1e300 * 1e300 }} {{ (1e300 * 1e300) | int }}") == "inf 0")
  }
}
