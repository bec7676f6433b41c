#!/usr/bin/env python3
"""Writes Sources/Datasets/Formats/ChatFormat+Table.swift from the chat formats of LLaMA-Factory.

    make_chat_formats.py    with the package llamafactory 0.9.5, or its unpacked wheel, on PYTHONPATH
"""
import importlib.machinery
import json
import pathlib
import sys
from unittest.mock import MagicMock

for module in ["torchaudio", "av", "librosa", "omegaconf"]:
    try:
        __import__(module)
    except ImportError:
        sys.modules[module] = MagicMock(__spec__=importlib.machinery.ModuleSpec(module, None))

from llamafactory.data import template as source  # noqa: E402
from llamafactory.data import tool_utils  # noqa: E402

NAMES = """
alpaca chatml cohere deepseek deepseek3 deepseekr1 deepseekcoder default empty falcon fewshot gemma
gemma2 gemma3 granite3 intern2 llama2 llama3 mistral ministral mistral_small olmo openchat
openchat-3.6 phi phi_small phi4 qwen qwen3 qwen3_nothink smollm smollm2 solar starchat vicuna yi
zephyr xuanyuan
""".split()
STYLES = {"Template": "plain", "Llama2Template": "systemInFirstTurn", "ReasoningTemplate": "reasoning"}
TOOLS = {type(tools).__name__: name for name, tools in tool_utils.TOOLS.items()}


def text(value):
    out = json.dumps(value, ensure_ascii=False)
    return out.replace("\\b", "\\u{8}")


def slots(formatter):
    out = []
    for slot in formatter.slots:
        if isinstance(slot, str):
            out.append(f".text({text(slot)})")
        elif isinstance(slot, dict):
            out.append(f".token({text(slot['token'])})")
        else:
            out.append(".bos" if "bos_token" in slot else ".eos")
    return "[" + ", ".join(out) + "]"


lines = []
for name in NAMES:
    entry = source.TEMPLATES[name]
    fields = [f"name: {text(name)}", f"style: .{STYLES[type(entry).__name__]}"]
    for field in ["prefix", "system", "user", "assistant", "observation", "function"]:
        value = slots(getattr(entry, "format_" + field))
        default = {"prefix": "[]", "system": '[.text("{{content}}")]'}.get(field)
        if field == "observation":
            default = slots(entry.format_user)
        if field == "function":
            default = slots(entry.format_assistant)
        if field == "assistant":
            default = '[.text("{{content}}"), .eos]'
        if value != default:
            fields.append(f"{field}: {value}")
    tools = TOOLS[type(entry.format_tools.tool_utils).__name__]
    assert tools == TOOLS[type(entry.format_function.tool_utils).__name__]
    if tools != "default":
        fields.append(f"tools: .{tools}")
    if entry.default_system:
        fields.append(f"defaultSystem: {text(entry.default_system)}")
    if entry.stop_words:
        fields.append("stopWords: [" + ", ".join(map(text, entry.stop_words)) + "]")
    if entry.efficient_eos:
        fields.append("endsOnce: true")
    if entry.replace_eos:
        fields.append("replacesEnd: true")
    assert entry.thought_words == ("<think>\n", "\n</think>\n\n"), name
    assert entry.tool_call_words == ("<tool_call>", "</tool_call>"), name
    lines.append("    ChatFormat(\n      " + ",\n      ".join(fields) + "),\n")

target = pathlib.Path(__file__).resolve().parents[2] / "Sources/Datasets/Formats/ChatFormat+Table.swift"
target.write_text(
    "// Written by Scripts/golden/make_chat_formats.py.\n// swift-format-ignore-file\n\n"
    "extension ChatFormat {\n  /// The formats, by the names that LLaMA-Factory 0.9.5 gives them.\n"
    "  public static let all: [ChatFormat] = [\n" + "".join(lines) + "  ]\n}\n")
print(len(lines), "formats")
