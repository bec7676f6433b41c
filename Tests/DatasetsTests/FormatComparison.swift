/// A chat format beside a model's own template: the same text, but for what is said here.
struct FormatComparison: CustomStringConvertible {
  let format: String
  let template: String
  /// The token for the beginning, and for the template alone if LLaMA-Factory writes none.
  var bos = "<s>"
  var templateBos: String?
  var eos = "</s>"
  /// The template's own words for the system, where LLaMA-Factory's differ.
  var defaultSystem: String?
  /// What LLaMA-Factory writes instead of what the template writes.
  var changes: [(theirs: String, own: String)] = []
  /// Conversations that have nothing in common with what the template makes of them.
  var incomparable: Set<String> = []
  /// Whether tools are written alike.
  var hasTools = false
  /// Why there are differences.
  var why = ""

  var description: String { "\(format) and \(template)" }

  private static let noBos = "LLaMA-Factory leaves the token for the beginning out"
  private static let joinedSystem = [
    ("You are terse.\n\n", "You are terse."), ("Be kind.\n\n", "Be kind."),
  ]
  private static let noDates = [
    (
      "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
        + "Today Date: 26 Jul 2024\n\n<|eot_id|>", ""
    ),
    ("Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n", ""),
  ]
  private static let thought = "<think>\n\n</think>\n\n"

