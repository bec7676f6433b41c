"""Makes Tests/Fixtures/tiny-llama: a random Llama of a few KB with logits for each kind of rotary
scaling, and a LoRA reward model on it with rewards, loss and gradients.

Usage: python Scripts/golden/tiny_llama.py Tests/Fixtures/tiny-llama
"""
import json
import os
import shutil
import sys

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
base = dict(
    vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=16,
    rms_norm_eps=1e-5, tie_word_embeddings=False, attn_implementation="eager",
    pad_token_id=0, bos_token_id=None, eos_token_id=None)
ropes = {
    "default": {"rope_type": "default", "rope_theta": 10000.0},
    "linear": {"rope_type": "linear", "factor": 4.0, "rope_theta": 500.0},
    "dynamic": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0},
    "llama3": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
               "high_freq_factor": 4.0, "original_max_position_embeddings": 12,
               "rope_theta": 100.0},
    "yarn": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8,
             "rope_theta": 50.0},
    "yarn-mscale": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8,
                    "mscale": 0.7, "mscale_all_dim": 1.2, "beta_fast": 4, "beta_slow": 0.5,
                    "truncate": False, "rope_theta": 50.0},
}
tokens = [(7 * i * i + 3 * i + 1) % 32 for i in range(24)]


def fill(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        scale = 0.1 if "norm" in name else 0.5
        with torch.no_grad():
            p.copy_(torch.randn(p.shape, generator=generator) * scale + ("norm" in name))


def logits(config, weights):
    model = LlamaForCausalLM(config).eval()
    model.load_state_dict(weights)
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0, -1].tolist()


versions = f"torch {torch.__version__}, transformers {transformers.__version__}, peft {peft.__version__}"
golden = {"made_by": versions, "tokens": tokens, "cases": []}
for kind, extra in (("plain", {}), ("biased", {"attention_bias": True, "mlp_bias": True,
                                               "head_dim": 6})):
    model = LlamaForCausalLM(LlamaConfig(**base, **extra))
    fill(model, 1 if kind == "plain" else 2)
    weights = {k: v.clone() for k, v in model.state_dict().items()}
    save_file(weights, f"{out}/{kind}.safetensors", metadata={"format": "pt"})
    for name, rope in ropes.items():
        if kind == "biased" and name != "default":
            continue
        config = LlamaConfig(**base, **extra, rope_parameters=dict(rope))
        golden["cases"].append({
            "name": f"{kind}-{name}", "weights": kind, "config": config.to_diff_dict(),
            "logits": logits(config, weights)})

# A reward model: prompts shared in pairs, LoRA on every linear layer.
pairs = [([5, 9, 2, 30, 11], [4, 4, 17], [21, 3]), ([1, 2], [8, 25, 26, 27, 6], [13])]
shutil.rmtree(f"{out}/adapter", ignore_errors=True)
config = LlamaConfig(**base, num_labels=1, rope_parameters=dict(ropes["default"]))
reward = LlamaForSequenceClassification(config)
state = {k: v for k, v in load_file(f"{out}/plain.safetensors").items() if k != "lm_head.weight"}
generator = torch.Generator().manual_seed(3)
state["score.weight"] = torch.randn(1, 16, generator=generator) * 0.3
reward.load_state_dict(state)
adapted = get_peft_model(reward, LoraConfig(
    task_type="SEQ_CLS", r=2, lora_alpha=3, use_rslora=True, lora_dropout=0.0,
    target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]))
for name, p in adapted.named_parameters():
    if "lora_" in name:
        with torch.no_grad():
            p.copy_(torch.randn(p.shape, generator=generator) * 0.3)
adapted.eval()
rewards, loss = [], 0
for prompt, chosen, rejected in pairs:
    a, b = (adapted(torch.tensor([prompt + x])).logits[0, 0] for x in (chosen, rejected))
    rewards += [a.item(), b.item()]
    loss = loss - torch.nn.functional.logsigmoid(a - b) / len(pairs)
loss.backward()
adapted.save_pretrained(f"{out}/adapter")
os.remove(f"{out}/adapter/README.md")
path = f"{out}/adapter/adapter_config.json"
settings = json.load(open(path))
settings["base_model_name_or_path"] = None
json.dump(settings, open(path, "w"), indent=2, sort_keys=True)
gradients = {n.replace(".default", "").replace("modules_to_save.", ""): p.grad.contiguous()
             for n, p in adapted.named_parameters() if p.grad is not None}
save_file(gradients, f"{out}/gradients.safetensors")
golden["reward"] = {"config": config.to_diff_dict(), "pairs": pairs, "rewards": rewards,
                    "loss": loss.item()}
json.dump(golden, open(f"{out}/golden.json", "w"), indent=1)
