"""Adapters of many kinds made by PEFT on tiny models, and the logits of merged models beside PEFT's.

adapter_kinds.py make DIRECTORY    writes NAME/base, NAME/adapter and NAME/logits.json for each case
adapter_kinds.py check DIRECTORY   opens NAME/merged with transformers and compares the logits

Tested with peft 0.21.2, transformers 5.23, torch 2.13.
"""

import json
import os
import sys

import torch
from peft import (IA3Config, LoHaConfig, LoKrConfig, LoraConfig, OFTConfig, PeftModel,
                  TrainableTokensConfig, VeraConfig, get_peft_model)
from transformers import (AutoModelForCausalLM, GPT2Config, GPTNeoXConfig, LlamaConfig,
                          MixtralConfig, Qwen2Config)

PROMPTS = [[3, 17, 40, 5], [60, 2, 2, 31, 9, 50]]


def model(kind, tied=False, square=False):
    torch.manual_seed(7)
    size = dict(vocab_size=64, hidden_size=32, intermediate_size=32 if square else 48,
                num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                max_position_embeddings=64, tie_word_embeddings=tied)
    if kind == "llama":
        config = LlamaConfig(**size)
    elif kind == "qwen2":
        config = Qwen2Config(**size)
    elif kind == "neox":
        size.pop("num_key_value_heads")
        config = GPTNeoXConfig(**size)
    elif kind == "mixtral":
        config = MixtralConfig(**size, num_local_experts=4, num_experts_per_tok=2)
    else:
        config = GPT2Config(vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_positions=64)
    out = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for name, parameter in out.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.1)
    return out


def lora(**options):
    options.setdefault("target_modules", ["q_proj", "v_proj"])
    return LoraConfig(r=4, lora_alpha=6, task_type="CAUSAL_LM", **options)


