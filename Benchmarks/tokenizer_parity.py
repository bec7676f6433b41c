#!/usr/bin/env python3
"""Holds `graft tokenize` against the `tokenizers` package: ids, tokens, offsets into the text and the
decoded text, and the ids of `--ids`, which are found another way. Not one may differ.

  tokenizer_parity.py [TOKENIZER.json...] [--count 100000] [--seed 1] [--megabytes 20]

The texts are random strings of hostile Unicode, and real text of this machine (real_text.py): half
of it of many languages, a quarter each of English and of source code, cut into parts. Without names:
all tokenizers under ../shared/assets, or the demo model's. The command is .build/release/graft,
$GRAFT_BUILT/graft, or $GRAFT.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer

import bench
import real_text

GRAFT = os.environ.get("GRAFT", str(bench.GRAFT))
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


def real(size, rng):
    """Real text in parts of 200 to 4,000 characters."""
    documents = (real_text.mixed(size // 2) + real_text.english(size // 4)
                 + real_text.code(size // 4))
    text = "".join(documents)
    start = 0
    while start < len(text):
        length = rng.randrange(200, 4000)
        yield text[start : start + length]
        start += length


def show(kind, text, mine, theirs):
    print("DIFFERENT", kind, json.dumps(text)[:2000], str(mine)[:300], str(theirs)[:300],
          file=sys.stderr)


def compare(path, texts, arguments):
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    rng = random.Random(arguments.seed)
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    texts = [hostile(rng, added) for _ in range(arguments.count)] + texts
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as rows, \
            tempfile.TemporaryFile("w+", encoding="utf-8") as listing:
        for text in texts:
            rows.write(json.dumps({"text": text}) + "\n")
        rows.flush()
        ids = subprocess.run([GRAFT, "tokenize", path, "--file", rows.name, "--ids", "--threads", "2"],
                             stdout=listing, stderr=subprocess.PIPE)
        listing.seek(0)
        command = subprocess.Popen(
            [GRAFT, "tokenize", path, "--file", rows.name, "--json", "--decode"],
            stdout=subprocess.PIPE)
        different = count = tokens = 0
        for text, line, plain in zip(texts, command.stdout, listing):
            mine, theirs = json.loads(line), tokenizer.encode(text)
            decoded = tokenizer.decode(theirs.ids, skip_special_tokens=False)
            count += 1
            tokens += len(theirs.ids)
            for kind, one, other in (
                    ("ids", mine["ids"], theirs.ids), ("ids alone", json.loads(plain), theirs.ids),
                    ("tokens", mine["tokens"], theirs.tokens),
                    ("offsets", [tuple(x) for x in mine["offsets"]], theirs.offsets),
                    ("decoded", mine["decoded"], decoded)):
                if one != other:
                    different += 1
                    if different <= 5:
                        show(kind, text, one, other)
        if command.wait() != 0 or ids.returncode != 0 or count != len(texts):
            print("graft stopped after", count, "texts", ids.stderr.decode(), file=sys.stderr)
            return False
    print(f"{path.parent.name}: {count} texts, {sum(map(len, texts))} characters, {tokens} tokens, "
          f"{different} different", flush=True)
    return different == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizers", nargs="*", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    paths = arguments.tokenizers or sorted(
        (bench.SHARED / "assets" / "tokenizers").glob("*/tokenizer.json"))
    paths = paths or [bench.demo_model() / "tokenizer.json"]
    texts = list(real(int(arguments.megabytes * 1e6), random.Random(arguments.seed)))
    size = sum(len(text.encode()) for text in texts)
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(compare, paths, [texts] * len(paths), [arguments] * len(paths)))
    bench.verdict("tokenizer_parity", all(results), tokenizers=len(paths), bytes=size,
                  random=arguments.count, equal=sum(results))


if __name__ == "__main__":
    main()
