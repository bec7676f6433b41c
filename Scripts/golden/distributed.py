#!/usr/bin/env python3
"""Writes checkpoints of torch.distributed.checkpoint, saved by several processes, beside their truth.

usage: distributed.py OUT WORLD

The model has the names and shapes of a tiny Llama with odd sizes, so that shards are uneven and
some ranks have none of a tensor. OUT gets

  plain/             FSDP2, the model's state alone
  nested/            model and optimiser under keys of one state, threads and files of their own
  accelerate/        pytorch_model_fsdp_0/ and optimizer_0/, as accelerate lays them out
  columns/           tensors cut by columns, by rows and columns, and copies
  fsdp1/             FSDP1 with SHARDED_STATE_DICT
  ranks/             each rank with its own metadata
  lora/              names of a PEFT model
  hf_sharded/        safetensors, each rank its own files
  hf_consolidated/   the same, put together by torch
  hf_files/          the same, tensors divided among two files
  truth.safetensors, lora.safetensors    the whole state, gathered by torch
"""
import os
import sys
import warnings

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
import torch.multiprocessing as mp
from safetensors.torch import save_file
from torch import nn
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor

HIDDEN, INNER, VOCABULARY, LAYERS, HEADS, PAIRS, WIDTH = 33, 45, 127, 2, 3, 1, 10


def shapes():
    yield "model.embed_tokens.weight", (VOCABULARY, HIDDEN)
    for layer in range(LAYERS):
        p = f"model.layers.{layer}."
        yield p + "self_attn.q_proj.weight", (HEADS * WIDTH, HIDDEN)
        yield p + "self_attn.k_proj.weight", (PAIRS * WIDTH, HIDDEN)
        yield p + "self_attn.v_proj.weight", (PAIRS * WIDTH, HIDDEN)
        yield p + "self_attn.o_proj.weight", (HIDDEN, HEADS * WIDTH)
        yield p + "mlp.gate_proj.weight", (INNER, HIDDEN)
        yield p + "mlp.up_proj.weight", (INNER, HIDDEN)
        yield p + "mlp.down_proj.weight", (HIDDEN, INNER)
        yield p + "input_layernorm.weight", (HIDDEN,)
        yield p + "post_attention_layernorm.weight", (HIDDEN,)
    yield "model.norm.weight", (HIDDEN,)
    yield "lm_head.weight", (VOCABULARY, HIDDEN)


def lora_shapes():
    for name, shape in shapes():
        if name == "lm_head.weight":
            yield "base_model.model.score.original_module.weight", (1, HIDDEN)
            yield "base_model.model.score.modules_to_save.default.weight", (1, HIDDEN)
        elif ".q_proj." in name or ".down_proj." in name:
            stem = "base_model.model." + name.removesuffix(".weight")
            yield stem + ".base_layer.weight", shape
            yield stem + ".lora_A.default.weight", (4, shape[1])
            yield stem + ".lora_B.default.weight", (shape[0], 4)
        else:
            yield "base_model.model." + name, shape


def module(pairs, dtype):
    """A tree of modules with parameters of these names."""
    root = nn.Module()
    generator = torch.Generator().manual_seed(7)
    for name, shape in pairs:
        *path, last = name.split(".")
        place = root
        for part in path:
            if not hasattr(place, part):
                place.add_module(part, nn.Module())
            place = getattr(place, part)
        place.register_parameter(last, nn.Parameter(torch.randn(shape, generator=generator).to(dtype)))
    return root


def sharded(pairs, mesh, dtype=torch.float32):
    model = module(pairs, dtype)
    for child in list(model.modules())[1:]:
        if any(True for _ in child.parameters(recurse=False)):
            fully_shard(child, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model


def write(rank, world, out):
    warnings.filterwarnings("ignore")
    os.environ.update(MASTER_ADDR="127.0.0.1", RANK=str(rank), WORLD_SIZE=str(world))
    store = dist.FileStore(f"{out}/.store", world)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=world)
    torch.set_num_threads(1)
    mesh = init_device_mesh("cpu", (world,))
    truth = {n: p.detach().clone() for n, p in module(shapes(), torch.bfloat16).named_parameters()}
    lora = {n: p.detach().clone() for n, p in module(lora_shapes(), torch.float32).named_parameters()}
    if rank == 0:
        save_file(truth, f"{out}/truth.safetensors")
        save_file(lora, f"{out}/lora.safetensors")

    model = sharded(shapes(), mesh, torch.bfloat16)
    state = model.state_dict()
    dcp.save(state, checkpoint_id=f"{out}/plain")
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0)
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    states = get_optimizer_state_dict(model, optimizer)
    writer = dcp.FileSystemWriter(f"{out}/nested", single_file_per_rank=False, thread_count=2)
    dcp.save({"app": {"model": state, "optim": states, "step": 3, "note": "text"}}, storage_writer=writer)
    dcp.save({"model": state}, checkpoint_id=f"{out}/accelerate/pytorch_model_fsdp_0")
    dcp.save({"optimizer": states}, checkpoint_id=f"{out}/accelerate/optimizer_0")
    dcp.save(sharded(lora_shapes(), mesh).state_dict(), checkpoint_id=f"{out}/lora")

    grid = init_device_mesh("cpu", (1, world))
    placements = [[Replicate(), Shard(1)], [Shard(0), Shard(1)], [Replicate(), Replicate()]]
    columns = {}
    for i, (name, value) in enumerate(truth.items()):
        kind = placements[i % 3] if value.dim() == 2 else [Replicate(), Shard(0)]
        columns[name] = distribute_tensor(value, grid, kind)
    dcp.save(columns, checkpoint_id=f"{out}/columns")

    dcp.save({n: truth[n] if i % 2 else v for i, (n, v) in enumerate(columns.items())}, checkpoint_id=f"{out}/ranks",
             no_dist=False, use_collectives=False)

    from torch.distributed.fsdp import FullyShardedDataParallel as FSDP, StateDictType
    old = module(shapes(), torch.bfloat16)
    old = FSDP(old, use_orig_params=True, device_id=torch.device("cpu"))
    with FSDP.state_dict_type(old, StateDictType.SHARDED_STATE_DICT):
        dcp.save(old.state_dict(), checkpoint_id=f"{out}/fsdp1")

    def hf(folder, **options):
        dcp.save(state, storage_writer=dcp.HuggingFaceStorageWriter(
            f"{out}/{folder}", save_distributed=True, **options))

    half = len(truth) // 2
    files = {n: 1 if i < half else 2 for i, n in enumerate(truth)}
    hf("hf_sharded")
    hf("hf_consolidated", enable_consolidation=True)
    hf("hf_files", fqn_to_index_mapping=files)
    dist.barrier()
    dist.destroy_process_group()
    if rank == 0:
        print("torch", torch.__version__)


if __name__ == "__main__":
    out, world = sys.argv[1], int(sys.argv[2])
    os.makedirs(out, exist_ok=True)
    mp.spawn(write, args=(world, out), nprocs=world)
