#!/usr/bin/env python3
"""Writes Tests/TokenizationTests/Fixtures/components.jsonl.

One line for each component of the `tokenizers` package: a small tokenizer that uses it, and what
the package makes of texts that it treats in its own way.
"""
import json
import pathlib
import random
import tokenizers
from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "Tests/TokenizationTests/Fixtures/components.jsonl"
random.seed(1)

TEXTS = [
    "", " ", "  two  spaces ", "Hello, World! it's 12 o'clock", "don't DON'T we'll",
    "naïve café e\u0301 Å \u212b ﬁ ½ ① Ⅷ", "İstanbul ẞ ǅ ΑΣ", "a\u0323\u0301 \u1e9b\u0323 q\u0307\u0323",
    "한국어 \u1100\u1161\u11a8 각\u11a8", "日本語テスト。か\u3099 你好 㐀𠀀", "नमस्ते ภาษาไทย مَرْحَبًا שָׁלוֹם",
    "👨‍👩‍👧‍👦👍🏽 🇫🇷 ❤️", "tab\tnew\nline\r\n  end \u00a0\u3000\u2028x\u200b\u200d\ufeff",
    "a\u0000b\u0001c\u007f\u00ad\ufffd\uffff\U0010ffff", "<s>[CLS] x [MASK]  y</s>", "foo_bar-baz ... --- ???!!",
    "x<mask> y  <mask>  zoo <sw> a<sw> <sw>", "ABCdef123ghi４５6", "▁a▁▁b Ġc ##d <0x41><unk>", "aaaaaaaaaaaa bbbb",
]
LETTERS = sorted(set("".join(TEXTS)) | set("abcdefghijklmnopqrstuvwxyz0123456789▁ĠĊ"))
BYTES = [chr(c) for c in list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256)) + list(range(256, 324))]


def bpe(letters=LETTERS, merges=(), **settings):
    vocab = {}
    for token in ["<unk>", "<s>", "</s>", "<pad>"] + list(letters):
        vocab.setdefault(token, len(vocab))
    for a, b in merges:
        vocab.setdefault(a + b, len(vocab))
    return {
        "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
        **settings, "vocab": vocab, "merges": [f"{a} {b}" for a, b in merges],
    }


MERGES = [("a", "b"), ("e", "l"), ("l", "o"), ("el", "lo"), ("a", "a"), ("aa", "aa"), ("b", "b"), ("o", "r"), ("▁", "a"), ("Ġ", "W"), ("Ġ", "Ġ"), ("1", "2")]
PLAIN = bpe(merges=MERGES)
BYTE_LEVEL = bpe(BYTES, MERGES[:8] + MERGES[9:])
FALLBACK = bpe([f"<0x{b:02X}>" for b in range(256)] + list("abcdelor▁12"), MERGES[:9], byte_fallback=True, fuse_unk=True)


def added(*tokens):
    return [
        {"id": i, "content": c, "single_word": "w" in f, "lstrip": "l" in f, "rstrip": "r" in f, "normalized": "n" in f, "special": "s" in f}
        for i, c, f in tokens
    ]


def unigram(fallback=False):
    pieces = [["<unk>", 0.0], ["<s>", 0.0], ["</s>", 0.0]]
    pieces += [[c, round(-5 - random.random(), 4)] for c in "▁abcdefghilnorstuwxyHW,.!'-"]
    pieces += [["▁two", -3.25], ["ello", -3.5], ["▁H", -4.125], ["aa", -4.0], ["aaa", -5.0], ["--", -2.6789012345678901], ["bb", -4.5]]
    if fallback:
        pieces += [[f"<0x{b:02X}>", -9.0] for b in range(256)]
    return {"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": fallback}


def wordpiece():
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqrstuvwxyz0123456789") + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"]
    tokens += ["hello", "world", "##ello", "don", "'", ",", "!", "it", "naive", "cafe", "你", "好"]
    return {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 10, "vocab": {t: i for i, t in enumerate(tokens)}}