  static let all: [FormatComparison] = [
    .init(
      format: "alpaca", template: "chujiezheng__alpaca", templateBos: "", defaultSystem: "",
      changes: joinedSystem, why: "\(noBos), and line breaks are part of the system's text"),
    .init(format: "chatml", template: "chujiezheng__chatml", templateBos: "", why: noBos),
    .init(format: "cohere", template: "gguf__command-r", eos: "<|END_OF_TURN_TOKEN|>"),
    .init(format: "cohere", template: "trl__cohere", eos: "<|END_OF_TURN_TOKEN|>"),
    .init(
      format: "deepseek3", template: "trl__deepseekv3", eos: "<｜end▁of▁sentence｜>",
      changes: [("<｜Assistant｜><think>\n", "<｜Assistant｜>")],
      why: "the template begins a thought, the format leaves that to the model"),
    .init(
      format: "deepseekr1", template: "llamacpp__deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",
      eos: "<｜end▁of▁sentence｜>",
      changes: [
        ("<｜Assistant｜><think>\n</think>", "<｜Assistant｜>"),
        ("<｜Assistant｜>Hello! ☺", "<｜Assistant｜>\(thought)Hello! ☺"),
      ],
      why: "the format teaches an empty thought, and leaves the thought of an answer to the model"),
    .init(
      format: "gemma", template: "trl__gemma", incomparable: ["system", "turns"],
      why: "the template refuses a system's text"),
    .init(
      format: "gemma2", template: "llamacpp__google-gemma-2-2b-it",
      changes: [("Hello! ☺<end_of_turn>\n", "Hello! ☺<end_of_turn>\n</s>")],
      incomparable: ["system", "turns"],
      why: "the template refuses a system's text; the format ends a conversation once"),
    .init(format: "gemma3", template: "trl__gemma3"),
    .init(format: "granite3", template: "chujiezheng__granite-3.0-instruct"),
    .init(
      format: "granite4", template: "llamacpp__ibm-granite-granite-4.0",
      defaultSystem: "You are a helpful assistant. Please ensure responses are professional, "
        + "accurate, and safe.",
      changes: [("assistant<|end_of_role|>Hello! ☺", "assistant\nHello! ☺")],
      incomparable: ["answer"], why: "the format's default text is of another version"),
    .init(
      format: "llama2", template: "chujiezheng__llama-2-chat",
      changes: [("[/INST] ", "[/INST]"), (" </s>", "</s>")],
      why: "answers are without the spaces around them"),
    .init(format: "llama3", template: "chujiezheng__llama-3-instruct"),
    .init(format: "llama3", template: "trl__llama3"),
    .init(
      format: "llama3", template: "trl__llama3_1", changes: noDates,
      why: "the format tells dates with tools only"),
    .init(
      format: "llama3", template: "trl__llama3_2", changes: noDates,
      why: "the format tells dates with tools only"),
    .init(
      format: "mimo", template: "llamacpp__MiMo-VL",
      defaultSystem: "You are MiMo, an AI assistant developed by Xiaomi.",
      changes: [
        ("assistant\nHello! ☺", "assistant\n\(thought)Hello! ☺"),
        ("assistant\n<tool_call>", "assistant\n\(thought)<tool_call>"),
        ("assistant\n21 C.", "assistant\n\(thought)21 C."),
      ],
      hasTools: true, why: "the format teaches an empty thought; its default text is shorter"),
    .init(
      format: "mistral", template: "chujiezheng__mistral-instruct",
      changes: [
        (" [/INST]", "[/INST]"), ("You are terse.\n\n[INST] ", "[INST] You are terse.\n\n"),
        ("Be kind.\n\n[INST] ", "[INST] Be kind.\n\n"),
      ],
      why: "the template is of an older version of the model"),
    .init(
      format: "ministral", template: "llamacpp__mistralai-Mistral-Nemo-Instruct-2407",
      changes: [
        ("[INST]Be kind.\n\nBye", "[INST]Bye"), ("<s>[INST]Hi[", "<s>[INST]Be kind.\n\nHi["),
      ],
      // The second change would also apply to the conversation without a system's text.
      incomparable: ["answer"],
      why: "the system's text is in the first question, not in the last"),
    .init(
      format: "mistral_small", template: "llamacpp__Mistral-Small-3.2-24B-Instruct-2506",
      incomparable: ["question", "answer"], why: "the template has a long default text"),
    .init(
      format: "ministral3", template: "llamacpp__mistralai-Ministral-3-14B-Reasoning-2512",
      changes: [
        ("[SYSTEM_PROMPT]You are terse.[/SYSTEM_PROMPT][INST]", "[INST]You are terse.\n\n"),
        ("[SYSTEM_PROMPT]Be kind.[/SYSTEM_PROMPT][INST]", "[INST]Be kind.\n\n"),
      ],
      incomparable: ["question", "answer"],
      why: "the format knows no system prompt; the template has a default text"),
    .init(
      format: "openchat", template: "chujiezheng__openchat-3.5", eos: "<|end_of_turn|>",
      changes: [
        ("You are terse.<|end_of_turn|>", "You are terse."),
        ("Be kind.<|end_of_turn|>", "Be kind."), ("Assistant: ", "Assistant:"),
      ],
      why: "the system's text has no end of its own, answers no space"),
    .init(format: "phi", template: "chujiezheng__phi-3"),
    .init(
      format: "phi", template: "gguf__phi-3", templateBos: "", incomparable: ["system", "turns"],
      why: "\(noBos); this template drops a system's text"),
    .init(
      format: "phi", template: "trl__phi3", changes: [("☺<|end|>\n</s>", "☺<|end|>\n")],
      why: "the template writes the token for the end too"),
    .init(
      format: "phi", template: "trl__phi3_5", changes: [("☺<|end|>\n</s>", "☺<|end|>\n")],
      why: "the template writes the token for the end too"),
    .init(format: "phi_small", template: "chujiezheng__phi-3-small", templateBos: "", why: noBos),
    .init(format: "qwen", template: "chujiezheng__qwen2.5-instruct", hasTools: true),
    .init(format: "qwen", template: "trl__qwen2_5", hasTools: true),
    .init(format: "qwen", template: "llamacpp__Qwen-Qwen2.5-7B-Instruct", hasTools: true),
    .init(
      format: "qwen", template: "gguf__qwen2", defaultSystem: "You are a helpful assistant",
      why: "Qwen 2 has another default text than Qwen 2.5"),
    .init(
      format: "qwen3", template: "trl__qwen3",
      changes: [("assistant\n<tool_call>", "assistant\n\(thought)<tool_call>")], hasTools: true,
      why: "the format teaches an empty thought before a call"),
    .init(
      format: "qwen3", template: "llamacpp__Qwen-Qwen3-0.6B",
      changes: [("assistant\n<tool_call>", "assistant\n\(thought)<tool_call>")], hasTools: true,
      why: "the format teaches an empty thought before a call"),
    .init(format: "qwen3_nothink", template: "trl__qwen3_instruct_2507", hasTools: true),
    .init(
      format: "smollm2", template: "gguf__SmolLM2-135M-Instruct",
      defaultSystem: "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
      why: "the format's default text ends with a dot"),
    .init(
      format: "solar", template: "chujiezheng__solar-instruct", templateBos: "",
      changes: [
        ("Hello\n\n", "Hello"), ("\"long\".\n\n", "\"long\"."), ("☺\n\n", "☺</s>"),
      ],
      why: "\(noBos), and answers end with nothing but the last one"),
    .init(
      format: "vicuna", template: "chujiezheng__vicuna", templateBos: "", defaultSystem: "",
      changes: joinedSystem + [
        ("\nASSISTANT:", " ASSISTANT:"), ("ASSISTANT: ", "ASSISTANT:"), ("</s>\n", "</s>"),
      ],
      why: "\(noBos), line breaks are part of the system's text, turns are on one line"),
    .init(
      format: "zephyr", template: "chujiezheng__zephyr", defaultSystem: "",
      changes: [("</s>\n", "</s>")], why: "no line break after the end of a turn"),
  ]

