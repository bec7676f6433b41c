#!/usr/bin/env python3
"""Prints random texts and what the `tokenizers` package makes of them with a tokenizer.json.

Usage: random_texts.py TOKENIZER.json COUNT SEED. One line of JSON for each text.
"""
import json
import random
import sys
from tokenizers import Tokenizer

path, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
tokenizer = Tokenizer.from_file(path)
tokenizer.no_padding()
tokenizer.no_truncation()
random.seed(seed)
added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
words = ["the", " and", "'s", "'LL", "'ſ", "don't", "123", " 4", "\n", "\r\n", "\t", "  ", " ", ".", "...", "_", "<|", "e\u0301"]
ranges = [
    (0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE00),
    (0x1100, 0x1200), (0x1680, 0x2070), (0x2070, 0x2C00), (0x3000, 0x3130), (0x4E00, 0x5000), (0xAC00, 0xAD00),
    (0xF900, 0xFB50), (0xFE00, 0x10000), (0x10000, 0x11500), (0x1D100, 0x1D800), (0x1F300, 0x1FB00), (0x0, 0x20),
]


def scalar():
    while True:
        low, high = random.choice(ranges) if random.random() < 0.9 else (0, 0x110000)
        point = random.randrange(low, high)
        if not 0xD800 <= point < 0xE000:
            return chr(point)


def part():
    kind = random.random()
    if kind < 0.35:
        return random.choice(words)
    if kind < 0.45 and added:
        return random.choice(added)
    return "".join(scalar() for _ in range(random.randrange(1, 5)))


for _ in range(count):
    text = "".join(part() for _ in range(random.randrange(0, 12)))
    encoding = tokenizer.encode(text)
    ids = encoding.ids
    decoded = tokenizer.decode(ids, skip_special_tokens=False)
    print(json.dumps({"text": text, "ids": ids, "decoded": decoded, "tokens": encoding.tokens, "offsets": encoding.offsets, "words": encoding.word_ids, "types": encoding.type_ids}, ensure_ascii=False))
