public import ChatTemplate
public import Diagnostics
import StrictJSON

/// How a chat format writes tools, and calls of them.
public enum ToolFormat: String, Sendable, Equatable {
  /// Lists of names and arguments; calls as `Action` and `Action Input`.
  case `default`
  /// Tools and calls as JSON, with a date.
  case llama3
  /// Tools and calls as one list each.
  case mistral
  /// Tools as their JSON between marks; calls as `Action` and `Action Input`.
  case phi4Mini
  /// Tools and calls as JSON between tags.
  case qwen

  private static let wrapped =
    "{% set w = t if t.type == 'function' else {'type': 'function', 'function': t} %}"

  /// The template of a system's text about `tools`.
  private var description: String {
    switch self {
    case .default:
      """
      You have access to the following tools:
      {% set names = namespace(n=[]) %}{% for x in tools %}\
      {% set t = x.function if x.type == 'function' else x %}{% set names.n = names.n + [t.name] %}\
      > Tool Name: {{ t.name }}
      Tool Description: {{ t.description | default('') }}
      Tool Args:
      {% for name, p in t.parameters.properties.items() %}\
        - {{ name }} ({{ p.type | default('') }}\
      {{ ', required' if name in t.parameters.required | default([]) }}): \
      {{ p.description | default('') }}\
      {{ ', should be one of [' ~ p.enum | join(', ') ~ ']' if p.enum is defined and p.enum }}\
      {{ ', where each item should be ' ~ p['items'].type | default('') \
      if p['items'] is mapping and p['items'] }}{{ '\\n' }}\
      {% endfor %}{{ '\\n' }}\
      {% endfor %}\
      Use the following format if using a tool:
      ```
      Action: tool name (one of [{{ names.n | join(', ') }}])
      Action Input: the input to the tool, in a JSON format representing the kwargs \
      (e.g. ```{"input": "hello world", "num_beams": 5}```)
      ```{{ '\\n' }}
      """
    case .phi4Mini: ""
    case .llama3:
      """
      Cutting Knowledge Date: December 2023
      Today Date: {{ strftime_now('%d %b %Y') }}

      You have access to the following functions. To call a function, please respond with JSON \
      for a function call. Respond in the format {"name": function name, "parameters": dictionary \
      of argument name and its value}. Do not use variables.

      {% for t in tools %}\(Self.wrapped){{ w | tojson(indent=4) }}{{ '\\n\\n' }}{% endfor %}
      """
    case .mistral:
      """
      {% set l = namespace(l=[]) %}{% for t in tools %}\(Self.wrapped)\
      {% set l.l = l.l + [w] %}{% endfor %}[AVAILABLE_TOOLS] {{ l.l | tojson }}[/AVAILABLE_TOOLS]
      """
    case .qwen:
      """


      # Tools

      You may call one or more functions to assist with the user query.

      You are provided with function signatures within <tools></tools> XML tags:
      <tools>{% for t in tools %}\(Self.wrapped){{ '\\n' }}{{ w | tojson }}{% endfor %}{{ '\\n' }}\
      </tools>

      For each function call, return a json object with function name and arguments within \
      <tool_call></tool_call> XML tags:
      <tool_call>
      {"name": <function-name>, "arguments": <args-json-object>}
      </tool_call>
      """
    }
  }

  /// The template of an answer that makes `calls`.
  private var call: String {
    switch self {
    case .default, .phi4Mini:
      "{% for c in calls %}Action: {{ c.name }}\nAction Input: {{ c.arguments | tojson }}"
        + "{{ '\\n' if not loop.last }}{% endfor %}"
    case .llama3:
      "{% set n = namespace(l=[]) %}{% for c in calls %}"
        + "{% set n.l = n.l + [{'name': c.name, 'parameters': c.arguments}] %}{% endfor %}"
        + "{{ (n.l[0] if n.l | length == 1 else n.l) | tojson }}"
    case .mistral:
      "{% set n = namespace(l=[]) %}{% for c in calls %}"
        + "{% set n.l = n.l + [{'name': c.name, 'arguments': c.arguments}] %}{% endfor %}"
        + "{{ n.l | tojson }}"
    case .qwen:
      "{% for c in calls %}<tool_call>\n{{ {'name': c.name, 'arguments': c.arguments} | tojson }}"
        + "{{ '\\n' }}</tool_call>{{ '\\n' if not loop.last }}{% endfor %}"
    }
  }

  /// The system's text about tools, which are given as a JSON list; empty where there are none.
  ///
  /// - Parameter date: the date that some formats mention.
  public func text(ofTools json: String, date: TemplateDate) throws(GraftError) -> String {
    if self == .phi4Mini { return "<|tool|>\(json)<|/tool|>" }
    let tools = try JSONValue.parse(Array(json.utf8), file: "tools")
    guard let list = tools.array, !list.isEmpty else {
      if tools.array == nil, tools.object == nil { throw .toolsNoList(tools.kindName) }
      return ""
    }
    return try ChatTemplate(description).render(
      messages: [], addGenerationPrompt: false, tools: tools, now: date)
  }

  /// An answer that calls tools: JSON with `name` and `arguments`, or a list of such, perhaps after
  /// a thought or between the marks of a call.
  public func text(ofCalls content: String) throws(GraftError) -> String {
    func between(_ open: String, _ close: String) -> (whole: Range<String.Index>, inner: Substring)?
    {
      guard let start = content.range(of: open),
        let end = content[start.upperBound...].range(of: close)
      else { return nil }
      return (start.lowerBound..<end.upperBound, content[start.upperBound..<end.lowerBound])
    }
    var head = ""
    var json = content
    if let call = between("<tool_call>", "</tool_call>") {
      head = content.without(content[call.whole])
      json = String(call.inner)
    } else if let thought = between("<think>\n", "\n</think>\n\n") {
      head = String(content[thought.whole])
      json = content.without(content[thought.whole])
    }
    let value = try JSONValue.parse(Array(json.utf8), file: "tool call")
    let calls = value.array ?? [value]
    for call in calls where call["name"]?.string == nil || call["arguments"] == nil {
      throw .malformedCall
    }
    return head
      + (try ChatTemplate(self.call).render(
        messages: [], addGenerationPrompt: false, variables: ["calls": .array(calls)]))
  }
}

extension StringProtocol {
  /// Where `part` first stands.
  func range(of part: String) -> Range<Index>? {
    let (bytes, pattern) = (utf8, Array(part.utf8))
    guard let first = pattern.first else { return nil }
    var i = bytes.startIndex
    while i < bytes.endIndex {
      if bytes[i] == first,
        let end = bytes.index(i, offsetBy: pattern.count, limitedBy: bytes.endIndex),
        bytes[i..<end].elementsEqual(pattern)
      {
        return i..<end
      }
      i = bytes.index(after: i)
    }
    return nil
  }

  /// The text with every occurrence of `part` taken out.
  func without(_ part: Substring) -> String {
    var out = ""
    var rest = self[...]
    let part = String(part)
    while let range = rest.range(of: part) {
      out += String(rest[..<range.lowerBound])
      rest = rest[range.upperBound...]
    }
    return out + String(rest)
  }
}
