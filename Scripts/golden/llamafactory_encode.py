#!/usr/bin/env python3
"""Prints what LLaMA-Factory's own preprocessing makes of data sets, one JSON object a case.

    llamafactory_encode.py CASES.json

The cases are a list of {"directory", "dataset", "stage", "template", "tokenizer", options...}. The
package llamafactory 0.9.5 is installed; what it imports only for sound and pictures need not be.
Prints {"count": n, "rows": [...]} where a row holds all lists of ids and labels that the processor
makes.
"""
import hashlib
import importlib.machinery
import json
import os
import sys
from types import SimpleNamespace
from unittest.mock import MagicMock

os.environ["HF_HUB_OFFLINE"] = "1"
for module in ["torchaudio", "av", "librosa", "omegaconf"]:
    try:
        __import__(module)
    except ImportError:
        sys.modules[module] = MagicMock(__spec__=importlib.machinery.ModuleSpec(module, None))

import transformers  # noqa: E402
from datasets import load_dataset  # noqa: E402
from llamafactory.data import converter, parser, processor, template as formats  # noqa: E402
from llamafactory.data.processor import (  # noqa: E402
    feedback, pairwise, pretrain, supervised)

PROCESSORS = {
    "pt": pretrain.PretrainDatasetProcessor, "rm": pairwise.PairwiseDatasetProcessor,
    "kto": feedback.FeedbackDatasetProcessor, "sft": supervised.SupervisedDatasetProcessor,
}
DEFAULTS = {
    "cutoff_len": 2048, "train_on_prompt": False, "mask_history": False, "packing": False,
    "neat_packing": False, "enable_thinking": True, "preserve_thinking": False,
    "default_system": None, "tool_format": None, "media_dir": "", "preprocessing_batch_size": 1000,
}
TYPES = {"jsonl": "json", "json": "json", "csv": "csv", "txt": "text", "parquet": "parquet", "arrow": "arrow"}


def run(case):
    data = SimpleNamespace(**{**DEFAULTS, **{k: v for k, v in case.items() if k in DEFAULTS}})
    data.template = case["template"]
    data.neat_packing = data.packing
    # tokenizer.json as it is: transformers 5 rebuilds the pre-tokenizer of some classes, such as
    # GPT2Tokenizer, and then splits numbers otherwise than the model was trained with.
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(case["tokenizer"])
    template = formats.get_template_and_fix_tokenizer(tokenizer, data)
    attr = parser.get_dataset_list([case["dataset"]], case["directory"])[0]
    path = os.path.join(case["directory"], attr.dataset_name)
    rows = list(load_dataset(TYPES[path.rsplit(".", 1)[1]], data_files=[path], split="train"))
    if "max_samples" in case:
        rows = rows[:case["max_samples"]]
    convert = converter.get_dataset_converter(attr.formatting, attr, data)
    kind = PROCESSORS[case["stage"]]
    if case["stage"] == "sft" and data.packing:
        kind = supervised.PackedSupervisedDatasetProcessor
    encode = kind(template=template, tokenizer=tokenizer, processor=None, data_args=data)
    out = []
    for start in range(0, len(rows), data.preprocessing_batch_size):
        aligned = [convert(row) for row in rows[start:start + data.preprocessing_batch_size]]
        batch = {key: [row[key] for row in aligned] for key in aligned[0]}
        result = encode.preprocess_dataset(batch)
        keys = [key for key in result if key.endswith(("input_ids", "labels", "kto_tags", "position_ids"))]
        if data.packing and case["stage"] == "sft":
            keys.append("attention_mask")
        for i in range(len(result[keys[0]]) if keys else 0):
            out.append({key: result[key][i] for key in keys})
    return {"rows": out, "count": len(rows)}


for case in json.load(open(sys.argv[1])):
    result = run(case)
    if case.get("digest"):
        for i, row in enumerate(result["rows"]):
            text = json.dumps(row, sort_keys=True, separators=(",", ":"))
            result["rows"][i] = hashlib.sha256(text.encode()).hexdigest()[:16]
    print("RESULT " + json.dumps(result))
