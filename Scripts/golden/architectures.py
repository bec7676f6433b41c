"""Which tensors each model family has, by the word of transformers.

    python Scripts/golden/architectures.py > Tests/Fixtures/architectures.json

Makes a tiny model of every family in every role, saves it, and lists names and shapes as they
stand in the file, the modules that are linear layers, and (where they differ) the names in memory.
The versions used are in the output.
"""

import json
import logging
import re
import sys
import tempfile

import torch
import transformers
from safetensors import safe_open
from transformers import AutoConfig
from transformers.pytorch_utils import Conv1D

logging.disable(logging.WARNING)

SIZES = dict(
    hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, vocab_size=16, max_position_embeddings=32, pad_token_id=0,
    bos_token_id=1, eos_token_id=2, tie_word_embeddings=False)
WIDE = dict(SIZES, head_dim=6)
GPT2 = dict(n_embd=8, n_layer=2, n_head=2, vocab_size=16, n_positions=32, bos_token_id=1,
            eos_token_id=2, pad_token_id=0)
NEOX = {k: v for k, v in SIZES.items() if k != "num_key_value_heads"}
QWEN2_MOE = dict(SIZES, num_experts=3, num_experts_per_tok=2, moe_intermediate_size=10,
                 shared_expert_intermediate_size=14)
QWEN3_MOE = dict(WIDE, num_experts=3, num_experts_per_tok=2, moe_intermediate_size=10)

# model_type, class stem, settings, and a name for settings that are not the usual ones
FAMILIES = [
    ("llama", "Llama", SIZES, ""),
    ("llama", "Llama", dict(WIDE, attention_bias=True, mlp_bias=True), "biases"),
    ("llama", "Llama", dict(SIZES, tie_word_embeddings=True), "tied"),
    ("mistral", "Mistral", dict(WIDE), ""),
    ("qwen2", "Qwen2", SIZES, ""),
    ("qwen2", "Qwen2", dict(SIZES, tie_word_embeddings=True), "tied"),
    ("qwen2_moe", "Qwen2Moe", QWEN2_MOE, ""),
    ("qwen2_moe", "Qwen2Moe",
     dict(QWEN2_MOE, num_hidden_layers=4, decoder_sparse_step=2, mlp_only_layers=[3]), "mixed"),
    ("qwen2_moe", "Qwen2Moe", dict(QWEN2_MOE, qkv_bias=False), "no bias"),
    ("qwen3", "Qwen3", WIDE, ""),
    ("qwen3", "Qwen3", dict(WIDE, attention_bias=True, tie_word_embeddings=True), "biases"),
    ("qwen3_moe", "Qwen3Moe", QWEN3_MOE, ""),
    ("qwen3_moe", "Qwen3Moe",
     dict(QWEN3_MOE, num_hidden_layers=4, decoder_sparse_step=2, mlp_only_layers=[1],
          attention_bias=True), "mixed"),
    ("gemma2", "Gemma2", dict(WIDE, tie_word_embeddings=True), ""),
    ("gemma2", "Gemma2", dict(WIDE, attention_bias=True), "biases, untied"),
    ("gemma3_text", "Gemma3", dict(WIDE, tie_word_embeddings=True), ""),
    ("gemma3_text", "Gemma3", dict(WIDE, attention_bias=True), "biases, untied"),
    ("phi3", "Phi3", SIZES, ""),
    ("mixtral", "Mixtral", dict(SIZES, num_local_experts=3), ""),
    ("olmo2", "Olmo2", SIZES, ""),
    ("olmo2", "Olmo2", dict(SIZES, attention_bias=True), "biases"),
    ("gpt2", "GPT2", GPT2, ""),
    ("gpt2", "GPT2", dict(GPT2, n_inner=20), "inner"),
    ("gpt2", "GPT2", dict(GPT2, add_cross_attention=True), "cross"),
    ("gpt_neox", "GPTNeoX", NEOX, ""),
    ("gpt_neox", "GPTNeoX", dict(NEOX, attention_bias=False, tie_word_embeddings=True), "tied"),
]
# Vision-language models around a language model that has a table: model_type, class, configuration
VISION = dict(hidden_size=8, intermediate_size=12, num_hidden_layers=1, num_attention_heads=2,
              image_size=8, patch_size=4)
