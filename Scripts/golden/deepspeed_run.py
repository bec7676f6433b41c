#!/usr/bin/env python3
"""Trains a tiny model with the real DeepSpeed in several processes on the CPU, and saves checkpoints.

usage: deepspeed_run.py OUT RANKS VARIANT...

Writes OUT/VARIANT/ckpt, and OUT/VARIANT/truth.safetensors as zero_to_fp32 reads it. A variant is
STAGE-TYPE[-OPTION...]: stage 0 to 3, type bf16, fp16 or fp32, and the options groups, frozen,
exclude, robin, persist, subgroups, bf16opt, moe (of two ranks) and universal.
"""

import os
import sys

os.environ.setdefault("DS_ACCELERATOR", "cpu")
os.environ.setdefault("DS_BUILD_OPS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch


class Block(torch.nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.up = torch.nn.Linear(width, inner)
        self.down = torch.nn.Linear(inner, width, bias=False)
        self.scale = torch.nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x + self.scale * self.down(torch.tanh(self.up(x)))


class Model(torch.nn.Module):
    """Odd sizes, a tied output matrix, a buffer, a parameter of one element."""

    def __init__(self, experts=0):
        super().__init__()
        self.embed = torch.nn.Embedding(23, 7)
        self.blocks = torch.nn.ModuleList([Block(7, 11), Block(7, 5)])
        self.gain = torch.nn.Parameter(torch.ones(1))
        self.register_buffer("table", torch.arange(5, dtype=torch.float32) / 3)
        self.output = torch.nn.Linear(7, 23, bias=False)
        self.output.weight = self.embed.weight
        self.moe = None
        if experts:
            from deepspeed.moe.layer import MoE
            self.moe = MoE(7, torch.nn.Linear(7, 7), num_experts=experts, ep_size=2, k=1,
                           use_rts=False, min_capacity=0)

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x)
        if self.moe is not None:
            x = x + self.moe(x)[0]
        return (self.output(x) * self.gain).float().pow(2).mean()


def run(rank, ranks, out, variants, port):
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(ranks),
                      MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    import deepspeed
    # Would be compiled first; gloo does without.
    sys.modules["deepspeed.comm.torch"].build_shm_op = lambda: None
    deepspeed.init_distributed(dist_backend="gloo", verbose=False)
    for variant in variants:
        train(deepspeed, rank, f"{out}/{variant}", variant.split("-"))
        torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def train(deepspeed, rank, folder, words):
    stage, kind, options = int(words[0]), words[1], set(words[2:])
    torch.manual_seed(7)
    model = Model(experts=4 if "moe" in options else 0)
    if "frozen" in options or "exclude" in options:
        for name, parameter in model.named_parameters():
            parameter.requires_grad = name.startswith("blocks.1") or name == "gain"
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    groups = [{"params": [p for _, p in trained]}]
    if "groups" in options:
        groups = [{"params": [p for _, p in trained if p.dim() > 1], "weight_decay": 0.1},
                  {"params": [p for _, p in trained if p.dim() <= 1], "weight_decay": 0.0}]
    if "moe" in options:
        from deepspeed.moe.utils import split_params_into_different_moe_groups_for_optimizer
        groups = split_params_into_different_moe_groups_for_optimizer(
            {"params": [p for _, p in trained], "name": "all"})
    config = {
        "train_micro_batch_size_per_gpu": 1,
        "zero_allow_untested_optimizer": True, "zero_force_ds_cpu_optimizer": False,
        "zero_optimization": {
            "stage": stage, "round_robin_gradients": "robin" in options,
            "overlap_comm": False, "contiguous_gradients": "moe" in options,
            "stage3_param_persistence_threshold": 20 if "persist" in options else 0,
            "sub_group_size": 60 if "subgroups" in options else 10**9,
        },
    }
    if kind != "fp32":
        config[kind] = {"enabled": True}
    if kind == "fp16":
        config[kind]["initial_scale_power"] = 4
    if "bf16opt" in options:
        config["data_types"] = {"grad_accum_dtype": "fp32"}
    engine, *_ = deepspeed.initialize(
        model=model, optimizer=torch.optim.Adam(groups, lr=1e-2), config=config)
    for step in range(2):
        ids = torch.randint(0, 23, (4, 6), generator=torch.Generator().manual_seed(step + rank))
        engine.backward(engine(ids))
        engine.step()
    exclude = {"exclude_frozen_parameters": True} if "exclude" in options else {}
    engine.save_checkpoint(f"{folder}/ckpt", **exclude)
    masters = live_masters(model, rank) if options & {"moe", "bf16opt"} else None
    torch.distributed.barrier()
    if rank == 0:
        save_truth(folder, stage, options, masters)
    torch.distributed.barrier()
    engine.destroy()


def live_masters(model, rank):
    """What zero_to_fp32 cannot read, out of the live optimiser; experts under their numbers in the
    whole model, of which each rank has two."""
    from deepspeed.utils import safe_get_full_fp32_param
    own = {}
    for name, parameter in model.named_parameters():
        value = safe_get_full_fp32_param(parameter)
        parts = name.split(".")
        if "deepspeed_experts" in parts:
            place = parts.index("deepspeed_experts") + 1
            parts[place] = str(int(parts[place]) + 2 * rank)
        if value is not None:
            own[".".join(parts)] = value.detach().clone()
    everyone = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(everyone, own)
    return {name: value for some in everyone for name, value in some.items()}


def save_truth(folder, stage, options, masters):
    from safetensors.torch import save_file
    from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint
    tag = open(f"{folder}/ckpt/latest").read().strip()
    if masters is not None:
        truth = masters
    elif stage == 0:
        state = torch.load(f"{folder}/ckpt/{tag}/mp_rank_00_model_states.pt", weights_only=False)
        truth = state["module"]
    else:
        truth = get_fp32_state_dict_from_zero_checkpoint(
            f"{folder}/ckpt", exclude_frozen_parameters="exclude" in options)
    save_file({k: v.clone().contiguous() for k, v in truth.items()}, f"{folder}/truth.safetensors")
    if "universal" in options:
        from types import SimpleNamespace
        from deepspeed.checkpoint import ds_to_universal
        ds_to_universal.main(SimpleNamespace(
            input_folder=f"{folder}/ckpt/{tag}", output_folder=f"{folder}/universal/{tag}_universal",
            num_extract_workers=1, num_merge_workers=1, keep_temp_folder=False, strict=False,
            inject_missing_state=True))


def main():
    out, ranks, variants = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.makedirs(out, exist_ok=True)
    torch.multiprocessing.spawn(run, (ranks, out, variants, port), nprocs=ranks)


if __name__ == "__main__":
    main()
