import Testing

@testable import ChatTemplate

/// Values that refer to each other in a circle.
struct RendererLifetimeTests {
  @Test(arguments: [
    "{% macro name() %}{{ name }}{% endmacro %}{{ name() }}",
    "{% set name = namespace(a=1) %}{% set name.a = name %}",
    "{% set name = namespace() %}{% macro m() %}{{ name.m }}{% endmacro %}{% set name.m = m %}",
    "{% macro name() %}{% endmacro %}{{ raise_exception('no') }}",
  ])
  func nothingOutlivesARun(_ source: String) throws {
    weak var scope: Scope?
    weak var macro: Macro?
    weak var namespace: Namespace?
    do {
      let template = try ChatTemplate(source)
      let variables = Scope(parent: nil)
      scope = variables
      let renderer = Renderer(file: nil, now: .current)
      _ = try? renderer.run(template.body, variables)
      switch variables.find("name") {
      case .macro(let value): macro = value
      case .namespace(let value): namespace = value
      default: break
      }
    }
    #expect(scope == nil)
    #expect(macro == nil)
    #expect(namespace == nil)
  }
}
