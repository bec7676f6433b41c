#!/usr/bin/env python3
"""Writes checkpoints in DeepSpeed's format with torch alone: layouts that few runs make, and lies.

usage: zero_layouts.py OUT

Each case is a folder OUT/CASE with the files of one step in OUT/CASE/ckpt. Cases that are to be read
have OUT/CASE/truth.safetensors; all others are to be refused.
"""

import math
import os
import sys
from collections import OrderedDict

import torch
from safetensors.torch import save_file

SHAPES = OrderedDict([("a.weight", (5, 7)), ("b.weight", (3,)), ("c.weight", (11, 2, 3)),
                      ("d.weight", ()), ("e.weight", (13,)), ("f.weight", (1, 1))])


def values():
    generator = torch.Generator().manual_seed(5)
    return OrderedDict((n, torch.randn(s, generator=generator)) for n, s in SHAPES.items())


def align(count, unit):
    return -(-count // unit) * unit


def save(folder, ranks, groups, optimizers, module=None, names=None, stage3=False, shapes=SHAPES,
         model_rank=0, steps=None, **more):
    """One step; `steps` are the `global_steps` of each rank's model states."""
    os.makedirs(f"{folder}/ckpt", exist_ok=True)
    divided = [OrderedDict((n, torch.Size(shapes[n])) for n in group) for group in groups]
    mp = f"mp_rank_{model_rank:02d}"
    state = {"module": module if module is not None else OrderedDict(), "buffer_names": [],
             "param_shapes": divided, "frozen_param_shapes": None, "frozen_param_fragments": None,
             "shared_params": {}, "global_steps": 7, "dp_world_size": ranks, "mp_world_size": 1,
             "ds_version": "0.9.0"} | more
    for rank in range(ranks if stage3 else 1):
        prefix = f"zero_pp_rank_{rank}_" if stage3 else ""
        own = state | ({"module": OrderedDict((n, torch.empty(0)) for n in shapes)}
                       if stage3 else {})
        own |= {"global_steps": steps[rank]} if steps else {}
        torch.save(own, f"{folder}/ckpt/{prefix}{mp}_model_states.pt")
    for rank, optimizer in enumerate(optimizers):
        name = (names or "zero_pp_rank_{}_" + mp + "_optim_states.pt").format(rank)
        torch.save({"optimizer_state_dict": optimizer, "ds_version": "0.9.0"},
                   f"{folder}/ckpt/{name}")


def truth(folder, tensors):
    save_file({n: t.clone().contiguous() for n, t in tensors.items()},
              f"{folder}/truth.safetensors")


def concatenated(ranks, groups, tensors, strip=True, gaps=None, stage=2, unit=2):
    """The optimisers' states of stage 1 or 2."""
    states = [{"partition_count": [ranks] * len(groups), "single_partition_of_fp32_groups": []}
              for _ in range(ranks)]
    for index, group in enumerate(groups):
        parts = []
        for place, name in enumerate(group):
            parts.append(tensors[name].flatten())
            parts.append(torch.full((gaps[index][place] if gaps else 0,), 99.0))
        flat = torch.cat(parts)
        total = len(flat)
        flat = torch.cat([flat, torch.full((align(total, unit * ranks) - total,), 77.0)])
        share = len(flat) // ranks
        for rank, state in enumerate(states):
            part = flat[rank * share:(rank + 1) * share]
            if strip and rank == ranks - 1:
                part = part[:max(0, total - rank * share)]
            state["single_partition_of_fp32_groups"].append(part.clone())
            if stage is not None:
                state["zero_stage"] = stage
            if gaps:
                state["param_alignment_paddings"] = gaps
    return states


def interleaved(ranks, tensors, cuts):
    """The optimisers' states of stage 3; cuts are where a rank's vector is cut into groups."""
    states = []
    for rank in range(ranks):
        parts = []
        for tensor in tensors.values():
            share = math.ceil(tensor.numel() / ranks)
            flat = torch.cat([tensor.flatten(), torch.full((share * ranks,), 88.0)])
            parts.append(flat[rank * share:(rank + 1) * share])
        flat = torch.cat(parts)
        places = [0, *cuts, len(flat)]
        states.append({"zero_stage": 3, "partition_count": ranks, "fp32_flat_groups": [
            flat[a:b].clone() for a, b in zip(places, places[1:])]})
    return states


def main():
    out, tensors = sys.argv[1], values()
    every = [list(SHAPES)]
    two = [["a.weight", "c.weight", "f.weight"], ["b.weight", "d.weight", "e.weight"]]

    def case(name):
        os.makedirs(f"{out}/{name}")
        return f"{out}/{name}"

    # To be read
    for ranks in (1, 2, 5, 12):
        folder = case(f"stage2_{ranks}")
        save(folder, ranks, two, concatenated(ranks, two, tensors))
        truth(folder, tensors)
        folder = case(f"stage3_{ranks}")
        save(folder, ranks, two, interleaved(ranks, OrderedDict(
            (n, tensors[n]) for group in two for n in group), [3, 4]), stage3=True)
        truth(folder, tensors)
    folder = case("unstripped")  # BF16_Optimizer: the padding stays, no stage is named
    save(folder, 3, every, concatenated(3, every, tensors, strip=False, stage=None),
         names="bf16_zero_pp_rank_{}_mp_rank_00_optim_states.pt")
    truth(folder, tensors)
    folder = case("half")  # FP16_Optimizer's ZeRO: half weights beside the float32 masters
    save(folder, 2, every, concatenated(2, every, tensors),
         module=OrderedDict((n, t.half()) for n, t in tensors.items()),
         names="fp16_zero_pp_rank_{}_mp_rank_00_optim_states.pt")
    truth(folder, tensors)
    folder = case("old_names")
    save(folder, 2, every, concatenated(2, every, tensors),
         names="zero_pp_rank_{}_mp_rank_00optim_states.pt")
    truth(folder, tensors)
    folder = case("aligned_parameters")
    gaps = [[1, 5, 0, 3, 3, 7]]
    save(folder, 3, every, concatenated(3, every, tensors, gaps=gaps))
    truth(folder, tensors)
    folder = case("shared_frozen_buffer")
    frozen = torch.randn(4, 3, dtype=torch.float16)
    module = OrderedDict((n, t.half()) for n, t in tensors.items())
    module |= {"g.weight": frozen, "alias.weight": module["a.weight"],
               "table": torch.arange(6), "old": torch.ones(2)}
    save(folder, 2, every, concatenated(2, every, tensors), module=module,
         frozen_param_shapes=OrderedDict([("g.weight", frozen.shape)]),
         frozen_param_fragments=OrderedDict([("g.weight", frozen)]), buffer_names=["table"],
         shared_params={"alias.weight": "a.weight"})
    truth(folder, tensors | {"g.weight": frozen, "alias.weight": tensors["a.weight"],
                             "table": torch.arange(6), "old": torch.ones(2)})

    # To be refused
    def refused(name, change, stage=2, **more):
        ranks = 3
        states = (concatenated(ranks, every, tensors) if stage == 2
                  else interleaved(ranks, tensors, [3]))
        change(states)
        save(case(f"bad_{name}"), ranks, every, states, stage3=stage == 3, **more)

    key2, key3 = "single_partition_of_fp32_groups", "fp32_flat_groups"

    def cut(key, rank, group=0, by=1):
        def change(states):
            states[rank][key][group] = states[rank][key][group][:-by].clone()
        return change

    def grow(key, rank, by):
        def change(states):
            states[rank][key][0] = torch.cat([states[rank][key][0], torch.zeros(by)])
        return change

    for rank in (0, 1, 2):
        refused(f"short2_{rank}", cut(key2, rank, by=7))
        refused(f"short3_{rank}", cut(key3, rank), stage=3)
        refused(f"long2_{rank}", grow(key2, rank, 7))
        refused(f"long3_{rank}", grow(key3, rank, 1), stage=3)
    nothing = lambda states: None
    for stage in (2, 3):
        lies = {"huge": (1 << 40, 1 << 40), "large": (1 << 30,), "negative": (-3, 4),
                "small": (2, 2), "swapped_sizes": (7, 6)}
        for name, shape in lies.items():
            shapes = [OrderedDict((n, tuple(s)) for n, s in SHAPES.items())]
            shapes[0]["a.weight"] = shape
            refused(f"{name}_{stage}", nothing, stage=stage, param_shapes=shapes)
        refused(f"no_shapes_{stage}", nothing, stage=stage, param_shapes=None)
        refused(f"text_shapes_{stage}", nothing, stage=stage,
                param_shapes=[OrderedDict([("a.weight", "many")])])
    refused("types", lambda s: s[1][key2].__setitem__(0, s[1][key2][0].half()))
    refused("counts", lambda s: s[1].__setitem__("partition_count", [2]))
    refused("stages", lambda s: s[1].__setitem__("zero_stage", 1))
    refused("other_steps", nothing, stage=3, steps=[7, 7, 8])
    refused("no_vectors", lambda s: s[2].pop(key2))
    refused("matrix", lambda s: s[0][key2].__setitem__(0, s[0][key2][0].reshape(1, -1)))
    refused("world", lambda s: None, dp_world_size=4)
    refused("tensor_parallel", lambda s: None, mp_world_size=2)
    refused("gaps", lambda s: s[0].__setitem__("param_alignment_paddings", [[1 << 62] * 6]))


if __name__ == "__main__":
    main()
