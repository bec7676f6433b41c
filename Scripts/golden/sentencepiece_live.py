#!/usr/bin/env python3
"""Trains small SentencePiece models and makes some by hand, and writes what `sentencepiece` makes of texts and ids.

    sentencepiece_live.py OUT SEED    OUT/NAME.model, OUT/NAME.jsonl: {"text", "ids", "decoded"} or {"ids", "decoded"}
"""
import io
import json
import pathlib
import random
import sys

import sentencepiece
import sentencepiece_model

WORDS = ("the lazy dog runs over a hill and dogs 365 follow it home naïve café Ünïcode ﬁne ½ cup don't we'll hello world low lower "
         "lowest new newer newest return f(a,b) 日本語の文章 カタカナ 한국어 Привет мир как дела 10; x=y <b> e\u0301 か\u3099 ﷺ Å").split()
OPTIONS = {
    "plain": {}, "bytes": {"byte_fallback": True}, "no-prefix": {"add_dummy_prefix": False}, "spaces": {"remove_extra_whitespaces": False},
    "raw": {"normalization_rule_name": "identity", "remove_extra_whitespaces": False, "byte_fallback": True},
    "bare": {"add_dummy_prefix": False, "remove_extra_whitespaces": False, "normalization_rule_name": "nfkc_cf"},
    "symbols": {"user_defined_symbols": ["<sep>", "[X]", "dog"], "control_symbols": ["<ctl>", "<|end|>"]},
    "symbols-bytes": {"user_defined_symbols": ["<sep>", "\u2581\u2581", "newe"], "byte_fallback": True, "remove_extra_whitespaces": False,
                      "unk_surface": "<?>", "split_digits": True},
    "ids": {"unk_id": 3, "bos_id": 1, "eos_id": 2, "pad_id": 0, "allow_whitespace_only_pieces": True, "remove_extra_whitespaces": False},
}


def by_hand():
    """Models with equal scores, and with settings that the trainer does not offer."""
    letters = [(c, -5.0, 1) for c in "abcdefg\u2581 "]
    pairs = [(a + b, -1.0, 1) for a in "abcd\u2581" for b in "abcd"]
    longer = [(text, -1.0, 1) for text in ("abc", "bcd", "aaa", "aaaa", "abab", "\u2581ab", "cab", "bca", "ef", "efg", "fg")]
    start = [("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("</s>", 0.0, 3)]
    even = [(text, -float(len(text)), 1) for text, _, _ in letters + pairs + longer]
    for kind, name in (1, "unigram"), (2, "bpe"):
        yield f"{name}-ties", sentencepiece_model.model(start + letters + pairs + longer, kind)
        yield f"{name}-even", sentencepiece_model.model(start + even, kind, remove_spaces=False)
        yield f"{name}-thirds", sentencepiece_model.model(
            start + [(text, -len(text) / 3, 1) for text, _, _ in letters + pairs + longer], kind, dummy_prefix=False)
        yield f"{name}-unescaped", sentencepiece_model.model(start + letters + pairs + longer, kind, escape=False, remove_spaces=False)
        yield f"{name}-unused", sentencepiece_model.model(
            start + letters + [(t, s, 5 if i % 3 == 0 else 1) for i, (t, s, _) in enumerate(pairs)] + longer, kind, surface="??")


def trained(rng):
    lines = [" ".join(rng.choice(WORDS) for _ in range(rng.randrange(2, 12))) for _ in range(400)]
    for kind in ("unigram", "bpe"):
        for name, options in OPTIONS.items():
            model = io.BytesIO()
            size = 520 if options.get("byte_fallback") else 260
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(lines), model_writer=model, model_type=kind, vocab_size=size, character_coverage=0.995,
                hard_vocab_limit=False, minloglevel=2, num_threads=1, **options)
            yield f"{kind}-{name}", model.getvalue()


def texts(rng):
    yield from ["", " ", "   ", "a", " a", "a ", "\n", "\t a", "\u2581a\u2581\u2581b", "<unk>x", "🦙☃", "\u0000\u0001\ufeff", "a" * 40, "ab" * 20,
                "\u3000x\u200b", "e\u0301\u0323", "\ufdfa", "dogdog<sep>dog", "[X] <sep>", "\r\n\r\n", "▁" * 5, "new newest newer"]
    for _ in range(150):
        yield "".join(rng.choice([rng.choice(WORDS), " ", "  ", "<sep>", "[X]", "zz", "🦙", "ß", "\t"]) for _ in range(rng.randrange(1, 9)))
    for _ in range(150):
        yield "".join(rng.choice("aaabbbcccdddefg ▁x") for _ in range(rng.randrange(1, 16)))
    for _ in range(50):
        yield "".join(chr(rng.choice([rng.randrange(1, 0x3000), rng.randrange(0xE000, 0x10FFFF)])) for _ in range(rng.randrange(1, 6)))


def main():
    out, rng = pathlib.Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    for name, proto in [*by_hand(), *trained(rng)]:
        (out / f"{name}.model").write_bytes(proto)
        model = sentencepiece.SentencePieceProcessor(model_proto=proto)
        control = [model.id_to_piece(i) for i in range(model.get_piece_size()) if model.is_control(i)]
        with open(out / f"{name}.jsonl", "w") as file:
            for text in texts(rng):
                # transformers finds control pieces in text; the model itself does not.
                if not any(piece in text for piece in control):
                    ids = model.encode(text)
                    file.write(json.dumps({"text": text, "ids": ids, "decoded": model.decode(ids)}) + "\n")
            size = model.get_piece_size()
            for _ in range(300):
                low = 0 if rng.random() < 0.8 else 3
                ids = [rng.randrange(low, min(size, 270) if rng.random() < 0.7 else size) for _ in range(rng.randrange(1, 8))]
                # Left out before decoding, as transformers leaves them out: bytes at both sides of one come together.
                kept = [i for i in ids if not model.is_control(i)]
                file.write(json.dumps({"ids": ids, "decoded": model.decode(kept)}) + "\n")


if __name__ == "__main__":
    main()
