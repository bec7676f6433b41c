#!/usr/bin/env python3
"""gather_speed.py [--size tiny|3b] [--dir DIR] [--rounds N] [--ranks N] [--keep]

`graft gather` beside DeepSpeed's zero_to_fp32 on a synthetic ZeRO-3 checkpoint, in turns: each round
runs both, out of the disk's cache alike, and medians are compared. The weights that both write must
be the same, byte for byte.

Bounds at 3b, 4 ranks: at least 3 times faster, and at most 400 MiB of resident memory, mapped pages
included. tiny only shows that both run.

$GRAFT_PEERS_PYTHON needs torch and safetensors; $GRAFT_DEEPSPEED_PYTHON (by default the same) needs
deepspeed too. 3b takes 40 GB of disk, and 16 GiB of memory for zero_to_fp32. The moments of the
optimiser, which neither program reads, are left out. A run during which other programs kept more
than 0.3 processors busy is inconclusive, status 2.
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

from bench import GRAFT, OtherLoad, table

SIZES = {
    "tiny": {"hidden_size": 96, "intermediate_size": 200, "num_hidden_layers": 2,
             "num_attention_heads": 3, "num_key_value_heads": 1, "vocab_size": 1001},
    "3b": {"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 28,
           "num_attention_heads": 24, "num_key_value_heads": 8, "vocab_size": 100_000},
}

# Runs under torch: one rank after the other, in flat vectors of repeated random numbers.
MAKE = """
import json, os, sys
from collections import OrderedDict
import torch
folder, ranks = sys.argv[1], int(sys.argv[2])
config = json.load(open(folder + "/config.json"))
hidden, inner, layers = (config[k] for k in ("hidden_size", "intermediate_size", "num_hidden_layers"))
keys = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
shapes = OrderedDict()
shapes["model.embed_tokens.weight"] = (config["vocab_size"], hidden)
for layer in range(layers):
    p = f"model.layers.{layer}."
    for name, shape in (("q_proj", (hidden, hidden)), ("k_proj", (keys, hidden)),
                        ("v_proj", (keys, hidden)), ("o_proj", (hidden, hidden))):
        shapes[f"{p}self_attn.{name}.weight"] = shape
    for name, shape in (("gate_proj", (inner, hidden)), ("up_proj", (inner, hidden)),
                        ("down_proj", (hidden, inner))):
        shapes[f"{p}mlp.{name}.weight"] = shape
    shapes[f"{p}input_layernorm.weight"] = (hidden,)
    shapes[f"{p}post_attention_layernorm.weight"] = (hidden,)
shapes["model.norm.weight"] = (hidden,)
shapes["score.weight"] = (1, hidden)
shapes = OrderedDict((k, torch.Size(v)) for k, v in shapes.items())
# Groups of about 1/3 of the model, as sub_group_size makes them.
groups, limit = [OrderedDict()], sum(s.numel() for s in shapes.values()) // 3
for name, shape in shapes.items():
    if sum(s.numel() for s in groups[-1].values()) > limit:
        groups.append(OrderedDict())
    groups[-1][name] = shape
