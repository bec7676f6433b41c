#!/usr/bin/env python3
"""merge_rounding.py: `graft merge` against W + s*B*A in float64, rounded once to the output's type.

Bound: never more than one unit in the last place apart, and equal in at least 99.9 % of elements.
Cases: SmolLM2-135M in bf16 with a random rank-16 adapter on all linear layers, and the LoRA cases
of ../shared/zoo where that folder is there.
"""

import json
import math
import pathlib
import tempfile

import numpy as np

from bench import GRAFT, ZOO, Tensors, demo_model, run, table, verdict, write_safetensors

# Plain LoRA on a Llama, each with something of its own.
ZOO_CASES = [
    "lora_plain_llama", "lora_rslora", "lora_bf16_adapter", "lora_alpha_float_r1",
]


def rounded_once(values, dtype):
    """float64 to the nearest value of dtype, ties to even, as bits."""
    if dtype == "F32":
        return values.astype("<f4").view("<u4")
    if dtype == "F16":
        return values.astype("<f2").view("<u2")
    # float32 in between would round twice: cut float64's 52 fraction bits to bfloat16's 7 at once.
    bits = values.view(np.uint64)
    bits = bits + ((np.uint64(1) << np.uint64(44)) - np.uint64(1)
                   + ((bits >> np.uint64(45)) & np.uint64(1)))
    bits = bits & ~((np.uint64(1) << np.uint64(45)) - np.uint64(1))
    return (bits.view(np.float64).astype("<f4").view("<u4") >> 16).astype("<u2")


def steps_apart(one, other):
    """Distance in units in the last place; +0 and -0 are 0 apart."""
    half = 1 << (8 * one.dtype.itemsize - 1)
    def line(bits):
        wide = bits.astype(np.int64)
        return np.where(wide >= half, half - wide, wide)
    return np.abs(line(one) - line(other))


def random_adapter(base, folder, rank=16):
    """A PEFT directory with a normal-distributed change for every linear layer of a Llama model."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    tensors = {}
    for name, (_, _, shape, _, _) in sorted(Tensors(base).entries.items()):
        if "_proj.weight" not in name:
            continue
        stem = "base_model.model." + name.removesuffix(".weight")
        tensors[f"{stem}.lora_A.weight"] = (
            "F32", rng.standard_normal((rank, shape[1]), np.float32) * np.float32(0.02))
        tensors[f"{stem}.lora_B.weight"] = (
            "F32", rng.standard_normal((shape[0], rank), np.float32) * np.float32(0.02))
    write_safetensors(folder / "adapter_model.safetensors", tensors)
    (folder / "adapter_config.json").write_text(json.dumps({
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": str(base),
        "r": rank, "lora_alpha": 2 * rank, "lora_dropout": 0.0, "bias": "none",
        "fan_in_fan_out": False, "inference_mode": True, "use_rslora": False, "use_dora": False,
        "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj",
                           "down_proj"]}))
    return folder


def compare(base, adapter, merged):
    """(elements of changed tensors, largest distance in steps, share of equal elements)"""
    config = json.loads((adapter / "adapter_config.json").read_text())
    scale = config["lora_alpha"] / (
        math.sqrt(config["r"]) if config.get("use_rslora") else config["r"])
    before, factors, after = Tensors(base), Tensors(adapter), Tensors(merged)
    elements = equal = worst = 0
    for name in before.entries:
        stems = [key.removesuffix(".lora_A.weight") for key in factors.entries
                 if key.endswith("." + name.removesuffix(".weight") + ".lora_A.weight")]
        dtype, bits = after.bits(name)
        if not stems:
            continue
        low, high = (factors.values(f"{stems[0]}.lora_{x}.weight") for x in "AB")
        expected = rounded_once(before.values(name) + scale * (high @ low), dtype)
        apart = steps_apart(expected, bits)
        elements += apart.size
        equal += int((apart == 0).sum())
        worst = max(worst, int(apart.max()))
    return elements, worst, equal / max(elements, 1)


def main():
    rows, passed, results = [("case", "elements", "largest ulp", "equal")], True, {}
    with tempfile.TemporaryDirectory() as temporary:
        scratch = pathlib.Path(temporary)
        model = demo_model()
        cases = [("smollm2 bf16 r16", model, random_adapter(model, scratch / "adapter"))]
        if ZOO.exists():
            for name in ZOO_CASES:
                base = json.loads((ZOO / name / "expected.json").read_text())["base"]
                cases.append((name, ZOO / base, ZOO / name / "adapter"))
        for name, base, adapter in cases:
            merged = scratch / name.replace(" ", "-")
            run(GRAFT, "merge", base, adapter, "-o", merged)
            elements, worst, share = compare(base, adapter, merged)
            rows.append((name, elements, worst, f"{share:.4%}"))
            results[name] = {"largest_ulp": worst, "equal": share}
            passed &= elements > 0 and worst <= 1 and share >= 0.999
    table(rows)
    verdict("merge_rounding", passed, cases=results)


if __name__ == "__main__":
    main()
