#!/usr/bin/env python3
"""Prints what LLaMA-Factory's templates make of conversations: {name: [[[prompt, answer], ...], ...]}.

    llamafactory_formats.py CASES.json

CASES.json holds "tokenizer" (a directory), "names" and "conversations", each with "messages" (OpenAI's
roles) and perhaps "tools". Ids of a conversation are those of encode_multiturn, or of encode_oneturn
with an empty answer where it ends with a question. The package llamafactory 0.9.5 is installed, or
GRAFT_LLAMAFACTORY names its unpacked wheel.
"""
import datetime
import importlib.machinery
import json
import os
import sys
from types import SimpleNamespace
from unittest.mock import MagicMock

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, os.environ.get("GRAFT_LLAMAFACTORY", "."))
for module in ["torchaudio", "av", "librosa", "omegaconf"]:
    try:
        __import__(module)
    except ImportError:
        sys.modules[module] = MagicMock(__spec__=importlib.machinery.ModuleSpec(module, None))

import transformers  # noqa: E402
from llamafactory.data import converter, template as formats, tool_utils  # noqa: E402

tool_utils.datetime = SimpleNamespace(now=lambda: datetime.datetime(2024, 7, 26))
ATTRIBUTES = SimpleNamespace(
    messages="messages", system="", tools="", images=None, videos=None, audios=None, kto_tag=None,
    ranking=False, role_tag="role", content_tag="content", user_tag="user",
    assistant_tag="assistant", observation_tag="tool", function_tag="function", system_tag="system")
OPTIONS = {
    "train_on_prompt": False, "tool_format": None, "default_system": None, "enable_thinking": True,
    "preserve_thinking": False, "media_dir": "",
}


def encode(template, tokenizer, conversation):
    messages = conversation["messages"]
    system = messages[0]["content"] if messages[0]["role"] == "system" else ""
    is_prompt = messages[-1]["role"] in ("user", "tool")
    if is_prompt:
        messages = messages + [{"role": "assistant", "content": ""}]
    convert = converter.OpenAIDatasetConverter(ATTRIBUTES, SimpleNamespace(**OPTIONS))
    row = convert({"messages": [{"content": "", **message} for message in messages]})
    turns = row["_prompt"] + row["_response"]
    assert turns, messages
    # The converter adds words about thinking to the system's text; here it is as it was given.
    tools = json.dumps(conversation["tools"], ensure_ascii=False) if "tools" in conversation else ""
    if is_prompt:
        return [[template.encode_oneturn(tokenizer, turns, system, tools)[0], []]]
    return [list(pair) for pair in template.encode_multiturn(tokenizer, turns, system, tools)]


if __name__ == "__main__":
    cases = json.load(open(sys.argv[1]))
    out = {}
    for name in cases["names"]:
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(cases["tokenizer"])
        count = len(tokenizer)
        template = formats.get_template_and_fix_tokenizer(
            tokenizer, SimpleNamespace(**OPTIONS, template=name))
        assert len(tokenizer) == count, name
        out[name] = [encode(template, tokenizer, value) for value in cases["conversations"]]
    print("RESULT " + json.dumps(out))
