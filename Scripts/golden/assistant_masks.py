#!/usr/bin/env python3
"""Prints what transformers' tracker of generation blocks finds: {template: {fixture: [[from, to]]}}.

    assistant_masks.py FOLDER    a folder of templates with the fixtures in golden.json
"""
import datetime
import json
import pathlib
import sys

from transformers.utils import chat_template_utils

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
            _, cases[name] = chat_template_utils._render_with_assistant_indices(
                template, fixture["messages"], fixture.get("tools"), None,
                fixture["add_generation_prompt"], bos_token="<s>", eos_token="</s>")
        except Exception:
            pass
    found[path.stem] = cases
print(json.dumps(found))