def charsmap():
    """A small map in SentencePiece's form: built as a trie in a double array."""
    import base64, struct

    rules = {"ﬁ": "fi", "½": "1⁄2", "e\u0301": "é", "\u200b": "", "\u3000": " ", "　": " ", "\u00ad": "", "A": "a", "①": "1", "か\u3099": "が", "\n": " "}
    blob, places = b"", {}
    for key, value in rules.items():
        places[key.encode()] = len(blob)
        blob += value.encode() + b"\0"
    trie = {}
    for key, place in places.items():
        node = trie
        for byte in key:
            node = node.setdefault(byte, {})
        node[None] = place
    units, used = {0: 0}, {0}

    def place_node(position, node, label, is_root=False):
        offset = 1
        while True:
            base = position ^ offset
            wanted = [base ^ (b or 0) for b in node if b is not None] + ([base] if None in node else [])
            if offset < 1 << 21 and not any(w in used for w in wanted):
                break
            offset += 1
        units[position] = offset << 10 | (0x100 if None in node else 0) | label
        used.update(wanted)
        if None in node:
            units[base] = node[None] | 1 << 31
        for byte, child in node.items():
            if byte is not None:
                place_node(base ^ byte, child, byte)

    place_node(0, trie, 0, True)
    size = max(units) + 257
    array = struct.pack(f"<{size}I", *[units.get(i, 0) for i in range(size)])
    return base64.b64encode(struct.pack("<I", len(array)) + array + blob).decode()


def regex(pattern):
    return {"Regex": pattern}


def string(pattern):
    return {"String": pattern}


def split(pattern, behavior, invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
BYTE = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
SPECIAL = added((1, "<s>", "s"), (2, "</s>", "s"), (3, "<pad>", "s"))
FLAGS = added((1, "<s>", "s"), (2, "</s>", "sr"), (3, "<mask>", "sl"), (4, "<sw>", "w"), (5, "zoo", "n"))


def flags_model():
    model = bpe()
    # The added tokens stand after the vocabulary's first four.
    return model


CASES = {}


def case(name, model=PLAIN, normalizer=None, pre=None, post=None, decoder=None, tokens=SPECIAL, truncation=None, padding=None):
    CASES[name] = {
        "version": "1.0", "truncation": truncation, "padding": padding, "added_tokens": tokens, "normalizer": normalizer,
        "pre_tokenizer": pre, "post_processor": post, "decoder": decoder, "model": model,
    }


for kind in ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"]:
    case(f"normalizer {kind}", normalizer={"type": kind})
for left, right in [(True, True), (True, False), (False, True)]:
    case(f"normalizer Strip {left} {right}", normalizer={"type": "Strip", "strip_left": left, "strip_right": right})
case("normalizer Prepend", normalizer={"type": "Prepend", "prepend": "▁x"})
case("normalizer Replace string", normalizer={"type": "Replace", "pattern": string(" "), "content": "▁"})
case("normalizer Replace expression", normalizer={"type": "Replace", "pattern": regex(r"\s+|[A-Z]"), "content": "<>"})
case("normalizer Replace beginning", normalizer={"type": "Replace", "pattern": regex(r"^"), "content": "▁▁"})
case("normalizer Replace with nothing", normalizer={"type": "Replace", "pattern": regex(r"\p{P}"), "content": ""})
case("normalizer Precompiled", normalizer={"type": "Precompiled", "precompiled_charsmap": charsmap()})
case(
    "normalizer Sequence",
    normalizer={"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True}]},
)
for clean in [True, False]:
    for accents in [None, True, False]:
        case(
            f"normalizer Bert {clean} {accents}",
            normalizer={"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": clean, "strip_accents": accents, "lowercase": accents is not False},
        )
for kind in ["BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts"]:
    case(f"pre-tokenizer {kind}", pre={"type": kind})
for behavior in ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]:
    case(f"pre-tokenizer Punctuation {behavior}", pre={"type": "Punctuation", "behavior": behavior})
    for invert in [False, True]:
        case(f"pre-tokenizer Split expression {behavior} {invert}", pre=split(regex(r"\w+|\p{So}"), behavior, invert))
        case(f"pre-tokenizer Split string {behavior} {invert}", pre=split(string("a"), behavior, invert))
case("pre-tokenizer Split empty matches", pre=split(regex(r"x*"), "Isolated"))
case("pre-tokenizer Split look behind", pre=split(regex(r"(?<=\d)(?=\D)|(?<=\D)(?=\d)"), "Isolated"))
case("pre-tokenizer Split properties", pre=split(regex(r"[^\P{L}A-Z]+|\p{^L}|[\p{Lu}\d]"), "Isolated"))
for each in [True, False]:
    case(f"pre-tokenizer Digits {each}", pre={"type": "Digits", "individual_digits": each})
for scheme in ["always", "first", "never"]:
    for cut in [True, False]:
        meta = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut}
        case(f"pre-tokenizer Metaspace {scheme} {cut}", pre=meta, decoder=meta)