  /// What models' templates make of the conversation "turns", where no file of theirs is at hand.
  static let texts: [(format: String, model: String, eos: String, text: String)] = [
    (
      "phi4", "microsoft/phi-4", "<|im_end|>",
      "<|im_start|>system<|im_sep|>Be kind.<|im_end|><|im_start|>user<|im_sep|>Hi<|im_end|>"
        + "<|im_start|>assistant<|im_sep|>Hello<|im_end|><|im_start|>user<|im_sep|>Ünï 'x'"
        + "<|im_end|><|im_start|>assistant<|im_sep|>So \"long\".<|im_end|><|im_start|>user"
        + "<|im_sep|>Bye<|im_end|><|im_start|>assistant<|im_sep|>"
    ),
    (
      "phi4_mini", "microsoft/Phi-4-mini-instruct", "<|endoftext|>",
      "<|system|>Be kind.<|end|><|user|>Hi<|end|><|assistant|>Hello<|end|><|user|>Ünï 'x'<|end|>"
        + "<|assistant|>So \"long\".<|end|><|user|>Bye<|end|><|assistant|>"
    ),
    (
      "intern2", "internlm/internlm2-chat-7b", "</s>",
      "<s>" + chatML
    ),
    ("yi", "01-ai/Yi-1.5-6B-Chat", "<|im_end|>", chatML),
    ("smollm", "HuggingFaceTB/SmolLM-135M-Instruct", "<|im_end|>", chatML),
    (
      "deepseek", "deepseek-ai/DeepSeek-V2-Lite-Chat", "<｜end▁of▁sentence｜>",
      "<s>Be kind.\n\nUser: Hi\n\nAssistant:Hello<｜end▁of▁sentence｜>User: Ünï 'x'\n\n"
        // The template writes a space before answers.
        + "Assistant:So \"long\".<｜end▁of▁sentence｜>User: Bye\n\nAssistant:"
    ),
    (
      "deepseekcoder", "deepseek-ai/deepseek-coder-6.7b-instruct", "<|EOT|>",
      "<s>Be kind.### Instruction:\nHi\n### Response:\nHello\n<|EOT|>\n### Instruction:\nÜnï 'x'\n"
        + "### Response:\nSo \"long\".\n<|EOT|>\n### Instruction:\nBye\n### Response:"
    ),
    (
      "olmo", "allenai/OLMo-2-1124-7B-Instruct", "<|endoftext|>",
      // The template writes '<|system|>\n' and a line break after each text.
      "<|endoftext|>Be kind.<|user|>\nHi<|assistant|>\nHello<|endoftext|><|user|>\nÜnï 'x'"
        + "<|assistant|>\nSo \"long\".<|endoftext|><|user|>\nBye<|assistant|>\n"
    ),
    (
      "default", "LLaMA-Factory", "</s>",
      "System: Be kind.</s>\nHuman: Hi</s>\nAssistant:Hello</s>\nHuman: Ünï 'x'</s>\nAssistant:"
        + "So \"long\".</s>\nHuman: Bye</s>\nAssistant:"
    ),
  ]

  private static let chatML =
    "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
    + "<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nÜnï 'x'<|im_end|>\n"
    + "<|im_start|>assistant\nSo \"long\".<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
    + "<|im_start|>assistant\n"
}
