#!/usr/bin/env python3
"""Writes Tests/TokenizationTests/Fixtures/models: SentencePiece models trained on a few lines and
a tiktoken file, each with what `sentencepiece` and `transformers` make of texts."""
import base64
import json
import pathlib
import random
import sentencepiece
from transformers.convert_slow_tokenizer import TikTokenConverter

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "Tests/TokenizationTests/Fixtures/models"
OUT.mkdir(parents=True, exist_ok=True)
LINES = [
    "The lazy dog runs over the hill and the dog's 365 friends follow it home.",
    "naïve café, Ünïcode ﬁne ½ cup; don't we'll!", "日本語の文章とひらがな。カタカナ", "한국어 문장 입니다",
    "hello hello world world low lower lowest new newer newest", "x = f(a, b) + 10;  return  x", "Привет мир, как дела?",
]
TEXTS = LINES + [
    "", " ", "  two  spaces ", "<sep>a <sep>  b[X]", "tab\tand\nline", "zzz ☃ 🦙 \u200b\u3000x", "ﬁ½Å", "▁a▁▁b", "a" * 30, "new<sep><sep> lowest ",
    "e\u0301 か\u3099", "\u0000\u0001\ufeff",
]
random.seed(5)
for _ in range(60):
    TEXTS.append("".join(random.choice([random.choice(LINES)[: random.randrange(20)], " ", "  ", "<sep>", "[X]", "é", "語", "hel", "low"]) for _ in range(6)))
corpus = OUT / "corpus.txt"
corpus.write_text("\n".join(LINES * 3))
for kind in ("unigram", "bpe"):
    for rules, plain in (("nmt_nfkc", False), ("identity", True)):
        name = OUT / f"{kind}-{rules}"
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus), model_prefix=str(name), model_type=kind, vocab_size=420 if plain else 190, character_coverage=0.99,
            normalization_rule_name=rules, byte_fallback=plain, remove_extra_whitespaces=not plain, user_defined_symbols=["<sep>", "[X]"],
            hard_vocab_limit=False, minloglevel=2,
        )
        name.with_suffix(".vocab").unlink()
        model = sentencepiece.SentencePieceProcessor(model_file=f"{name}.model")
        with open(f"{name}.jsonl", "w") as out:
            for text in TEXTS:
                out.write(json.dumps({"text": text, "ids": model.encode(text)}, ensure_ascii=False) + "\n")
corpus.unlink()

ranks = {bytes([b]): b for b in range(256)}
words = [w for line in LINES for w in (" " + line).split(" ")]
while len(ranks) < 420:
    counts = {}
    for word in words:
        data = (" " + word).encode()
        parts = [data[i : i + 1] for i in range(len(data))]
        while True:
            pairs = [(ranks.get(a + b, 1 << 30), i) for i, (a, b) in enumerate(zip(parts, parts[1:]))]
            rank, i = min(pairs, default=(1 << 30, 0))
            if rank == 1 << 30:
                break
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        for pair in zip(parts, parts[1:]):
            counts[pair] = counts.get(pair, 0) + 1
    a, b = max(counts, key=lambda p: (counts[p], p))
    ranks[a + b] = len(ranks)
path = OUT / "small.tiktoken"
path.write_text("".join(f"{base64.b64encode(t).decode()} {r}\n" for t, r in ranks.items()))
TikTokenConverter.load_tiktoken_bpe = staticmethod(lambda _: ranks)
tokenizer = TikTokenConverter(vocab_file=str(path), extra_special_tokens=[]).converted()
with open(OUT / "small.jsonl", "w") as out:
    for text in TEXTS:
        out.write(json.dumps({"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids}, ensure_ascii=False) + "\n")
