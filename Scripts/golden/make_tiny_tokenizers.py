#!/usr/bin/env python3
"""Writes Tests/TokenizationTests/Fixtures/tiny: small tokenizers and what `tokenizers` makes of texts.

Each folder holds a tokenizer.json trained here on a few sentences, with SmolLM2's, GPT-2's,
Llama 3's and Qwen 2's components; golden.json holds ids with and without special tokens and
decoded texts, by the `tokenizers` package.
"""
import json
import pathlib
import random
import tokenizers
from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers,
)

ROOT = pathlib.Path(__file__).resolve().parents[2] / "Tests/TokenizationTests/Fixtures/tiny"
CORPUS = [
    "The quick brown fox jumps over the lazy dog, and the dog sleeps.",
    "It's what they'll say: we've been there, I'm here, you're not, he'd go, don't!",
    "In 1984 there were 365 days; 1,234,567.89 is a number and so are 12 and 7.",
    "def f(x):\n    return x ** 2  # square\n\nfor i in range(10):\n\tprint(i)\r\n",
    "Füße, café, naïve, señor, Ωμέγα, Привет мир, 你好世界, こんにちは, 안녕하세요, नमस्ते.",
] * 4
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
ADDED = [
    AddedToken("<|start|>", special=True, normalized=False),
    AddedToken("<|end|>", special=True, normalized=False),
    AddedToken("<|endless|>", special=True, normalized=False),
    AddedToken("<left>", lstrip=True, special=True, normalized=False),
    AddedToken("<right>", rstrip=True, special=False, normalized=False),
    AddedToken("word", single_word=True, normalized=False),
    AddedToken("both", lstrip=True, rstrip=True, normalized=True),
]


def make(name, pre, post=None, normalizer=None, pairs=True, **settings):
    tokenizer = Tokenizer(models.BPE(**settings))
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=420, show_progress=False, special_tokens=["<|pad|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_tokens(ADDED)
    if post:
        tokenizer.post_processor = post(tokenizer)
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    value = json.loads(tokenizer.to_str())
    if not pairs:
        value["model"]["merges"] = [" ".join(m) for m in value["model"]["merges"]]
    (folder / "tokenizer.json").write_text(json.dumps(value, ensure_ascii=False) + "\n")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    golden = []
    for text in texts():
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        entry = {"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)}
        special = tokenizer.encode(text).ids
        if special != ids:
            entry["ids_special"] = special
        plain = tokenizer.decode(ids)
        if plain != entry["decoded"]:
            entry["decoded_plain"] = plain
        golden.append(entry)
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in golden)
    (folder / "golden.json").write_text(
        f'{{"tokenizers": "{tokenizers.__version__}", "texts": [\n{lines}\n]}}\n'
    )


def texts():
    fixed = CORPUS[:5] + [
        "", " ", "  ", "\n", "\r\n\r\n", " \n ", "\t\tx", "a  b   c ", "  12  345 6", "'s 'S 'T'll'LL'Re'",
        "<|start|>user\nHi<|end|>\n<|start|>", "x <left>  y", "x  <right>  y", "words word, word_ word",
        "aboth  both  \n x", "<|end|><|endless|><|endl", "<left><right> <left> <right>", "both both",
        "e\u0301 \u1e9b\u0323 \ufb01 \u212b", "\u00a0x\u3000y\u2028z\u0085w", "\u0000\u007f\u200d\ufeff",
        "👨‍👩‍👧‍👦 👍🏽 🇫🇷", "١٢٣٤ ४५६ Ⅷ ½ ㎏", "'\u017f x'\u017f", "\U0010ffff\ud7ff\ue000", "ab" * 60, " " * 50 + "x",
    ]
    random.seed(20)
    pieces = [
        "the", " the", "'s", "'LL", "word", " ", "  ", "\n", "\r", "\t", "1", "23", "é", "e\u0301", "你", "👍", "\u00a0",
        "<left>", "<right>", "both", "<|end|>", "<|", "-", "...", "_", "Ж", "\u0308", "٣", "\u3000", "x",
    ]
    return fixed + ["".join(random.choices(pieces, k=random.randrange(1, 14))) for _ in range(60)]


def sequence(*parts):
    return pre_tokenizers.Sequence(list(parts))


byte_level = lambda **k: pre_tokenizers.ByteLevel(add_prefix_space=False, **k)
split = lambda digits: pre_tokenizers.Split(Regex(CL100K % digits), "isolated")
make("smollm", sequence(pre_tokenizers.Digits(individual_digits=True), byte_level()), pairs=False)
make(
    "gpt2", pre_tokenizers.ByteLevel(add_prefix_space=True), pairs=False,
    post=lambda t: processors.ByteLevel(trim_offsets=True),
)
make(
    "llama3", sequence(split(r"\p{N}{1,3}"), byte_level(use_regex=False)), ignore_merges=True,
    post=lambda t: processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(
            single="<|start|> $A <|end|>", pair="<|start|> $A $B",
            special_tokens=[(s, t.token_to_id(s)) for s in ("<|start|>", "<|end|>")],
        ),
    ]),
)
make("qwen2", sequence(split(r"\p{N}"), byte_level(use_regex=False)), normalizer=normalizers.NFC())
