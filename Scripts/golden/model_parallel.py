#!/usr/bin/env python3
"""Writes checkpoints of model-parallel ranks in the layouts of Megatron-LM and DeepSpeed.

usage: model_parallel.py OUT

Nothing of Megatron is needed: the tensors are cut with torch as Megatron's own layers cut them
(tools/checkpoint/loader_base.py, core/transformer/attention.py), from a tiny Llama that is written
beside them as truth.safetensors with config.json.
"""
import argparse
import json
import os
import sys

import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file

import zero_layouts

HIDDEN, INNER, VOCABULARY, PADDED, LAYERS, HEADS, GROUPS, WIDTH = 24, 40, 100, 128, 4, 4, 2, 6


def truth(tied):
    generator = torch.Generator().manual_seed(3)

    def make(*shape):
        return torch.randn(shape, generator=generator).to(torch.bfloat16)

    out = {"model.embed_tokens.weight": make(VOCABULARY, HIDDEN), "model.norm.weight": make(HIDDEN)}
    for layer in range(LAYERS):
        p = f"model.layers.{layer}."
        out[p + "self_attn.q_proj.weight"] = make(HEADS * WIDTH, HIDDEN)
        out[p + "self_attn.k_proj.weight"] = make(GROUPS * WIDTH, HIDDEN)
        out[p + "self_attn.v_proj.weight"] = make(GROUPS * WIDTH, HIDDEN)
        out[p + "self_attn.o_proj.weight"] = make(HIDDEN, HEADS * WIDTH)
        out[p + "mlp.gate_proj.weight"] = make(INNER, HIDDEN)
        out[p + "mlp.up_proj.weight"] = make(INNER, HIDDEN)
        out[p + "mlp.down_proj.weight"] = make(HIDDEN, INNER)
        out[p + "input_layernorm.weight"] = make(HIDDEN)
        out[p + "post_attention_layernorm.weight"] = make(HIDDEN)
    if not tied:
        out["lm_head.weight"] = make(VOCABULARY, HIDDEN)
    return out


def padded(weight):
    rest = torch.full((PADDED - VOCABULARY, HIDDEN), 9.0, dtype=weight.dtype)
    return torch.cat([weight, rest])


