#!/usr/bin/env python3
"""train_speed.py [--rounds 3] [--pairs 8] [--steps 12] [--data demo|dpo_en_demo] [--threads N]

Reward-model LoRA steps (rank 16, all linear layers, float32) of `graft train` and of TRL's
RewardTrainer, in turns on the same pairs. Each round starts both anew; what counts is the time of
the training loop alone. The first round is thrown away (first touch of files and memory).
Bound: Graft's median is not above TRL's. Runs with the Python of `make peers`.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

from bench import GRAFT, ROOT, SHARED, OtherLoad, demo_model, run, table, verdict


def load(data, count):
    """Rows with messages, chosen, rejected; roles as in the chat template."""
    if data == "demo":
        rows = json.loads((ROOT / "demo" / "data" / "train.json").read_text())
    else:
        roles = {"human": "user", "gpt": "assistant", "system": "system"}
        def message(turn):
            return {"role": roles[turn["from"]], "content": turn["value"]}
        file = SHARED / "assets/data/llamafactory/dpo_en_demo.json"
        rows = [{"messages": [message(turn) for turn in row["conversations"]],
                 "chosen": message(row["chosen"]), "rejected": message(row["rejected"])}
                for row in json.loads(file.read_text())]
    if len(rows) < count:
        sys.exit(f"{data} has {len(rows)} pairs, {count} are needed")
    return rows[:count]


def trl_seconds(folder, model_folder, options):
    """The peer's training loop; runs in a process of its own and prints its seconds."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from trl import RewardConfig, RewardTrainer

    torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    def ids(messages):
        text = tokenizer.apply_chat_template(messages, tokenize=False)
        return tokenizer(text, add_special_tokens=False)["input_ids"][:options.cutoff]
    rows = []
    for row in json.loads((folder / "pairs.json").read_text()):
        chosen, rejected = (ids(row["messages"] + [row[key]]) for key in ("chosen", "rejected"))
        # TRL renamed these columns between versions; it drops those that it does not know.
        rows.append({"chosen_ids": chosen, "rejected_ids": rejected,
                     "chosen_input_ids": chosen, "rejected_input_ids": rejected})
    model = AutoModelForSequenceClassification.from_pretrained(
        model_folder, num_labels=1, dtype=torch.float32)
    model.config.pad_token_id = tokenizer.pad_token_id
    trainer = RewardTrainer(
        model=model, train_dataset=Dataset.from_list(rows), processing_class=tokenizer,
        args=RewardConfig(
            output_dir=str(folder / "trl"), per_device_train_batch_size=options.pairs,
            max_steps=options.steps, learning_rate=1e-4, lr_scheduler_type="constant",
            use_cpu=True, bf16=False, logging_steps=1, save_strategy="no", report_to="none",
            max_length=options.cutoff, gradient_checkpointing=False, disable_tqdm=True),
        peft_config=LoraConfig(
            task_type="SEQ_CLS", r=16, lora_alpha=32, lora_dropout=0.0,
            target_modules="all-linear", modules_to_save=["score"]))
    started = time.perf_counter()
    trainer.train()
    print("seconds", time.perf_counter() - started)


def graft_seconds(folder, model_folder, options):
    config, out = folder / "graft.yaml", folder / "graft"
    config.write_text("".join(f"{key}: {value}\n" for key, value in {
        "model_name_or_path": model_folder, "stage": "rm", "do_train": "true",
        "finetuning_type": "lora", "lora_target": "all", "lora_rank": 16, "lora_alpha": 32,
        "dataset": "pairs", "dataset_dir": folder, "cutoff_len": options.cutoff,
        "output_dir": out, "overwrite_output_dir": "true", "save_strategy": "'no'",
        "per_device_train_batch_size": options.pairs, "max_steps": options.steps,
        "learning_rate": 1e-4, "lr_scheduler_type": "constant", "logging_steps": 1,
        "seed": 0}.items()))
    run(GRAFT, "train", config, env=dict(os.environ, OMP_NUM_THREADS=str(options.threads)))
    return json.loads((out / "train_results.json").read_text())["train_seconds"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--cutoff", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--data", choices=["demo", "dpo_en_demo"], default="demo")
    parser.add_argument("--trl", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    model_folder = demo_model()
    if options.trl:
        trl_seconds(options.trl, model_folder, options)
        return
    times = {"TRL": [], "Graft": []}
    others = OtherLoad()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        rows = load(options.data, options.pairs * options.steps)
        (folder / "pairs.json").write_text(json.dumps(rows))
        info = json.loads((ROOT / "demo" / "data" / "dataset_info.json").read_text())
        info = {"pairs": dict(info["graft_demo_train"], file_name="pairs.json")}
        (folder / "dataset_info.json").write_text(json.dumps(info))
        for turn in range(options.rounds + 1):
            words = run(sys.executable, __file__, *sys.argv[1:], "--trl", folder).split()
            peer = float(words[words.index("seconds") + 1])
            ours = graft_seconds(folder, model_folder, options)
            print(f"round {turn}: TRL {peer:.2f} s, Graft {ours:.2f} s"
                  + (" (thrown away)" if turn == 0 else ""), flush=True)
            if turn:
                times["TRL"].append(peer)
                times["Graft"].append(ours)
    medians = {name: statistics.median(values) for name, values in times.items()}
    count = options.pairs * options.steps
    table([("trainer", "median s", "pairs/s", "spread")] + [
        (name, f"{medians[name]:.2f}", f"{count / medians[name]:.2f}",
         f"{min(values):.2f} to {max(values):.2f}") for name, values in times.items()])
    ratio = medians["TRL"] / medians["Graft"]
    print(f"Graft is {ratio:.2f} times as fast")
    if others.value() > 0.3:
        print(f"other programs kept {others.value():.1f} processors busy: measure again",
              file=sys.stderr)
    verdict("train_speed", ratio >= 1, data=options.data, pairs=options.pairs, steps=options.steps,
            threads=options.threads, trl_seconds=medians["TRL"], graft_seconds=medians["Graft"],
            ratio=ratio, other_cpus=round(others.value(), 2))


if __name__ == "__main__":
    main()
