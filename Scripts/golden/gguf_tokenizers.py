#!/usr/bin/env python3
"""Writes GGUF files that hold a part of a real tokenizer each, and what transformers and tokenizers make of texts.

    gguf_tokenizers.py TOKENIZERS OUT SEED    TOKENIZERS/NAME/tokenizer.json, TOKENIZERS/conformance_texts.json

OUT/NAME.gguf has the first merges or pieces of a tokenizer, OUT/NAME.jsonl the texts for `graft tokenize`, and
OUT/NAME.ids.jsonl their ids: "original" by tokenizers from the tokenizer.json cut down likewise, or by sentencepiece for
Unigram, of whose normalization tokenizers has only a likeness; "loader" by transformers' AutoTokenizer from the GGUF file.
"""
import base64
import json
import pathlib
import random
import re
import sys

import gguf
import sentencepiece_model
import transformers
from tokenizers import Tokenizer

MERGES, BASE, PIECES = 4000, 3000, 9000
KINDS = {  # tokenizer.ggml.model, tokenizer.ggml.pre, general.architecture
    "SmolLM2": ("gpt2", "smollm", "llama"), "gpt-2": ("gpt2", "gpt-2", "gpt2"), "starcoder": ("gpt2", "starcoder", "starcoder2"),
    "llama-bpe": ("gpt2", "llama-bpe", "llama"), "qwen2": ("gpt2", "qwen2", "qwen2"),
    "deepseek-llm": ("gpt2", "deepseek-llm", "llama"), "real-falcon": ("gpt2", "falcon", "falcon"),
    "llama-spm": ("llama", None, "llama"), "phi-3": ("llama", None, "phi3"), "gemma-4": ("gemma4", None, "gemma4"),
    "real-t5-small": ("t5", None, "t5"),
}
RANGES = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE00), (0x1680, 0x2070),
          (0x3000, 0x3130), (0x4E00, 0x5000), (0xAC00, 0xAD00), (0xFE00, 0x10000), (0x1F300, 0x1FB00), (0x0, 0x20)]
WORDS = ["the", " and", "'s", "'LL", "don't", "123", " 4", "20240", "\n", "\r\n", "\t", "  ", " ", "   ", ".", "...", "_", "<|", "e\u0301",
         "return x;", "Straße", " naïve", "こんにちは", "Привет", "한국어", "ﬁ", "½"]


def cut_down(file):
    """The tokenizer with fewer tokens, numbered anew, and their places in the order of the old numbers."""
    model, added = file["model"], {token["content"]: token["id"] for token in file["added_tokens"]}
    if isinstance(model["vocab"], list):  # Unigram
        kept = [i for i, (piece, _) in enumerate(model["vocab"]) if i < PIECES or piece in added]
        number = {old: new for new, old in enumerate(kept)}
        model["vocab"] = [model["vocab"][i] for i in kept]
        model["unk_id"] = number[model["unk_id"]]
        tokens = [piece for piece, _ in model["vocab"]]
    else:
        pairs = [tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in model["merges"]]
        made = {a + b for a, b in pairs}
        ids = {**model["vocab"], **added}
        order = sorted(model["vocab"], key=model["vocab"].get)
        base = [token for token in order if token not in made]
        kept = {t for t in base if t in added or re.fullmatch("<0x..>", t)} | set(base[:BASE])
        for a, b in pairs[:MERGES]:
            if a in kept and b in kept:
                kept.add(a + b)
        kept |= set(added) & set(model["vocab"])
        tokens = sorted(kept | set(added), key=ids.get)
        number = {ids[token]: i for i, token in enumerate(tokens)}
        model["merges"] = [list(pair) for pair in pairs if pair[0] in kept and pair[1] in kept and "".join(pair) in kept]
        model["vocab"] = {token: i for i, token in enumerate(tokens) if token in kept}
    for token in file["added_tokens"]:
        token["id"] = number[token["id"]]
    file["post_processor"] = file["truncation"] = file["padding"] = None
    return tokens


