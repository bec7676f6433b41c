#!/usr/bin/env python3
"""parity.py: logits and rewards of Graft against transformers, in float32 on the same weights.

Bound: no value differs by more than 1e-4.
Models: the demo's (SmolLM2-135M; its reward model too where the demo has run) and the Llama cases of
../shared/zoo where that folder is there. Runs with the Python of `make peers`.
"""

import json
import pathlib
import sys
import tempfile

import torch
from transformers import (
    AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer)

from bench import DEMO, ENGINE, GRAFT, ROOT, ZOO, Tensors, demo_model, run, table, verdict

BOUND = 1e-4
CAUSAL = ["base_llama_f32", "base_llama_sharded_f32", "base_llama_odd_f32", "base_llama_bf16",
          "base_llama_tied_bf16", "tf4_llama_bf16"]
REWARD = ["rm_full"]


def demo_ids(folder, count=16):
    """Token ids of the first held-out conversations."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = json.loads((ROOT / "demo" / "data" / "heldout.json").read_text())[:count]
    texts = [tokenizer.apply_chat_template(row["messages"] + [row["chosen"]], tokenize=False)
             for row in rows]
    return [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]


def zoo_model(case):
    """(folder that holds config.json, prompts as token ids)"""
    expected = json.loads((ZOO / case / "expected.json").read_text())
    places = [path.parent for path in sorted((ZOO / case).rglob("config.json"))]
    return places[0], expected["prompts"]


def write_ids(path, prompts):
    path.write_text("".join(json.dumps({"ids": ids}) + "\n" for ids in prompts))
    return path


def logits_difference(folder, prompts, scratch):
    out = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    run(ENGINE, "logits", folder, "--ids", write_ids(scratch / "ids.jsonl", prompts),
        "-o", out / "logits.safetensors")
    ours = Tensors(out)
    names = sorted(ours.entries, key=lambda name: int(name.rpartition(".")[2]))
    assert len(names) == len(prompts), f"{len(names)} tensors for {len(prompts)} prompts"
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    worst = 0.0
    with torch.no_grad():
        for name, ids in zip(names, prompts):
            expected = model(torch.tensor([ids])).logits[0].double()
            found = torch.from_numpy(ours.values(name).copy()).reshape(expected.shape)
            worst = max(worst, float((expected - found).abs().max()))
    return worst


def reward_difference(folder, prompts, scratch):
    lines = run(GRAFT, "score", folder, write_ids(scratch / "ids.jsonl", prompts), "--json",
                "--dtype", "float32")
    found = [json.loads(line)["reward"] for line in lines.splitlines() if line.strip()]
    assert len(found) == len(prompts), f"{len(found)} rewards for {len(prompts)} prompts"
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    # One row at a time, no padding: the reward is the head's output at the last token.
    with torch.no_grad():
        hidden = [model.model(torch.tensor([ids])).last_hidden_state[0, -1] for ids in prompts]
        expected = [float(model.score(state)[0]) for state in hidden]
    return max(abs(x - y) for x, y in zip(expected, found))


def main():
    model = demo_model()
    causal = [("smollm2-135m", model, demo_ids(model))]
    reward = []
    if (DEMO / "merged").exists():
        reward.append(("demo reward model", DEMO / "merged", demo_ids(model)))
    if ZOO.exists():
        causal += [(case, *zoo_model(case)) for case in CAUSAL]
        reward += [(case, *zoo_model(case)) for case in REWARD]
    rows, worst = [("model", "what", "prompts", "largest difference")], 0.0
    with tempfile.TemporaryDirectory() as temporary:
        scratch = pathlib.Path(temporary)
        for cases, what, measure in ((causal, "logits", logits_difference),
                                     (reward, "rewards", reward_difference)):
            for name, folder, prompts in cases:
                print(f"{name} ...", file=sys.stderr)
                difference = measure(folder, prompts, scratch)
                rows.append((name, what, len(prompts), f"{difference:.1e}"))
                worst = max(worst, difference)
    table(rows)
    verdict("parity", worst <= BOUND, models=len(rows) - 1, largest_difference=worst)


if __name__ == "__main__":
    main()