case("pre-tokenizer CharDelimiterSplit", pre={"type": "CharDelimiterSplit", "delimiter": "l"})
case("pre-tokenizer FixedLength", pre={"type": "FixedLength", "length": 3})
for prefix in [True, False]:
    for cut in [True, False]:
        byte = {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": cut}
        for trim in [True, False]:
            case(
                f"ByteLevel {prefix} {cut} {trim}", BYTE_LEVEL, pre=byte, decoder=byte,
                post={"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim, "use_regex": cut},
            )
case("ByteLevel before others", BYTE_LEVEL, pre={"type": "Sequence", "pretokenizers": [BYTE, {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Contiguous"}]}, decoder=BYTE)
case("ByteLevel that lacks bytes", bpe(BYTES[:100], unk_token=None), pre=BYTE, decoder=BYTE)
for decoder in [
    {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "BPEDecoder", "suffix": "a"}, {"type": "Strip", "content": "▁", "start": 1, "stop": 0},
    {"type": "CTC", "pad_token": "a", "word_delimiter_token": "b", "cleanup": True}, {"type": "WordPiece", "prefix": "##", "cleanup": False},
    {"type": "Replace", "pattern": regex("[a-c]"), "content": "·"}, {"type": "Replace", "pattern": string("▁"), "content": " "},
]:
    case("decoder " + " ".join(map(str, decoder.values())), pre=METASPACE, decoder=decoder)
LLAMA = {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": string("▁"), "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
case("model BPE byte fallback", FALLBACK, normalizer={"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": string(" "), "content": "▁"}]}, decoder=LLAMA)
case("model BPE fused unknown", bpe("abelo ", MERGES[:1], fuse_unk=True))
case("model BPE unknown", bpe("abelo ", MERGES[:1]))
case("model BPE without unknown", bpe("abelo ", MERGES[:1], unk_token=None))
case("model BPE ignoring merges", bpe(BYTES, MERGES[:8], ignore_merges=True), pre=BYTE, decoder=BYTE)
suffixed = bpe(list("abcdeflo") + [c + "</w>" for c in "abcdeflo"], [("a", "b</w>"), ("l", "l"), ("ll", "o</w>")], end_of_word_suffix="</w>")
case("model BPE suffix", suffixed, pre={"type": "WhitespaceSplit"}, decoder={"type": "BPEDecoder", "suffix": "</w>"})
prefixed = bpe(list("abcdeflo") + ["##" + c for c in "abcdeflo"] + ["ab", "##lo"], [], continuing_subword_prefix="##")
prefixed["merges"] = ["a ##b", "##l ##o"]
case("model BPE prefix", prefixed, pre={"type": "WhitespaceSplit"})
for fallback in [False, True]:
    case(f"model Unigram {fallback}", unigram(fallback), pre=METASPACE, decoder=METASPACE, tokens=added((1, "<s>", "s"), (2, "</s>", "s")))
BERT = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
WORDPIECE_TOKENS = added((0, "[PAD]", "s"), (1, "[UNK]", "s"), (2, "[CLS]", "s"), (3, "[SEP]", "s"), (4, "[MASK]", "sl"))
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
    "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}},
}
for cleanup in [True, False]:
    case(f"model WordPiece {cleanup}", wordpiece(), BERT, {"type": "BertPreTokenizer"}, TEMPLATE, {"type": "WordPiece", "prefix": "##", "cleanup": cleanup}, WORDPIECE_TOKENS)
case("model WordLevel", {"type": "WordLevel", "vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, "<pad>": 3, "it": 4, "Hello": 5, ",": 6, "two": 7}, "unk_token": "<unk>"}, pre={"type": "Whitespace"})
case("post-processor Bert", wordpiece(), BERT, {"type": "BertPreTokenizer"}, {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, None, WORDPIECE_TOKENS)
for trim in [True, False]:
    case(f"post-processor Roberta {trim}", BYTE_LEVEL, pre=BYTE, decoder=BYTE, post={"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 1], "trim_offsets": trim, "add_prefix_space": trim})
case("post-processor Sequence", BYTE_LEVEL, pre=BYTE, decoder=BYTE, post={"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}, {**TEMPLATE, "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["<s>"]}, "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["</s>"]}}}]})
big = bpe()
for token in ["<mask>", "<sw>", "zoo", "[LOW]"]:
    big["vocab"].setdefault(token, len(big["vocab"]))
ids = big["vocab"]
case(
    "added tokens", big, normalizer={"type": "Lowercase"}, pre=METASPACE,
    tokens=added((1, "<s>", "s"), (2, "</s>", "sr"), (ids["<mask>"], "<mask>", "slr"), (ids["<sw>"], "<sw>", "w"), (ids["zoo"], "zoo", "n"), (ids["[LOW]"], "[LOW]", "n")),
)
for direction in ["Right", "Left"]:
    for strategy in ["LongestFirst", "OnlyFirst"]:
        case(
            f"limits {direction} {strategy}", wordpiece(), BERT, {"type": "BertPreTokenizer"}, TEMPLATE, None, WORDPIECE_TOKENS,
            truncation={"direction": direction, "max_length": 11, "strategy": strategy, "stride": 1},
            padding={"strategy": {"Fixed": 10}, "direction": direction, "pad_to_multiple_of": 4, "pad_id": 0, "pad_type_id": 7, "pad_token": "[PAD]"},
        )


def encoded(encoding):
    return {
        "ids": encoding.ids, "tokens": encoding.tokens, "offsets": encoding.offsets, "words": encoding.word_ids, "types": encoding.type_ids,
        "special": encoding.special_tokens_mask, "mask": encoding.attention_mask,
    }


def decoded(tokenizer, ids, **options):
    try:
        return tokenizer.decode(ids, **options)
    except BaseException:
        # Some decoders fail on an empty list.
        return None


with OUT.open("w", encoding="utf-8") as out:
    count = 0
    for name, description in CASES.items():
        tokenizer = Tokenizer.from_str(json.dumps(description))
        texts = []
        for i, text in enumerate(TEXTS):
            entry = {"text": text, **encoded(tokenizer.encode(text)), "plain": tokenizer.encode(text, add_special_tokens=False).ids}
            entry["decoded"] = decoded(tokenizer, entry["plain"], skip_special_tokens=False)
            entry["skipped"] = decoded(tokenizer, entry["ids"])
            if i % 5 == 3 and not ("OnlyFirst" in name):
                second = TEXTS[(i * 7) % len(TEXTS)]
                entry["second"] = second
                entry["pair"] = encoded(tokenizer.encode(text, second))
            texts.append(entry)
            count += 1
        out.write(json.dumps({"name": name, "tokenizers": tokenizers.__version__, "tokenizer": description, "texts": texts}, ensure_ascii=False, separators=(",", ":")) + "\n")
print(len(CASES), "tokenizers", count, "texts", OUT.stat().st_size, "bytes")
