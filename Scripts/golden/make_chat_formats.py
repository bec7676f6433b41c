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
from llamafactory.data import formatter, tool_utils  # noqa: E402

# Text models only, but for those whose text format no other name has.
MULTIMODAL = {"gemma3", "mistral_small", "ministral3"}
STYLES = {"Template": "plain", "Llama2Template": "systemInFirstTurn", "ReasoningTemplate": "reasoning"}
TOOLS = {type(tools).__name__: name for name, tools in tool_utils.TOOLS.items()}
WRITTEN_TOOLS = {"default", "llama3", "mistral", "phi4_mini", "qwen"}
THOUGHT = ("<think>\n", "\n</think>\n\n")
CALL = ("<tool_call>", "</tool_call>")


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
        elif "bos_token" in slot:
            out.append(".bos")
        elif "eos_token" in slot:
            out.append(".eos")
        # Of any other set LLaMA-Factory makes nothing.
    return "[" + ", ".join(out) + "]"


def tools_name(entry):
    if not isinstance(entry.format_tools, formatter.ToolFormatter):
        return "phi4_mini" if entry.format_tools.slots == ["<|tool|>{{content}}<|/tool|>"] else None
    tools, calls = entry.format_tools.tool_utils, entry.format_function.tool_utils
    return TOOLS[type(tools).__name__] if type(tools) is type(calls) else None


def is_written(name, entry):
    return (
        (type(entry.mm_plugin).__name__ == "BasePlugin" or name in MULTIMODAL)
        and type(entry).__name__ in STYLES and tools_name(entry) in WRITTEN_TOOLS
        and entry.thought_words == THOUGHT and entry.tool_call_words == CALL)


lines = []
for name, entry in source.TEMPLATES.items():
    if not is_written(name, entry):
        continue
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
    tools = tools_name(entry)
    if tools != "default":
        fields.append(f"tools: .{'phi4Mini' if tools == 'phi4_mini' else tools}")
    if entry.default_system:
        fields.append(f"defaultSystem: {text(entry.default_system)}")
    if entry.stop_words:
        fields.append("stopWords: [" + ", ".join(map(text, entry.stop_words)) + "]")
    if entry.efficient_eos:
        fields.append("endsOnce: true")
    if entry.replace_eos:
        fields.append("replacesEnd: true")
    lines.append("    ChatFormat(\n      " + ",\n      ".join(fields) + "),\n")

target = pathlib.Path(__file__).resolve().parents[2] / "Sources/Datasets/Formats/ChatFormat+Table.swift"
target.write_text(
    "// Written by Scripts/golden/make_chat_formats.py.\n// swift-format-ignore-file\n\n"
    "extension ChatFormat {\n  /// The formats, by the names that LLaMA-Factory 0.9.5 gives them.\n"
    "  public static let all: [ChatFormat] = [\n" + "".join(lines) + "  ]\n}\n")
print(len(lines), "formats")