NESTED = [
    ("gemma3", "Gemma3ForConditionalGeneration",
     dict(text_config=dict(WIDE, model_type="gemma3_text"),
          vision_config=dict(VISION, model_type="siglip_vision_model"), mm_tokens_per_image=4)),
    ("llava", "LlavaForConditionalGeneration",
     dict(text_config=dict(SIZES, model_type="llama"),
          vision_config=dict(VISION, model_type="clip_vision_model", projection_dim=8))),
    ("qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration",
     dict(text_config=dict(SIZES, rope_parameters=dict(
              rope_type="default", mrope_section=[1, 1, 0], rope_theta=10000.0)),
          vision_config=dict(depth=1, hidden_size=8, intermediate_size=12, num_heads=2,
                             out_hidden_size=8, patch_size=4, fullatt_block_indexes=[0]),
          tie_word_embeddings=False)),
]
# What a table reads of config.json; the rest would only make the file longer.
DROPPED = re.compile(
    r"_token_id$|dropout|_pdrop|^initializer|^transformers_version$|^use_cache$|^summary_|^rope"
    r"|^max_position|^router|^output_router|sliding|^layer_types$|^scale_attn|_eps$|_epsilon$"
    r"|softcapping|^hidden_act|_activation|^pretraining_tp$|^rotary|^norm_topk|label|^partial"
    r"|^reorder|^torch_dtype$|^num_experts_per_tok$|^use_parallel|_token_id|^query_pre|^classifier")


def class_name(stem, model_type, role):
    if role == "causal":
        return f"{stem}LMHeadModel" if stem == "GPT2" else f"{stem}ForCausalLM"
    if role == "backbone":
        return "Gemma3TextModel" if model_type == "gemma3_text" else f"{stem}Model"
    if role == "sequence" and model_type == "gemma3_text":
        return "Gemma3TextForSequenceClassification"
    return stem + {"sequence": "ForSequenceClassification", "token": "ForTokenClassification"}[role]


def case(model_type, stem, settings, variant, role):
    name = class_name(stem, model_type, role)
    if not hasattr(transformers, name):
        return None
    config = AutoConfig.for_model(model_type, **settings, num_labels=3)
    model = getattr(transformers, name)(config)
    with tempfile.TemporaryDirectory() as directory:
        model.save_pretrained(directory)
        with open(f"{directory}/config.json") as file:
            saved = json.load(file)
        with safe_open(f"{directory}/model.safetensors", "pt") as file:
            tensors = {key: file.get_slice(key).get_shape() for key in sorted(file.keys())}
    out = dict(model_type=model_type, role=role, variant=variant, class_name=name,
               labels=3 if role in ("sequence", "token") else None,
               config={k: v for k, v in saved.items() if not DROPPED.search(k)},
               tensors=tensors)
    if role == "causal":
        out["linear"] = sorted(n for n, m in model.named_modules() if isinstance(m, torch.nn.Linear))
        out["transposed"] = sorted(n for n, m in model.named_modules() if isinstance(m, Conv1D))
        memory = {k: list(v.shape) for k, v in model.state_dict().items()}
        out["memory_only"] = {k: v for k, v in sorted(memory.items()) if k not in tensors}
    return out


def nested(model_type, name, settings):
    model = getattr(transformers, name)(AutoConfig.for_model(model_type, **settings))
    with tempfile.TemporaryDirectory() as directory:
        model.save_pretrained(directory)
        with open(f"{directory}/config.json") as file:
            saved = json.load(file)
        with safe_open(f"{directory}/model.safetensors", "pt") as file:
            tensors = {key: file.get_slice(key).get_shape() for key in sorted(file.keys())}
    kept = {k: v for k, v in saved.items() if not DROPPED.search(k) and k != "vision_config"}
    kept["text_config"] = {k: v for k, v in kept["text_config"].items() if not DROPPED.search(k)}
    return dict(model_type=model_type, role="nested", variant="", class_name=name, labels=None,
                config=kept, tensors=tensors)


def main():
    cases = [nested(*settings) for settings in NESTED]
    for model_type, stem, settings, variant in FAMILIES:
        roles = ("causal", "backbone", "sequence", "token") if not variant else ("causal",)
        for role in roles:
            made = case(model_type, stem, settings, variant, role)
            if made:
                cases.append(made)
            else:
                print(f"no class: {model_type} {role}", file=sys.stderr)
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    versions = json.dumps(dict(transformers=transformers.__version__, torch=torch.__version__))
    print(f'{{"versions":{versions},\n"cases":[\n{lines}\n]}}')


main()
