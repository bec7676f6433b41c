#!/usr/bin/env python3
"""inspect_and_merge_7b.py [--dir DIR] [--keep]: file commands on a 7B-shaped checkpoint.

Makes a random Llama-7B-shaped bf16 checkpoint in 4 shards (13.5 GB) and a rank-16 adapter on all
linear layers in DIR (default: the system's temporary directory; 28 GB are needed), and removes them.

Bounds: `graft inspect` 50 ms or less (median of 10, files in the page cache), `graft merge` 300 MiB
of resident memory or less. What counts is the peak of anonymous memory and of mapped pages together,
as the kernel reports it for the process.
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

import numpy as np

from bench import GRAFT, table, verdict, write_safetensors

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096,
    "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 32, "vocab_size": 32000, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
    "max_position_embeddings": 4096, "hidden_act": "silu", "tie_word_embeddings": False,
    "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "bfloat16",
}
SHARDS = 4


def linears(hidden, middle):
    return {"self_attn.q_proj": (hidden, hidden), "self_attn.k_proj": (hidden, hidden),
            "self_attn.v_proj": (hidden, hidden), "self_attn.o_proj": (hidden, hidden),
            "mlp.gate_proj": (middle, hidden), "mlp.up_proj": (middle, hidden),
            "mlp.down_proj": (hidden, middle)}


def shapes():
    hidden, words = CONFIG["hidden_size"], CONFIG["vocab_size"]
    yield "model.embed_tokens.weight", (words, hidden)
    for layer in range(CONFIG["num_hidden_layers"]):
        stem = f"model.layers.{layer}."
        yield stem + "input_layernorm.weight", (hidden,)
        for name, shape in linears(hidden, CONFIG["intermediate_size"]).items():
            yield f"{stem}{name}.weight", shape
        yield stem + "post_attention_layernorm.weight", (hidden,)
    yield "model.norm.weight", (hidden,)
    yield "lm_head.weight", (words, hidden)


def write_shard(path, entries, noise):
    """noise: random bfloat16 bits, repeated as often as a tensor needs them"""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in entries:
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for start in range(0, offset, len(noise)):
            file.write(noise[:min(len(noise), offset - start)])
    return offset


def make_model(folder):
    folder.mkdir()
    rng = np.random.default_rng(0)
    values = rng.standard_normal(12_000_017, np.float32) * np.float32(0.02)
    noise = memoryview((values.view(np.uint32) >> 16).astype("<u2").tobytes())
    entries = list(shapes())
    total = sum(2 * int(np.prod(shape)) for _, shape in entries)
    shards, filled = [[] for _ in range(SHARDS)], 0
    for name, shape in entries:
        shards[min(SHARDS - 1, filled * SHARDS // total)].append((name, shape))
        filled += 2 * int(np.prod(shape))
    places = {}
    for index, shard in enumerate(shards, 1):
        file = f"model-{index:05}-of-{SHARDS:05}.safetensors"
        write_shard(folder / file, shard, noise)
        places.update({name: file for name, _ in shard})
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": places}))
    (folder / "config.json").write_text(json.dumps(CONFIG))


def make_adapter(folder, base, rank=16):
    folder.mkdir()
    rng = np.random.default_rng(1)
    modules = linears(CONFIG["hidden_size"], CONFIG["intermediate_size"])
    tensors = {}
    for layer in range(CONFIG["num_hidden_layers"]):
        for name, (rows, columns) in modules.items():
            stem = f"base_model.model.model.layers.{layer}.{name}"
            for factor, shape in (("A", (rank, columns)), ("B", (rows, rank))):
                values = rng.standard_normal(shape, np.float32) * np.float32(0.01)
                tensors[f"{stem}.lora_{factor}.weight"] = ("F32", values)
    write_safetensors(folder / "adapter_model.safetensors", tensors)
    (folder / "adapter_config.json").write_text(json.dumps({
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": str(base),
        "r": rank, "lora_alpha": 2 * rank, "lora_dropout": 0.0, "bias": "none",
        "fan_in_fan_out": False, "inference_mode": True, "use_rslora": False, "use_dora": False,
        "target_modules": [name.split(".")[1] for name in modules]}))


def measured(command):
    """(seconds, peak resident MiB) of one run"""
    started = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = status
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))}: status {status}")
    return seconds, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--inspect-only", action="store_true")
    options = parser.parse_args()
    # So that a stopped run removes its files too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="graft-7b-", dir=options.dir))
    need = 14e9 if options.inspect_only else 28.5e9
    if shutil.disk_usage(scratch).free < need:
        scratch.rmdir()
        sys.exit(f"{scratch.parent}: {need / 1e9:.0f} GB free are needed (--dir names another place)")
    try:
        model, adapter = scratch / "model", scratch / "adapter"
        make_model(model)
        make_adapter(adapter, model)
        times = [measured([GRAFT, "inspect", model])[0] for _ in range(11)][1:]
        inspect_ms = 1000 * statistics.median(times)
        rows = [("measure", "result", "bound"), ("inspect, median ms", f"{inspect_ms:.1f}", "50")]
        numbers, passed = {"inspect_ms": round(inspect_ms, 1)}, inspect_ms <= 50
        if not options.inspect_only:
            seconds, peak = measured([GRAFT, "merge", model, adapter, "-o", scratch / "merged"])
            rows += [("merge, peak MiB", f"{peak:.0f}", "300"), ("merge, s", f"{seconds:.1f}", "-")]
            numbers |= {"merge_peak_mib": round(peak), "merge_seconds": round(seconds, 1)}
            passed &= peak <= 300
        table(rows)
    finally:
        if not options.keep:
            shutil.rmtree(scratch)
    verdict("inspect_and_merge_7b", passed, **numbers)


if __name__ == "__main__":
    main()