CASES = {
    "tied_embedding": ("llama", True, lambda: lora(target_modules=["embed_tokens", "q_proj"])),
    "tied_output": ("llama", True, lambda: lora(target_modules=["lm_head", "q_proj"])),
    "tied_both": ("llama", True, lambda: lora(target_modules=["lm_head", "embed_tokens"])),
    "tied_saved_embedding": ("llama", True, lambda: lora(modules_to_save=["embed_tokens"])),
    "tied_saved_output": ("llama", True, lambda: lora(modules_to_save=["lm_head"])),
    "tied_saved_together": ("llama", True, lambda: lora(
        modules_to_save=["embed_tokens"], ensure_weight_tying=True)),
    "tied_lora_together": ("llama", True, lambda: lora(
        target_modules=["embed_tokens", "q_proj"], ensure_weight_tying=True)),
    "tied_tokens": ("llama", True, lambda: lora(trainable_token_indices=[9, 2, 60])),
    "tied_tokens_apart": ("llama", True, lambda: lora(
        trainable_token_indices={"embed_tokens": [9, 2], "lm_head": [60, 1]})),
    "gpt2_output": ("gpt2", True, lambda: lora(target_modules=["lm_head", "c_attn"])),
    "neox_output": ("neox", False, lambda: lora(target_modules=["lm_head", "query_key_value"])),
    "neox_saved_output": ("neox", False, lambda: lora(
        target_modules=["query_key_value"], modules_to_save=["lm_head"])),
    "neox_tied_output": ("neox", True, lambda: lora(target_modules=["lm_head", "dense"])),
    "gpt2_tokens": ("gpt2", True, lambda: lora(
        target_modules=["c_attn"], trainable_token_indices={"wte": [9, 2]})),
    "tokens_only": ("llama", False, lambda: TrainableTokensConfig(token_indices=[40, 3, 17])),
    "dora_embedding": ("llama", False, lambda: lora(
        target_modules=["embed_tokens", "v_proj"], use_dora=True)),
    "dora_gpt2": ("gpt2", True, lambda: lora(
        target_modules=["c_attn", "c_proj"], use_dora=True, fan_in_fan_out=True)),
    "all_linear": ("llama", False, lambda: lora(target_modules="all-linear", use_rslora=True)),
    "bias_and_lora_bias": ("qwen2", False, lambda: lora(bias="all")),
    "lora_bias": ("qwen2", False, lambda: lora(lora_bias=True)),
    "vera_gpt2": ("gpt2", True, lambda: VeraConfig(
        r=8, target_modules=["c_attn", "c_fc"], fan_in_fan_out=True, save_projection=False,
        projection_prng_key=5)),
    "ia3_gpt2": ("gpt2", True, lambda: IA3Config(
        target_modules=["c_attn", "mlp.c_proj"], feedforward_modules=["mlp.c_proj"],
        fan_in_fan_out=True)),
    "ia3_qwen2": ("qwen2", False, lambda: IA3Config(
        target_modules=["k_proj", "v_proj", "down_proj"], feedforward_modules=["down_proj"])),
    "loha": ("llama", False, lambda: LoHaConfig(
        r=3, alpha=5, target_modules=["q_proj", "down_proj"], rank_pattern={"down_proj": 5})),
    "lokr_both": ("llama", False, lambda: LoKrConfig(
        r=2, alpha=3, target_modules=["q_proj", "down_proj"], decompose_both=True,
        decompose_factor=4)),
    "oft_exact": ("llama", False, lambda: OFTConfig(
        r=0, oft_block_size=8, target_modules=["q_proj", "down_proj"], use_cayley_neumann=False)),
    "oft_shared": ("llama", False, lambda: OFTConfig(
        r=0, oft_block_size=4, target_modules=["q_proj"], block_share=True)),
    "oft_bounded": ("llama", False, lambda: OFTConfig(
        r=0, oft_block_size=8, target_modules=["q_proj"], coft=True, eps=0.5)),
    "experts": ("mixtral", False, lambda: lora(
        target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"])),
    "experts_down": ("mixtral", False, lambda: lora(
        target_modules=["q_proj"], target_parameters=["experts.down_proj"])),
    "experts_square": ("mixtral square", False, lambda: lora(
        target_modules=[], target_parameters=["experts.gate_up_proj", "experts.down_proj"],
        rank_pattern={"experts.down_proj": 2})),
    "pissa_residual": ("llama", False, lambda: lora(init_lora_weights="pissa")),
    "olora_residual": ("llama", False, lambda: lora(init_lora_weights="olora")),
    "pissa_converted": ("llama", False, lambda: lora(init_lora_weights="pissa")),
}


def logits(network):
    with torch.no_grad():
        return [network(input_ids=torch.tensor([ids])).logits[0].tolist() for ids in PROMPTS]


def distance(a, b):
    return max((torch.tensor(x) - torch.tensor(y)).abs().max().item() for x, y in zip(a, b))


def make(directory):
    for name, (kind, tied, config) in CASES.items():
        folder = f"{directory}/{name}"
        base = model(kind.split()[0], tied, "square" in kind)
        base.save_pretrained(f"{folder}/base")
        base.name_or_path = f"{folder}/base"
        wrapped = get_peft_model(base, config()).eval()
        if name == "pissa_converted":
            wrapped.save_pretrained(f"{folder}/start")
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in wrapped.parameters():
                if parameter.requires_grad:
                    parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
        if name == "pissa_converted":
            wrapped.save_pretrained(
                f"{folder}/adapter",
                path_initial_model_for_weight_conversion=f"{folder}/start")
        else:
            wrapped.save_pretrained(f"{folder}/adapter")
        truth = logits(wrapped)
        with wrapped.disable_adapter():
            before = logits(wrapped)
        with open(f"{folder}/logits.json", "w") as file:
            json.dump({"merged": truth, "effect": distance(truth, before)}, file)
        if name.endswith("_residual"):
            wrapped.unload().save_pretrained(f"{folder}/base")


def check(directory):
    for name in sorted(os.listdir(directory)):
        merged = f"{directory}/{name}/merged"
        if not os.path.isdir(merged):
            continue
        network, report = AutoModelForCausalLM.from_pretrained(
            merged, dtype=torch.float32, output_loading_info=True)
        for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            if report[key]:
                print(f"{name}: {key} {report[key]}")
        with open(f"{directory}/{name}/logits.json") as file:
            truth = json.load(file)
        worst = distance(logits(network.eval()), truth["merged"])
        verdict = "same" if worst < max(1e-4 * truth["effect"], 5e-7) else "DIFFERENT"
        print(f"{name}: {verdict} {worst:.2g}, the adapter changes {truth['effect']:.2g}")


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](sys.argv[2])