step = folder + "/global_step10"
os.makedirs(step)
open(folder + "/latest", "w").write("global_step10")
for rank in range(ranks):
    block = torch.randn(1 << 20, generator=torch.Generator().manual_seed(rank)) * 0.02
    flats = []
    for group in groups:
        count = sum(-(-s.numel() // ranks) for s in group.values())
        flats.append(block.repeat(-(-count // len(block)))[:count].clone())
    torch.save({"optimizer_state_dict": {"zero_stage": 3, "partition_count": ranks,
                "fp32_flat_groups": flats, "optimizer_state_dict": {"state": {}}},
                "ds_version": "0.19.8"},
               f"{step}/bf16_zero_pp_rank_{rank}_mp_rank_00_optim_states.pt")
    del flats
    torch.save({"module": OrderedDict((k, torch.empty(0, dtype=torch.bfloat16)) for k in shapes),
                "buffer_names": [], "param_shapes": groups, "frozen_param_shapes": None,
                "frozen_param_fragments": None, "shared_params": {}, "global_steps": 10,
                "dp_world_size": ranks, "mp_world_size": 1, "ds_version": "0.19.8"},
               f"{step}/zero_pp_rank_{rank}_mp_rank_00_model_states.pt")
"""

COMPARE = """
import glob, sys
from safetensors import safe_open
def tensors(folder):
    found = {}
    for path in glob.glob(folder + "/*.safetensors"):
        file = safe_open(path, "pt")
        found.update((name, file) for name in file.keys())
    return found
a, b = map(tensors, sys.argv[1:])
assert a.keys() == b.keys(), (set(a) ^ set(b))
for name in a:
    assert a[name].get_tensor(name).equal(b[name].get_tensor(name)), name
"""


def drop_from_cache(folder):
    os.sync()
    for file in folder.rglob("*.pt"):
        descriptor = os.open(file, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def run(*command):
    """(seconds, CPU seconds, peak resident MiB), flushed to the disk."""
    started = time.perf_counter()
    environment = os.environ | {"DS_ACCELERATOR": "cpu", "DS_BUILD_OPS": "0"}
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, env=environment, text=True)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: status {process.returncode}\n{errors[-2000:]}")
    os.sync()
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--dir", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    # So that a stopped run removes its files too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    peers = os.environ.get("GRAFT_PEERS_PYTHON")
    if not peers:
        sys.exit("GRAFT_PEERS_PYTHON is not set")
    deepspeed = os.environ.get("GRAFT_DEEPSPEED_PYTHON", peers)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="graft-gather-", dir=options.dir))
    run_folder, ours, theirs = scratch / "run", scratch / "graft", scratch / "deepspeed"
    times = {"graft": [], "zero_to_fp32": []}
    try:
        run_folder.mkdir()
        config = SIZES[options.size] | {
            "architectures": ["LlamaForSequenceClassification"], "model_type": "llama",
            "num_labels": 1, "id2label": {"0": "LABEL_0"}, "rms_norm_eps": 1e-5,
            "tie_word_embeddings": False}
        (run_folder / "config.json").write_text(json.dumps(config))
        subprocess.run([peers, "-c", MAKE, run_folder, str(options.ranks)], check=True)
        load = OtherLoad()
        for _ in range(options.rounds):
            for name, out, command in (
                    ("graft", ours, (GRAFT, "gather", run_folder, "-o", ours)),
                    ("zero_to_fp32", theirs,
                     (deepspeed, "-m", "deepspeed.utils.zero_to_fp32", run_folder, theirs,
                      "--safe_serialization", "--max_shard_size", "5GB"))):
                shutil.rmtree(out, ignore_errors=True)
                drop_from_cache(run_folder)
                times[name].append(run(*command))
        other = load.value()
        subprocess.run([peers, "-c", COMPARE, ours, theirs], check=True)
    finally:
        if not options.keep:
            shutil.rmtree(scratch)
    seconds = {name: statistics.median(one[0] for one in runs) for name, runs in times.items()}
    peak = {name: max(one[2] for one in runs) for name, runs in times.items()}
    rows = [("what", "median s", "least", "most", "CPU s", "peak MiB")]
    for name, runs in times.items():
        all_seconds = [one[0] for one in runs]
        rows.append((name, f"{seconds[name]:.2f}", f"{min(all_seconds):.2f}",
                     f"{max(all_seconds):.2f}", f"{statistics.median(one[1] for one in runs):.1f}",
                     f"{peak[name]:.0f}"))
    table(rows)
    faster = seconds["zero_to_fp32"] / seconds["graft"]
    checks = [("zero_to_fp32 / gather", faster, 3, faster >= 3),
              ("gather, peak MiB", peak["graft"], 400, peak["graft"] <= 400)]
    print()
    table([("check", "result", "bound", "")] + [
        (name, f"{value:.2f}", bound, "ok" if holds else "MISSED")
        for name, value, bound, holds in checks])
    passed = all(check[3] for check in checks)
    print(json.dumps({"script": "gather_speed", "size": options.size, "passed": passed,
                      "other_cpus": round(other, 2), "faster": round(faster, 2),
                      "peak_mib": round(peak["graft"]), "seconds":
                      {name: round(value, 2) for name, value in seconds.items()}}), flush=True)
    if other > 0.3:
        print(f"inconclusive: other programs kept {other:.1f} processors busy", file=sys.stderr)
        sys.exit(2)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