def layer_tensors(state, layer, rank, ranks):
    """A layer under Megatron-core's names, as one tensor-parallel rank has it."""
    p = f"model.layers.{layer}."
    q = state[p + "self_attn.q_proj.weight"].view(GROUPS, HEADS // GROUPS * WIDTH, HIDDEN)
    k = state[p + "self_attn.k_proj.weight"].view(GROUPS, WIDTH, HIDDEN)
    v = state[p + "self_attn.v_proj.weight"].view(GROUPS, WIDTH, HIDDEN)
    qkv = torch.cat([q, k, v], dim=1).reshape(-1, HIDDEN)
    gate, up = (state[p + f"mlp.{n}_proj.weight"].chunk(ranks)[rank] for n in ("gate", "up"))
    return {
        "self_attention.linear_qkv.layer_norm_weight": state[p + "input_layernorm.weight"],
        "self_attention.linear_qkv.weight": qkv.chunk(ranks)[rank],
        "self_attention.linear_proj.weight": state[p + "self_attn.o_proj.weight"].chunk(ranks, 1)[rank],
        "mlp.linear_fc1.layer_norm_weight": state[p + "post_attention_layernorm.weight"],
        "mlp.linear_fc1.weight": torch.cat([gate, up]),
        "mlp.linear_fc2.weight": state[p + "mlp.down_proj.weight"].chunk(ranks, 1)[rank],
    }


OLD = {
    "self_attention.linear_qkv.layer_norm_weight": "input_norm.weight",
    "self_attention.linear_qkv.weight": "self_attention.query_key_value.weight",
    "self_attention.linear_proj.weight": "self_attention.dense.weight",
    "mlp.linear_fc1.layer_norm_weight": "post_attention_norm.weight",
    "mlp.linear_fc1.weight": "mlp.dense_h_to_4h.weight",
    "mlp.linear_fc2.weight": "mlp.dense_4h_to_h.weight",
}


def arguments(tensor, stages, tied, **more):
    return argparse.Namespace(
        num_layers=LAYERS, hidden_size=HIDDEN, ffn_hidden_size=INNER, num_attention_heads=HEADS,
        group_query_attention=True, num_query_groups=GROUPS, kv_channels=WIDTH, swiglu=True,
        normalization="RMSNorm", norm_epsilon=1e-5, position_embedding_type="rope",
        rotary_base=10000, max_position_embeddings=64, add_bias_linear=False, add_qkv_bias=False,
        qk_layernorm=False, untie_embeddings_and_output_weights=not tied, vocab_size=VOCABULARY,
        padded_vocab_size=PADDED, tensor_model_parallel_size=tensor,
        pipeline_model_parallel_size=stages, num_experts=None, rotary_interleaved=False,
        params_dtype=torch.bfloat16, **more)


def part(state, layers, rank, ranks, first, last, tied, stages):
    out = {}
    if first:
        out["embedding.word_embeddings.weight"] = padded(state["model.embed_tokens.weight"]).chunk(ranks)[rank]
    for number, layer in enumerate(layers):
        for name, tensor in layer_tensors(state, layer, rank, ranks).items():
            out[f"decoder.layers.{number}.{name}"] = tensor.clone()
        out[f"decoder.layers.{number}.self_attention.linear_qkv._extra_state"] = torch.zeros(3)
    if last:
        out["decoder.final_layernorm.weight"] = state["model.norm.weight"]
        if not tied or stages > 1:
            head = state["model.embed_tokens.weight" if tied else "lm_head.weight"]
            out["output_layer.weight"] = padded(head).chunk(ranks)[rank]
    return {n: t.clone() for n, t in out.items()}


def megatron(path, state, ranks, stages, turns=1, tied=False, old=False):
    per = LAYERS // (stages * turns)
    for rank in range(ranks):
        for stage in range(stages):
            parts = []
            for turn in range(turns):
                index = turn * stages + stage
                parts.append(part(
                    state, range(index * per, index * per + per), rank, ranks, index == 0,
                    index == stages * turns - 1, tied, stages))
            if old:
                block = {n.removeprefix("decoder."): t for n, t in parts[0].items() if n.startswith("decoder.")}
                for new, name in OLD.items():
                    block = {n.replace(new, name): t for n, t in block.items()}
                block["final_norm.weight"] = block.pop("final_layernorm.weight")
                parts = [{"language_model": {
                    "embedding": {"word_embeddings": {"weight": parts[0]["embedding.word_embeddings.weight"]}},
                    "encoder": block, "output_layer": {"weight": parts[0]["output_layer.weight"]}}}]
            folder = f"{path}/iter_0000012/mp_rank_{rank:02d}" + (f"_{stage:03d}" if stages > 1 else "")
            os.makedirs(folder)
            saved = {"args": arguments(ranks, stages, tied), "checkpoint_version": 3.0, "iteration": 12}
            saved |= {"model": parts[0]} if turns == 1 else {f"model{i}": p for i, p in enumerate(parts)}
            torch.save(saved, f"{folder}/model_optim_rng.pt")
    with open(f"{path}/latest_checkpointed_iteration.txt", "w") as file:
        file.write("12")


def torch_dist(path, state, stacked):
    folder = f"{path}/iter_0000012"
    whole = part(state, range(LAYERS), 0, 1, True, True, False, 1)
    if stacked:
        out = {n: t for n, t in whole.items() if ".layers." not in n}
        for name in layer_tensors(state, 0, 0, 1):
            out[f"decoder.layers.{name}"] = torch.stack(
                [whole[f"decoder.layers.{layer}.{name}"] for layer in range(LAYERS)])
    else:
        out = {n: t for n, t in whole.items() if "_extra_state" not in n}
    out["optimizer.state.exp_avg.embedding.word_embeddings.weight"] = torch.zeros(4)
    dcp.save(out, storage_writer=dcp.FileSystemWriter(folder), no_dist=True,
             planner=dcp.DefaultSavePlanner(flatten_state_dict=False))
    torch.save({"args": arguments(1, 1, False), "checkpoint_version": 3.0, "iteration": 12}, f"{folder}/common.pt")


def cut(state, rank, ranks):
    """What one tensor-parallel rank of DeepSpeed holds of a model."""
    own = {}
    for name, tensor in state.items():
        module = name.split(".")[-2]
        if module in ("q_proj", "gate_proj", "up_proj", "embed_tokens", "lm_head"):
            tensor = tensor.chunk(ranks)[rank]
        elif module in ("k_proj", "v_proj"):
            # Two key-value heads: with four ranks, two neighbours have the same one.
            tensor = tensor.chunk(min(ranks, GROUPS))[rank * min(ranks, GROUPS) // ranks]
        elif module in ("o_proj", "down_proj"):
            tensor = tensor.chunk(ranks, 1)[rank]
        own[name] = tensor.clone()
    return own


def deepspeed(path, state, ranks):
    for rank in range(ranks):
        os.makedirs(f"{path}/global_step5", exist_ok=True)
        torch.save({
            "module": cut(state, rank, ranks), "buffer_names": [], "optimizer": None,
            "param_shapes": None, "shared_params": {}, "dp_world_size": 1, "mp_world_size": ranks,
            "global_steps": 5, "ds_version": "0.19.8", "ds_config": {}},
            f"{path}/global_step5/mp_rank_{rank:02d}_model_states.pt")
    with open(f"{path}/latest", "w") as file:
        file.write("global_step5")


def deepspeed_zero(path, state, stage, steps=(5, 5)):
    """Two tensor-parallel ranks, each of which divides its masters among three."""
    for rank in range(2):
        own = {n: t.float() for n, t in cut(state, rank, 2).items()}
        names = list(own)
        groups = [names[::2], names[1::2]] if stage < 3 else [names]
        states = (zero_layouts.concatenated(3, groups, own, stage=stage) if stage < 3
                  else zero_layouts.interleaved(3, own, [100]))
        zero_layouts.save(
            path, 3, groups, states, module={n: t.bfloat16() for n, t in own.items()},
            stage3=stage == 3, shapes={n: t.shape for n, t in own.items()}, model_rank=rank,
            mp_world_size=2, global_steps=steps[rank])


def config(path, tied):
    os.makedirs(path, exist_ok=True)
    with open(f"{path}/config.json", "w") as file:
        json.dump({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
            "hidden_act": "silu", "intermediate_size": INNER, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
            "num_key_value_heads": GROUPS, "head_dim": WIDTH, "vocab_size": VOCABULARY,
            "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "tie_word_embeddings": tied, "dtype": "bfloat16"}, file)


def main(out):
    for tied in (False, True):
        state = truth(tied)
        config(f"{out}/{'tied' if tied else 'plain'}", tied)
        save_file(state, f"{out}/{'tied' if tied else 'plain'}/truth.safetensors")
        save_file({n: t.float() for n, t in state.items()},
                  f"{out}/{'tied' if tied else 'plain'}/masters.safetensors")
    state = truth(False)
    megatron(f"{out}/tp2", state, 2, 1)
    megatron(f"{out}/tp4", state, 4, 1)
    megatron(f"{out}/tp2_pp2", state, 2, 2)
    megatron(f"{out}/tp2_pp2_turns", state, 2, 2, turns=2)
    megatron(f"{out}/old", state, 2, 1, old=True)
    megatron(f"{out}/tied_tp2_pp2", truth(True), 2, 2, tied=True)
    torch_dist(f"{out}/dist", state, False)
    torch_dist(f"{out}/dist_stacked", state, True)
    deepspeed(f"{out}/deepspeed2", state, 2)
    deepspeed(f"{out}/deepspeed4", state, 4)
    for stage in (1, 2, 3):
        deepspeed_zero(f"{out}/zero{stage}", state, stage)
    deepspeed_zero(f"{out}/zero_other_steps", state, 2, steps=(5, 6))
    print("torch", torch.__version__)


if __name__ == "__main__":
    main(sys.argv[1])