def write_gguf(path, kind, file, tokens):
    name, pre, architecture = kind
    model = file["model"]
    types = [1] * len(tokens)
    for i, token in enumerate(tokens):
        if name != "gpt2" and re.fullmatch("<0x..>", token):
            types[i] = 6
    for token in file["added_tokens"]:
        types[token["id"]] = 3 if token["special"] else 4
    if "<unk>" in tokens and name != "gpt2":
        types[tokens.index("<unk>")] = 2
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_tokenizer_model(name)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if name == "t5":
        writer.add_token_scores([score for _, score in model["vocab"]])
        writer.add_precompiled_charsmap(base64.b64decode(file["normalizer"]["precompiled_charsmap"]))
        writer.add_add_space_prefix(True)
        writer.add_remove_extra_whitespaces(True)
    elif name == "llama":
        rank = {}
        for i, pair in enumerate(model["merges"]):
            rank.setdefault("".join(pair), i)
        writer.add_token_scores([-float(rank.get(token, 1e6)) for token in tokens])
    else:
        writer.add_token_merges([" ".join(pair) for pair in model["merges"]])
        if name == "gemma4":
            writer.add_token_scores([0.0] * len(tokens))
    if "<unk>" in tokens and name != "gpt2":
        writer.add_unk_token_id(tokens.index("<unk>"))
    ends = [token["id"] for token in file["added_tokens"] if token["special"]]
    if ends:
        writer.add_eos_token_id(ends[0])
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def texts(folder, seed, special):
    rng = random.Random(seed)
    given = [entry["text"] for entry in json.loads((folder / "conformance_texts.json").read_text())["texts"]]

    def part():
        kind = rng.random()
        if kind < 0.6:
            return rng.choice(WORDS)
        if kind < 0.65 and special:
            return rng.choice(special)
        return "".join(chr(rng.randrange(*rng.choice(RANGES))) for _ in range(rng.randrange(1, 4)))

    return given + ["".join(part() for _ in range(rng.randrange(1, 12))) for _ in range(400)]


def main():
    folder, out, seed = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    transformers.logging.set_verbosity_error()
    for name, kind in KINDS.items():
        if len(sys.argv) > 4 and name not in sys.argv[4:]:
            continue
        file = json.loads((folder / name / "tokenizer.json").read_text())
        # A GGUF file does not say which tokens swallow space.
        special = [t["content"] for t in file["added_tokens"] if not (t["lstrip"] or t["rstrip"] or t["normalized"])]
        swallowing = [t["content"] for t in file["added_tokens"] if t["content"] not in special]
        tokens = cut_down(file)
        write_gguf(str(out / f"{name}.gguf"), kind, file, tokens)
        if kind[0] == "t5":
            import sentencepiece
            vocab, map_ = file["model"]["vocab"], base64.b64decode(file["normalizer"]["precompiled_charsmap"])
            types = [3 if piece in {t["content"] for t in file["added_tokens"]} else 1 for piece, _ in vocab]
            types[file["model"]["unk_id"]] = 2
            pieces = [(piece, score, type_) for (piece, score), type_ in zip(vocab, types)]
            processor = sentencepiece.SentencePieceProcessor(
                model_proto=sentencepiece_model.model(pieces, 1, charsmap=map_, unk_id=file["model"]["unk_id"]))
            encode, swallowing, special = processor.encode, swallowing + special, []
        else:
            original = Tokenizer.from_str(json.dumps(file))
            encode = lambda text: original.encode(text, add_special_tokens=False).ids  # noqa: E731
        loader = transformers.AutoTokenizer.from_pretrained(str(out), gguf_file=f"{name}.gguf")
        wanted = [t for t in texts(folder, f"{seed} {name}", special) if not any(s in t for s in swallowing)]
        with open(out / f"{name}.jsonl", "w") as lines, open(out / f"{name}.ids.jsonl", "w") as ids:
            for text in wanted:
                lines.write(json.dumps({"text": text}) + "\n")
                ids.write(json.dumps({"original": encode(text),
                                      "loader": loader.encode(text, add_special_tokens=False)}) + "\n")


if __name__ == "__main__":
    main()
