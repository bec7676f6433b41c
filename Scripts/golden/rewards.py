#!/usr/bin/env python3
"""Prints the rewards that transformers and PEFT give, with what loading found missing or unexpected.

usage: rewards.py JOBS.json

JOBS.json holds {"prompts": [[id, ...], ...], "jobs": [{"form": ..., "directory": ...,
"adapter": ...}, ...]}; a form is "classifier", "token-classifier" or "v_head". The answers, one
JSON list, are the last line.
"""

import json
import sys

import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

CLASSES = {
    "classifier": AutoModelForSequenceClassification,
    "token-classifier": AutoModelForTokenClassification,
    "v_head": AutoModelForCausalLM,
}


def answer(job, prompts):
    form, directory = job["form"], job["directory"]
    model, info = CLASSES[form].from_pretrained(
        directory, dtype=torch.float32, output_loading_info=True
    )
    if "adapter" in job:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, job["adapter"])
    model.eval()
    rewards = []
    with torch.no_grad():
        for prompt in prompts:
            ids = torch.tensor([prompt])
            if form == "classifier":
                reward = model(ids).logits[0]
            elif form == "token-classifier":
                reward = model(ids).logits[0, -1]
            else:
                head = load_file(f"{job.get('adapter', directory)}/value_head.safetensors")
                hidden = model(ids, output_hidden_states=True).hidden_states[-1][0, -1]
                reward = head["v_head.summary.weight"] @ hidden + head["v_head.summary.bias"]
            rewards.append(reward.tolist())
    return {
        "missing": sorted(info["missing_keys"]),
        "unexpected": sorted(info["unexpected_keys"]),
        "rewards": rewards,
    }


def main():
    with open(sys.argv[1]) as file:
        request = json.load(file)
    answers = [answer(job, request["prompts"]) for job in request["jobs"]]
    print("\n" + json.dumps(answers))


main()
