#!/usr/bin/env python3
"""merge_speed.py [--size 0.5b|7b] [--dir DIR] [--rounds N] [--no-peft] [--keep]

`graft merge` and `graft verify` beside `cp` of the same bytes and PEFT's merge_and_unload, in turns:
each round runs all of them, and medians are compared. The checkpoint is random, bf16, with a rank-16
adapter on all linear layers.

Bounds: 7b: merge at most 1.15 times `cp`, at least 6 times faster than PEFT. 0.5b, files in the page
cache, everything flushed to the disk: 1.3 times `cp` and `sync`, 10 times faster than PEFT. Merge and
verify stay below 300 MiB of resident memory, mapped pages included. Verify reads both checkpoints at
80 % or more of the rate at which `dd` reads one of them from the disk.

7b needs 28 GB of disk, and 16 GiB of memory for PEFT ($GRAFT_PEERS_PYTHON; skipped where that is not
set). A run during which other programs kept more than 0.3 processors busy is inconclusive, status 2.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import inspect_and_merge_7b as shapes
from bench import GRAFT, OtherLoad, table

SMALL = {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
         "num_attention_heads": 14, "num_key_value_heads": 14, "vocab_size": 100_000}

PEFT = """
import sys, torch
from transformers import AutoModelForCausalLM
from peft import PeftModel
base, adapter, out = sys.argv[1:]
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
model.save_pretrained(out, max_shard_size="5GB")
"""


def drop_from_cache(folder):
    os.sync()
    for file in folder.iterdir():
        descriptor = os.open(file, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def warm(folder):
    for file in folder.iterdir():
        with open(file, "rb", buffering=0) as stream:
            while stream.read(16 << 20):
                pass


class Round:
    """Timed commands on one checkpoint."""

    def __init__(self, scratch, is_cached):
        self.model, self.adapter = scratch / "model", scratch / "adapter"
        self.out = scratch / "out"
        self.is_cached = is_cached

    def prepare(self):
        shutil.rmtree(self.out, ignore_errors=True)
        os.sync()
        (warm if self.is_cached else drop_from_cache)(self.model)

    def run(self, *command, environment=None):
        """(seconds, CPU seconds, peak resident MiB)"""
        started = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                                   env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}: status {process.returncode}")
        return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

    def copy(self):
        self.prepare()
        return self.run("sh", "-c", 'cp -r "$0" "$1" && sync "$1"/*', self.model, self.out)

    def merge(self):
        self.prepare()
        return self.run(GRAFT, "merge", self.model, self.adapter, "-o", self.out)

    def verify(self):
        for folder in (self.model, self.out):
            (warm if self.is_cached else drop_from_cache)(folder)
        return self.run(GRAFT, "verify", self.model, self.out, self.adapter)

    def read(self):
        (warm if self.is_cached else drop_from_cache)(self.model)
        files = sorted(self.model.glob("*.safetensors"))
        return self.run("sh", "-c", 'for f; do dd if="$f" of=/dev/null bs=4M status=none; done', "-",
                        *files)

    def peft(self, python):
        self.prepare()
        threads = str(os.cpu_count())
        return self.run(python, "-c", PEFT, self.model, self.adapter, self.out,
                        environment=os.environ | {"OMP_NUM_THREADS": threads,
                                                  "HF_HUB_OFFLINE": "1"})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", choices=["0.5b", "7b"], default="0.5b")
    parser.add_argument("--dir", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peft", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    # So that a stopped run removes its files too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if options.size == "0.5b":
        shapes.CONFIG.update(SMALL)
        shapes.SHARDS = 1
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="graft-speed-", dir=options.dir))
    python = None if options.no_peft else os.environ.get("GRAFT_PEERS_PYTHON")
    times = {}
    try:
        shapes.make_model(scratch / "model")
        if shapes.SHARDS == 1:
            (scratch / "model" / "model-00001-of-00001.safetensors").rename(
                scratch / "model" / "model.safetensors")
            (scratch / "model" / "model.safetensors.index.json").unlink()
        shapes.make_adapter(scratch / "adapter", scratch / "model")
        byte_count = sum(file.stat().st_size for file in (scratch / "model").iterdir())
        steps = Round(scratch, is_cached=options.size == "0.5b")
        load = OtherLoad()
        for _ in range(options.rounds):
            for name in ("copy", "merge", "verify", "read"):
                times.setdefault(name, []).append(getattr(steps, name)())
            if python:
                times.setdefault("peft", []).append(steps.peft(python))
        other = load.value()
    finally:
        if not options.keep:
            shutil.rmtree(scratch)
    seconds = {name: statistics.median(run[0] for run in runs) for name, runs in times.items()}
    cpu = {name: statistics.median(run[1] for run in runs) for name, runs in times.items()}
    peak = {name: max(run[2] for run in runs) for name, runs in times.items()}
    rows = [("what", "median s", "least", "most", "CPU s", "peak MiB")]
    for name, runs in times.items():
        all_seconds = [run[0] for run in runs]
        rows.append((name, f"{seconds[name]:.2f}", f"{min(all_seconds):.2f}",
                     f"{max(all_seconds):.2f}", f"{cpu[name]:.1f}", f"{peak[name]:.0f}"))
    table(rows)
    small = options.size == "0.5b"
    to_copy = seconds["merge"] / seconds["copy"]
    read_rate = byte_count / seconds["read"] / 1e9
    verify_rate = 2 * byte_count / seconds["verify"] / 1e9
    checks = [("merge / cp", to_copy, 1.3 if small else 1.15, to_copy <= (1.3 if small else 1.15)),
              ("merge, peak MiB", peak["merge"], 300, peak["merge"] <= 300),
              ("verify, peak MiB", peak["verify"], 300, peak["verify"] <= 300)]
    if not small:
        checks.append(("verify / disk's rate", verify_rate / read_rate, 0.8,
                       verify_rate >= 0.8 * read_rate))
    if "peft" in seconds:
        faster = seconds["peft"] / seconds["merge"]
        least = 10 if small else 6
        checks.append(("PEFT / merge", faster, least, faster >= least))
    print()
    table([("check", "result", "bound", "")] + [
        (name, f"{value:.2f}", bound, "ok" if holds else "MISSED")
        for name, value, bound, holds in checks])
    passed = all(check[3] for check in checks)
    print(json.dumps({
        "script": "merge_speed", "size": options.size, "passed": passed,
        "other_cpus": round(other, 2), "gb": round(byte_count / 1e9, 2),
        "verify_gb_s": round(verify_rate, 2), "disk_gb_s": round(read_rate, 2),
        **{name: round(value, 2) for name, value, _, _ in checks},
        "seconds": {name: round(value, 2) for name, value in seconds.items()}}), flush=True)
    if other > 0.3:
        print(f"inconclusive: other programs kept {other:.1f} processors busy", file=sys.stderr)
        sys.exit(2)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
