#!/usr/bin/env python3
"""data_streaming.py [--megabytes 64 1024]

`graft train` for one step on preference rows of two sizes, the first time and again: the peak of its
memory (model and libtorch included), the seconds until the first step, and what they are spent on.
Bound: the larger file takes at most 100 MiB more than the smaller one, and the second run, which
finds the tokens in the cache, starts in less than a fifth of the time of the first.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from bench import ENGINE, demo_model, table, verdict


def write_rows(path, size):
    """Rows of some 2,500 characters until the file has `size` bytes."""
    maker = random.Random(7)
    words = ["".join(maker.choices("etaoinshrdlu", k=maker.randint(2, 9))) for _ in range(20_000)]
    def text(count):
        return " ".join(maker.choices(words, k=count))
    with open(path, "w") as file:
        number = 0
        while file.tell() < size:
            row = {"prompt": f"{number} {text(200)}", "chosen": text(120), "rejected": text(100)}
            file.write(json.dumps(row) + "\n")
            number += 1
    return number


def first_step(folder, name, model):
    """(seconds, peak MiB) of a run of one step."""
    config = folder / "config.yaml"
    config.write_text(json.dumps({
        "model_name_or_path": str(model), "stage": "rm", "dataset": name, "dataset_dir": str(folder),
        "tokenized_path": str(folder / "tokens"), "output_dir": str(folder / "out"), "lora_rank": 4,
        "overwrite_output_dir": True, "cutoff_len": 256, "per_device_train_batch_size": 1,
        "max_steps": 1, "save_strategy": "no"}))
    started = time.monotonic()
    process = subprocess.Popen([ENGINE, "train", config], stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(output)
    return time.monotonic() - started, usage.ru_maxrss / 1024


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--megabytes", type=int, nargs=2, default=[64, 1024])
    sizes = options.parse_args().megabytes
    model = demo_model()
    rows, numbers, peaks, is_quick = [("MB", "rows", "run", "s", "peak MiB")], {}, [], True
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        entry = {"ranking": True,
                 "columns": {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"}}
        (folder / "dataset_info.json").write_text(json.dumps(
            {str(size): {"file_name": f"{size}.jsonl", **entry} for size in sizes}))
        for size in sizes:
            count = write_rows(folder / f"{size}.jsonl", size * 1_000_000)
            seconds = []
            for run in ("first", "again"):
                taken, peak = first_step(folder, str(size), model)
                rows.append((size, count, run, f"{taken:.1f}", f"{peak:.0f}"))
                numbers[f"{run}_{size}_seconds"] = round(taken, 1)
                numbers[f"{run}_{size}_peak_mib"] = round(peak)
                seconds.append(taken)
                if run == "first":
                    peaks.append(peak)
            is_quick = is_quick and (size == sizes[0] or seconds[1] < seconds[0] / 5)
            (folder / f"{size}.jsonl").unlink()
    table(rows)
    verdict("data_streaming.py", peaks[1] - peaks[0] <= 100 and is_quick, **numbers)


main()
