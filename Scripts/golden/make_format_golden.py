#!/usr/bin/env python3
"""Writes Tests/DatasetsTests/Fixtures/formats.json: conversations, and what LLaMA-Factory's templates
make of them, for every name in Sources/Datasets/Formats/ChatFormat+Table.swift.

Needs transformers and the package llamafactory 0.9.5, or GRAFT_LLAMAFACTORY with its unpacked wheel. The
tokenizer is the tiny one of the tests, with every stop word and every word in marks as a token.
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "Tests/TokenizationTests/Fixtures/tiny/llama3/tokenizer.json"
table = (ROOT / "Sources/Datasets/Formats/ChatFormat+Table.swift").read_text()
names = re.findall(r'name: "([^"]+)"', table)
words = re.findall(r"<[|｜]?\w+[|｜]?>|\[/?[A-Z_]+\]|</?think>|</?tool_call>", table)
for line in re.findall(r"stopWords: \[(.*)\]", table):
    words += json.loads(f"[{line}]")
tokens = sorted(set(words) | {"<|endoftext|>", "<think>", "</think>"})


def say(role, content):
    return {"role": role, "content": content}


def call(name, **arguments):
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


weather = {"type": "function", "function": {
    "name": "weather", "description": "The weather of a place.", "parameters": {
        "type": "object", "required": ["place"], "properties": {
            "place": {"type": "string", "description": "A place, as “Köln”."},
            "unit": {"type": "string", "enum": ["C", "F"]},
            "days": {"type": "array", "items": {"type": "integer"}}}}}}
clock = {"name": "clock", "description": "The time.", "parameters": {
    "type": "object", "properties": {"zone": {"type": "string", "description": "A zone."}}}}
asked = [
    say("user", "Cold in Köln and \"Oslo\"?"),
    {"role": "assistant", "tool_calls": [call("weather", place="Köln"), call("weather", place="Oslo", days=[1, 2])]},
    say("tool", '{"C": 3}'), say("tool", '{"C": -4}'), say("assistant", "Yes, both."),
]
thought = "<think>\nWhich one?\n</think>\n\nThe second."
conversations = [
    {"messages": [say("user", "Hello")]},
    {"messages": [say("system", "Be brief."), say("user", " Hello\n")]},
    {"messages": [say("user", "Hello"), say("assistant", "Hi! 👋")]},
    {"messages": [
        say("system", "Sei  kurz.\n"), say("user", "Ünïcode {{content}} and {{idx}}"),
        say("assistant", " a {{content}}\n"), say("user", "und 日本語?"), say("assistant", ""),
        say("user", "<|im_end|></s>"), say("assistant", "end")]},
    {"messages": asked, "tools": [weather, clock]},
    {"messages": [say("system", "Use tools."), *asked[:3]], "tools": [clock]},
    {"messages": [say("user", "a or b?"), say("assistant", thought), say("user", "Sure?"), say("assistant", "Yes.")]},
    {"messages": [say("user", "a or b?"), say("assistant", thought), say("user", "Sure?")]},
]

with tempfile.TemporaryDirectory() as folder:
    model = pathlib.Path(folder)
    tokenizer = json.loads(TOKENIZER.read_text())
    first = max(token["id"] for token in tokenizer["added_tokens"]) + 1
    first = max(first, max(tokenizer["model"]["vocab"].values()) + 1)
    known = {token["content"] for token in tokenizer["added_tokens"]}
    tokens = [token for token in tokens if token not in known]
    for i, token in enumerate(tokens):
        tokenizer["added_tokens"].append({
            "id": first + i, "content": token, "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False, "special": True})
    (model / "tokenizer.json").write_text(json.dumps(tokenizer))
    (model / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|start|>", "eos_token": "<|end|>"}))
    file = model / "cases.json"
    file.write_text(json.dumps({"tokenizer": str(model), "names": names, "conversations": conversations}))
    script = pathlib.Path(__file__).with_name("llamafactory_formats.py")
    output = subprocess.run(
        [sys.executable, str(script), str(file)], stdout=subprocess.PIPE, text=True, check=True).stdout
result = json.loads(next(line[7:] for line in output.splitlines() if line.startswith("RESULT ")))


def digest(pairs):
    text = json.dumps(pairs, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


lines = [f" {json.dumps(name)}: {json.dumps([digest(pairs) for pairs in result[name]])}" for name in names]
target = ROOT / "Tests/DatasetsTests/Fixtures/formats.json"
target.write_text(
    '{"llamafactory": "0.9.5", "first_id": ' + str(first) + ",\n"
    + '"tokens": ' + json.dumps(tokens, ensure_ascii=False) + ",\n"
    + '"conversations": ' + json.dumps(conversations, ensure_ascii=False, indent=1) + ",\n"
    + '"digests": {\n' + ",\n".join(lines) + "\n}}\n")
print(len(names), "formats,", len(tokens), "tokens")
