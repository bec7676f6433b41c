#!/usr/bin/env python3
"""training_parity.py: the first steps of `graft train` against transformers and PEFT, in float32.

Both start from the same adapter and head (made by PEFT, with a random second factor, so that every
gradient is non-zero) and see the same pairs in the same order.
Bounds: the first 5 losses, and the gradient of every adapter tensor and of the head in the first
step, within 1e-3 of PEFT's (relative; of a gradient the norm of the difference).
Runs with the Python of `make peers`.
"""

import json
import pathlib
import tempfile

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bench import ENGINE, GRAFT, ROOT, Tensors, demo_model, run, table, verdict

STEPS, BATCH, RATE = 5, 4, 1e-4


def encoded(tokenizer, rows):
    """The rows' chosen and rejected conversations as token ids."""
    def ids(messages):
        text = tokenizer.apply_chat_template(messages, tokenize=False)
        return tokenizer(text, add_special_tokens=False)["input_ids"]
    return [[ids(row["messages"] + [row[key]]) for key in ("chosen", "rejected")] for row in rows]


def pair_loss(model, pairs):
    """Bradley-Terry loss of a batch; the reward is read at the last token."""
    sequences = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
    longest = max(map(len, sequences))
    ids = torch.zeros(len(sequences), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, sequence in enumerate(sequences):
        ids[row, :len(sequence)] = torch.tensor(sequence)
        mask[row, :len(sequence)] = 1
    hidden = model.base_model.model.model(input_ids=ids, attention_mask=mask).last_hidden_state
    last = hidden[torch.arange(len(sequences)), mask.sum(1) - 1]
    rewards = model.base_model.model.score(last)[:, 0]
    chosen, rejected = rewards.split(len(pairs))
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()


def peer(folder, model_folder, rows):
    """Saves the starting adapter; returns losses and first gradients by saved tensor name."""
    torch.manual_seed(0)
    base = AutoModelForSequenceClassification.from_pretrained(
        model_folder, num_labels=1, dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(
        task_type="SEQ_CLS", r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear",
        modules_to_save=["score"], init_lora_weights=False))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.mul_(0.1)
    model.save_pretrained(folder)
    model.train()
    pairs = encoded(AutoTokenizer.from_pretrained(model_folder), rows)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.0)
    losses, gradients = [], {}
    for step in range(STEPS):
        loss = pair_loss(model, pairs[step * BATCH:(step + 1) * BATCH])
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    saved = name.replace(".default", "").replace(".modules_to_save", "")
                    gradients[saved] = parameter.grad.double().clone()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return losses, gradients


def main():
    model_folder = demo_model()
    rows = json.loads((ROOT / "demo" / "data" / "train.json").read_text())[:STEPS * BATCH]
    with tempfile.TemporaryDirectory() as temporary:
        scratch = pathlib.Path(temporary)
        losses, gradients = peer(scratch / "adapter", model_folder, rows)
        (scratch / "data").mkdir()
        (scratch / "data" / "pairs.json").write_text(json.dumps(rows))
        info = json.loads((ROOT / "demo" / "data" / "dataset_info.json").read_text())
        info = {"pairs": dict(info["graft_demo_train"], file_name="pairs.json")}
        (scratch / "data" / "dataset_info.json").write_text(json.dumps(info))
        config = scratch / "train.yaml"
        config.write_text("".join(f"{key}: {value}\n" for key, value in {
            "model_name_or_path": model_folder, "adapter_name_or_path": scratch / "adapter",
            "stage": "rm", "do_train": "true", "finetuning_type": "lora", "lora_target": "all",
            "lora_rank": 16, "lora_alpha": 32, "dataset": "pairs", "dataset_dir": scratch / "data",
            "disable_shuffling": "true", "cutoff_len": 1024, "output_dir": scratch / "out",
            "per_device_train_batch_size": BATCH, "max_steps": STEPS, "learning_rate": RATE,
            "lr_scheduler_type": "constant", "max_grad_norm": 1.0, "logging_steps": 1,
            "save_strategy": "'no'", "seed": 0}.items()))
        run(ENGINE, "gradients", config, "-o", scratch / "gradients.safetensors")
        ours = Tensors(scratch)
        gradient_errors = {}
        for name, expected in gradients.items():
            found = torch.from_numpy(ours.values(name).copy())
            gradient_errors[name] = float((found - expected).norm() / expected.norm())
        run(GRAFT, "train", config)
        log = [json.loads(line) for line in (scratch / "out/trainer_log.jsonl").open()]
        our_losses = [row["loss"] for row in log if "loss" in row][:STEPS]
    rows = [("step", "PEFT", "Graft", "relative")]
    loss_errors = [abs(x - y) / abs(x) for x, y in zip(losses, our_losses)]
    for step, (x, y, error) in enumerate(zip(losses, our_losses, loss_errors), 1):
        rows.append((step, f"{x:.7f}", f"{y:.7f}", f"{error:.1e}"))
    table(rows)
    worst = max(gradient_errors, key=gradient_errors.get)
    print(f"gradients: {len(gradient_errors)} tensors, largest relative difference "
          f"{gradient_errors[worst]:.1e} ({worst})")
    verdict("training_parity",
            len(our_losses) == STEPS and max(loss_errors) <= 1e-3
            and gradient_errors[worst] <= 1e-3,
            largest_loss_error=max(loss_errors), largest_gradient_error=gradient_errors[worst])


if __name__ == "__main__":
    main()
