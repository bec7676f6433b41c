import Tokenization

extension FormatTokenizer {
  /// The format as a chat template, for tools that know templates only: it writes the text that
  /// ``ConversationEncoder`` tokenizes piece by piece, and refuses tools and calls of them.
  ///
  /// - Returns: nil for formats of reasoning models, which rewrite the thoughts of earlier turns.
  public var chatTemplate: String? {
    guard format.style != .reasoning else { return nil }
    let isSystemInTurn = format.style == .systemInFirstTurn
    let byItself = literal(defaultSystem)
    let system = written(isSystemInTurn ? Array(format.system.prefix(1)) : format.system, "system")
    return [
      "{% if tools %}{{ raise_exception('This template writes no tools.') }}{% endif %}",
      "{% if messages[0]['role'] == 'system' %}",
      "{% set system = messages[0]['content'] or \(byItself) %}{% set turns = messages[1:] %}",
      "{% else %}{% set system = \(byItself) %}{% set turns = messages %}{% endif %}",
      "{% set system = \(system) if system else '' %}",
      "{{ \(written(format.prefix, "''"))\(isSystemInTurn ? "" : " ~ system") }}",
      "{% for message in turns %}",
      "{% if (message['role'] == 'assistant') != (loop.index0 % 2 == 1) %}",
      "{{ raise_exception('Questions and answers must take turns.') }}{% endif %}",
      "{% if message['tool_calls'] %}",
      "{{ raise_exception('This template writes no calls of tools.') }}{% endif %}",
      "{% set content = \(isSystemInTurn ? "(system if loop.first else '') ~ " : "")message['content'] %}",
      "{% if message['role'] == 'user' %}{{ \(written(format.user, "content")) }}",
      "{% elif message['role'] == 'tool' %}{{ \(written(format.observation, "content")) }}",
      "{% elif message['role'] == 'assistant' %}{{ \(written(format.assistant, "content")) }}",
      format.endsOnce ? "{% if loop.last %}{{ \(written([.eos], "''")) }}{% endif %}" : "",
      "{% else %}{{ raise_exception('Roles are system, user, assistant and tool.') }}{% endif %}",
      "{% endfor %}",
    ].joined()
  }

  /// An expression for the text of slots, with an expression for what the message says.
  private func written(_ slots: [ChatFormat.Slot], _ content: String) -> String {
    var parts: [String] = []
    for slot in slots {
      switch slot {
      case .text(let text):
        guard let range = text.range(of: "{{content}}") else {
          parts.append(literal(text))
          continue
        }
        parts += [literal(String(text[..<range.lowerBound])), content]
        parts.append(literal(String(text[range.upperBound...])))
      case .token(let token): parts.append(literal(token))
      case .bos: parts.append(literal(tokenizer.bosTokenID.flatMap(tokenizer.token(of:)) ?? ""))
      case .eos: parts.append(literal(eos.flatMap(tokenizer.token(of:)) ?? ""))
      }
    }
    parts.removeAll { $0 == "''" }
    return parts.isEmpty ? "''" : parts.joined(separator: " ~ ")
  }

  private func literal(_ text: String) -> String {
    var out = "'"
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", "'": out += "\\\(scalar)"
      case "\n": out += "\\n"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "'"
  }
}
