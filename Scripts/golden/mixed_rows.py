#!/usr/bin/env python3
"""Prints which rows LLaMA-Factory 0.9.5 takes of several data sets, and in which order.

    mixed_rows.py CASES.json
    mixed_rows.py --fixture        writes Tests/DatasetsTests/Fixtures/mixes.json

The cases are a list of {"counts": rows of each data set, "num_samples": of each or null,
"max_samples", "mix_strategy", "interleave_probs", "seed"}. Each data set is read and mixed by
LLaMA-Factory's own loader, as its training does after setting the seed. Prints RESULT and a list of
[data set, row] a case.
"""
import importlib.machinery
import json
import os
import pathlib
import sys
import tempfile
from types import SimpleNamespace
from unittest.mock import MagicMock

os.environ["HF_HUB_OFFLINE"] = "1"
for module in ["torchaudio", "av", "librosa", "omegaconf"]:
    try:
        __import__(module)
    except ImportError:
        sys.modules[module] = MagicMock(__spec__=importlib.machinery.ModuleSpec(module, None))

import transformers  # noqa: E402
from llamafactory.data import loader  # noqa: E402


def run(case, folder):
    info = {}
    for i, count in enumerate(case["counts"]):
        name = f"{i}.jsonl"
        (folder / name).write_text("".join(
            json.dumps({"instruction": f"{i} {row}", "input": "", "output": "x"}) + "\n" for row in range(count)))
        info[str(i)] = {"file_name": name}
        if case["num_samples"][i]:
            info[str(i)]["num_samples"] = case["num_samples"][i]
    (folder / "dataset_info.json").write_text(json.dumps(info))
    data = SimpleNamespace(
        dataset_dir=str(folder), streaming=False, max_samples=case["max_samples"],
        preprocessing_num_workers=None, overwrite_cache=True, mix_strategy=case["mix_strategy"],
        interleave_probs=case["interleave_probs"], media_dir="")
    model = SimpleNamespace(cache_dir=str(folder / "cache"), hf_hub_token=None)
    training = SimpleNamespace(seed=case["seed"], local_process_index=0, should_log=False)
    transformers.set_seed(case["seed"])
    mixed = loader._get_merged_dataset(sorted(info), model, data, training, stage="sft")
    return [[int(word) for word in row[0]["content"].split()] for row in mixed["_prompt"]]


def order(case):
    with tempfile.TemporaryDirectory() as folder:
        return run(case, pathlib.Path(folder))


def case(counts, strategy, probs=None, samples=None, limit=None, seed=42):
    return {"counts": counts, "num_samples": samples or [None] * len(counts), "max_samples": limit,
            "mix_strategy": strategy, "interleave_probs": probs, "seed": seed}


FIXTURE = [
    case([5, 9, 3], "concat"), case([5, 9, 3], "interleave_under"),
    case([5, 9, 3], "interleave_over"), case([5, 9, 3], "interleave_once"),
    case([5, 9, 3], "interleave_under", [0.2, 0.3, 0.5]),
    case([40, 60], "interleave_over", [0.9, 0.1], seed=1),
    case([5, 9, 3], "interleave_once", [0.2, 0.3, 0.5], seed=2),
    case([3, 700], "interleave_over", [0.5, 0.5], seed=3_000_000_000),
    case([5, 9, 3], "concat", samples=[3, 20, None], limit=6, seed=7),
    case([300], "concat", samples=[40], seed=0),
    case([5, 9], "interleave_over", [0.3, 0.7], samples=[12, None], seed=4),
]

if sys.argv[1] == "--fixture":
    path = pathlib.Path(__file__).parents[2] / "Tests/DatasetsTests/Fixtures/mixes.json"
    lines = [json.dumps({**one, "order": order(one)}, separators=(",", ":")) for one in FIXTURE]
    path.write_text('{"llamafactory": "0.9.5", "cases": [\n' + ",\n".join(lines) + "\n]}\n")
else:
    for one in json.load(open(sys.argv[1])):
        print("RESULT " + json.dumps(order(one)))
