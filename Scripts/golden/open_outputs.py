"""Opens what `graft convert` writes with transformers.

    python Scripts/golden/open_outputs.py make DIRECTORY
    python Scripts/golden/open_outputs.py check PAIRS.json

`make` saves a tiny model of every family under DIRECTORY/FAMILY-ROLE, mixtures also as they stand
in memory (FAMILY-fused) and one with torch.save (FAMILY-bin). `check` reads a list of
{"before", "after", "dtype"} and prints one JSON object: per output what transformers finds missing,
unexpected or of another shape, and the largest differences of tensors and logits from the input.
"""

import json
import logging
import os
import sys

import torch
import transformers
from transformers import AutoConfig
from transformers.utils import logging as progress

logging.disable(logging.WARNING)
progress.disable_progress_bar()

SIZES = dict(
    hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, vocab_size=32, max_position_embeddings=32, pad_token_id=0,
    bos_token_id=1, eos_token_id=2)
EXPERTS = dict(SIZES, num_experts_per_tok=2)
FAMILIES = dict(
    llama=("Llama", dict(SIZES, tie_word_embeddings=True)), mistral=("Mistral", SIZES),
    qwen2=("Qwen2", SIZES), qwen3=("Qwen3", dict(SIZES, head_dim=12)),
    gemma2=("Gemma2", dict(SIZES, head_dim=12)), gemma3_text=("Gemma3", dict(SIZES, head_dim=6)),
    phi3=("Phi3", SIZES), olmo2=("Olmo2", SIZES),
    gpt2=("GPT2", dict(n_embd=16, n_layer=2, n_head=2, vocab_size=32, n_positions=32,
                       bos_token_id=1, eos_token_id=2, pad_token_id=0)),
    gpt_neox=("GPTNeoX", {k: v for k, v in SIZES.items() if k != "num_key_value_heads"}),
    mixtral=("Mixtral", dict(EXPERTS, num_local_experts=3)),
    qwen2_moe=("Qwen2Moe", dict(EXPERTS, num_experts=3, moe_intermediate_size=24,
                                shared_expert_intermediate_size=32)),
    qwen3_moe=("Qwen3Moe", dict(EXPERTS, head_dim=12, num_experts=3, moe_intermediate_size=24)))
ROLES = dict(causal="ForCausalLM", sequence="ForSequenceClassification",
             token="ForTokenClassification")
TOKENS = torch.tensor([[3, 9, 27, 17, 19, 25, 11, 30, 2]])


def build(family, role):
    stem, settings = FAMILIES[family]
    name = stem + ("LMHeadModel" if (stem, role) == ("GPT2", "causal") else ROLES[role])
    torch.manual_seed(len(name))
    config = AutoConfig.for_model(family, **settings, num_labels=1)
    model = getattr(transformers, name)(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return model


def make(directory):
    for family in FAMILIES:
        for role in ROLES if family in ("llama", "gpt2", "mixtral") else ("causal",):
            model = build(family, role)
            model.save_pretrained(f"{directory}/{family}-{role}")
            if role == "causal" and hasattr(model.config, "num_experts_per_tok"):
                model.save_pretrained(f"{directory}/{family}-fused", save_original_format=False)
            if (family, role) == ("llama", "causal"):
                os.makedirs(f"{directory}/{family}-bin")
                model.config.save_pretrained(f"{directory}/{family}-bin")
                torch.save(model.state_dict(), f"{directory}/{family}-bin/pytorch_model.bin")


def load(directory, dtype=None):
    with open(f"{directory}/config.json") as file:
        name = json.load(file)["architectures"][0]
    kind = getattr(transformers, name)
    model, info = kind.from_pretrained(
        directory, output_loading_info=True, dtype=dtype or torch.float32)
    return model.eval(), {k: sorted(map(str, v)) for k, v in info.items()}


def difference(a, b):
    return (a.double() - b.double()).abs().max().item()


def check(pairs):
    out = []
    for pair in pairs:
        dtype = getattr(torch, pair["dtype"]) if pair.get("dtype") else None
        before, _ = load(pair["before"], dtype)
        after, info = load(pair["after"], dtype)
        old, new = before.state_dict(), after.state_dict()
        with torch.no_grad():
            logits = difference(before(TOKENS).logits, after(TOKENS).logits)
        out.append(dict(
            after=pair["after"], **info, same_names=list(old) == list(new),
            tensors=max(difference(old[k], new[k]) for k in old), logits=logits))
    print(json.dumps(dict(transformers=transformers.__version__, results=out)))


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    with open(sys.argv[2]) as file:
        check(json.load(file))
