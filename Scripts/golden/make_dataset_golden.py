#!/usr/bin/env python3
"""Writes Tests/DatasetsTests/Fixtures/golden.json: what LLaMA-Factory makes of Fixtures/rows.

Needs the package llamafactory 0.9.5, or its unpacked wheel, on PYTHONPATH, and transformers.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = ROOT / "Tests/DatasetsTests/Fixtures/rows"
TOKENIZER = ROOT / "Tests/TokenizationTests/Fixtures/tiny/llama3/tokenizer.json"
FORMATS = ["default", "alpaca", "deepseekr1", "fewshot", "mistral"]

cases = []


def add(dataset, stage, template, **options):
    cases.append({"dataset": dataset, "stage": stage, "template": template, **options})


for template in FORMATS:
    for dataset in ["alpaca", "share", "open"]:
        add(dataset, "sft", template)
        add(dataset, "sft", template, cutoff_len=40)
        add(dataset, "sft", template, mask_history=True, cutoff_len=60)
    add("prefs", "rm", template)
    add("prefs", "rm", template, cutoff_len=50)
    add("shareprefs", "rm", template)
    add("feedback", "kto", template, cutoff_len=48)
    add("alpaca", "sft", template, packing=True, cutoff_len=100)
for template in ["default", "mistral"]:
    add("share", "sft", template, train_on_prompt=True)
    add("share", "sft", template, default_system="be brief")
for enabled in [False, None]:
    add("share", "sft", "deepseekr1", enable_thinking=enabled)
    add("share", "sft", "deepseekr1", enable_thinking=enabled, mask_history=True)
add("share", "sft", "deepseekr1", preserve_thinking=True, mask_history=True)
add("shareprefs", "rm", "deepseekr1", enable_thinking=False)
add("lines", "pt", "default")
add("lines", "pt", "default", cutoff_len=10)
add("lines", "pt", "default", cutoff_len=10, packing=True)

with tempfile.TemporaryDirectory() as folder:
    model = pathlib.Path(folder)
    (model / "tokenizer.json").write_bytes(TOKENIZER.read_bytes())
    (model / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|start|>", "eos_token": "<|end|>"}))
    file = model / "cases.json"
    file.write_text(json.dumps([
        {**case, "directory": str(ROWS), "tokenizer": str(model)} for case in cases]))
    script = pathlib.Path(__file__).with_name("llamafactory_encode.py")
    output = subprocess.run(
        [sys.executable, str(script), str(file)], stdout=subprocess.PIPE, text=True, check=True).stdout
results = [json.loads(line[7:]) for line in output.splitlines() if line.startswith("RESULT ")]
assert len(results) == len(cases)
lines = [json.dumps({**case, **result}, separators=(",", ":")) for case, result in zip(cases, results)]
(ROWS.parent / "golden.json").write_text(
    '{"llamafactory": "0.9.5", "cases": [\n' + ",\n".join(lines) + "\n]}\n")
print(len(cases), "cases")
