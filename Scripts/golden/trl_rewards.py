#!/usr/bin/env python3
"""Prints what TRL's RewardTrainer makes of preference rows.

    trl_rewards.py TOKENIZER MAX_LENGTH ROWS.jsonl...

Runs RewardTrainer's own `_prepare_dataset` (TRL 1.16). Prints for each file RESULT and
{"pairs": [[chosen ids, rejected ids], ...]}: the pairs that are left, in order.
"""
import json
import sys
from types import SimpleNamespace

import transformers
from datasets import load_dataset
from trl import RewardTrainer

tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(sys.argv[1])
args = SimpleNamespace(dataset_num_proc=None, max_length=int(sys.argv[2]) or None)
for path in sys.argv[3:]:
    rows = load_dataset("json", data_files=path, split="train")
    rows = RewardTrainer._prepare_dataset(SimpleNamespace(), rows, tokenizer, args, "train")
    print("RESULT " + json.dumps(
        {"pairs": [[row["chosen_ids"], row["rejected_ids"]] for row in rows]}))
