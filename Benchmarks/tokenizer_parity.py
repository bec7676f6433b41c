#!/usr/bin/env python3
"""Holds `graft tokenize` against the `tokenizers` package: ids, tokens and offsets, not one different.

Usage: tokenizer_parity.py TOKENIZER.json... [--count 100000] [--seed 1] [--text FILE...]
Random strings of hostile Unicode, and every text file cut into parts. The command is
.build/release/graft, or $GRAFT.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parents[1]
GRAFT = os.environ.get("GRAFT", str(ROOT / ".build/release/graft"))
WORDS = (
    "the|dog's|DON'T|We'll|naïve|e\u0301|\u212b|ﬁ|½|①|Ⅷ|㎏|क्षत्रिय|ภาษาไทย|مَرْحَبًا|שָׁלוֹם|한국어|\u1100\u1161\u11a8|日本語|か\u3099|你好|𠀀|👨‍👩‍👧‍👦|👍🏽|🇫🇷|𝒳|١٢٣|12345|"
    "'S|'ſ|İ|ß|ǅ|Σς|\u0345|\u0301|\u0323|<s>|</s>|[CLS]|▁|Ġ|##a|<0x0A>|  |\n|\r\n|\t|\u00a0|\u3000|\u200b|\u200d|\ufeff|\u0085|\u2028|\u0000|\u0001|\u007f|\u00ad|\ufffd|\uffff|"
    "\U0010ffff|...|-------------|__a|http://a.b/c?d=e"
).split("|")


def character(rng):
    kind = rng.random()
    if kind < 0.4:
        return chr(rng.randrange(0x20, 0x300))
    point = rng.randrange(0x10000) if kind < 0.75 else rng.randrange(0x10000, 0x20000) if kind < 0.9 else rng.randrange(0x110000)
    return "a" if 0xD800 <= point < 0xE000 else chr(point)


def hostile(rng, added):
    if rng.random() < 0.35:
        return "".join(character(rng) for _ in range(rng.randrange(40)))
    text = ""
    for _ in range(rng.randrange(20)):
        kind = rng.random()
        text += rng.choice(added) if kind < 0.08 and added else character(rng) if kind < 0.2 else rng.choice(WORDS)
        text += " " if rng.random() < 0.4 else ""
    return text


def parts(path, rng):
    text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    start = 0
    while start < len(text):
        length = rng.randrange(200, 4000)
        yield text[start : start + length]
        start += length


def compare(path, arguments):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    rng = random.Random(arguments.seed)
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    texts = [hostile(rng, added) for _ in range(arguments.count)]
    for file in arguments.text:
        texts += parts(file, rng)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as rows:
        for text in texts:
            rows.write(json.dumps({"text": text}) + "\n")
        rows.flush()
        command = subprocess.Popen([GRAFT, "tokenize", path, "--file", rows.name, "--json"], stdout=subprocess.PIPE)
        different = count = 0
        for text, line in zip(texts, command.stdout):
            mine, theirs = json.loads(line), tokenizer.encode(text)
            count += 1
            if mine["ids"] != theirs.ids or mine["tokens"] != theirs.tokens or [tuple(x) for x in mine["offsets"]] != theirs.offsets:
                different += 1
                if different <= 5:
                    print("DIFFERENT", json.dumps(text), mine["ids"][:40], theirs.ids[:40], file=sys.stderr)
        if command.wait() != 0 or count != len(texts):
            print("graft stopped after", count, "texts", file=sys.stderr)
            return False
    print(f"{path}: {count} texts, {sum(map(len, texts))} characters, {different} different")
    return different == 0


parser = argparse.ArgumentParser()
parser.add_argument("tokenizers", nargs="+")
parser.add_argument("--count", type=int, default=100_000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--text", nargs="*", default=[])
arguments = parser.parse_args()
sys.exit(0 if all([compare(path, arguments) for path in arguments.tokenizers]) else 1)
