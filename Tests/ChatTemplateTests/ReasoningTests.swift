import ChatTemplate
import StrictJSON
import TestSupport
import Testing

/// Live against transformers, which gives a message's reasoning all the names it goes by.
@Suite(.enabled(if: PeersPython.isPresent, "needs the peers"))
struct `Reasoning is found under each of its names` {
  @Test func sameText() throws {
    let template = "{% for m in messages %}{{ m | tojson }}\n{% endfor %}"
    let messages = """
      [{"role": "user", "content": "a"}, {"role": "assistant", "thinking": "t", "content": "b"},
       {"role": "assistant", "content": "c", "reasoning_content": "r", "thinking": null},
       {"reasoning": "q", "role": "assistant", "thinking": "p"},
       {"role": "assistant", "reasoning": "q"}, {"role": "assistant", "reasoning": null}]
      """
    let script = """
      import json, sys
      from transformers.utils.chat_template_utils import render_jinja_template
      out, _ = render_jinja_template([json.loads(sys.argv[1])], chat_template=sys.argv[2])
      print("TEXT" + out[0], end="")
      """
    let output = try PeersPython.run(["-c", script, messages, template])
    let wanted = output.split(separator: "TEXT", maxSplits: 1).last ?? ""
    let text = try ChatTemplate(template).render(
      messages: JSONValue.parse(messages).array ?? [], addGenerationPrompt: false)
    #expect(text == String(wanted))
    #expect(text.contains("reasoning_content"))
  }
}
