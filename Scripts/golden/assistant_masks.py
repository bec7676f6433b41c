#!/usr/bin/env python3
"""Prints what transformers' tracker of generation blocks finds: {template: {fixture: [[from, to]]}}.

    assistant_masks.py FOLDER            a folder of templates with the fixtures in golden.json
    assistant_masks.py FOLDER TOKENIZER  {template: {fixture: {"input_ids", "assistant_masks"}}} with the
                                         tokenizer.json in a directory, as apply_chat_template gives them
"""
import datetime
import json
import pathlib
import sys

import transformers
from transformers.utils import chat_template_utils

tokenizer = None
if len(sys.argv) > 2:
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=f"{sys.argv[2]}/tokenizer.json")
folder = pathlib.Path(sys.argv[1])
fixtures = json.loads((folder / "golden.json").read_text())["fixtures"]
now = datetime.datetime(2024, 7, 26, 12, 0, 0)
found = {}
for path in sorted(folder.glob("*.jinja")):
    source = path.read_text()
    if "generation %}" not in source:
        continue
    template = chat_template_utils._compile_jinja_template(source)
    template.environment.globals["strftime_now"] = lambda format: now.strftime(format)
    cases = {}
    for name, fixture in fixtures.items():
        try:
            if tokenizer:
                result = tokenizer.apply_chat_template(
                    fixture["messages"], tools=fixture.get("tools"), chat_template=source,
                    add_generation_prompt=fixture["add_generation_prompt"], bos_token="<s>",
                    eos_token="</s>", tokenize=True, return_dict=True,
                    return_assistant_tokens_mask=True)
                cases[name] = {key: result[key] for key in ("input_ids", "assistant_masks")}
                continue
            _, cases[name] = chat_template_utils._render_with_assistant_indices(
                template, fixture["messages"], fixture.get("tools"), None,
                fixture["add_generation_prompt"], bos_token="<s>", eos_token="</s>")
        except Exception:
            pass
    found[path.stem] = cases
print(json.dumps(found))
