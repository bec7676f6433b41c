#!/usr/bin/env python3
"""Writes Sources/Tokenization/Text/UnicodeProperties+Table.swift.

Asks the `tokenizers` package itself, code point by code point, what its components take a
character for: its regular expression engines, its lower case, its compatibility decompositions,
its punctuation, marks, control characters and scripts.
"""
import pathlib
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CATEGORIES = (
    "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn"
).split()


def kept(split):
    """The code points that `split` leaves of a text that holds each one."""
    found = set()
    for start in range(0, len(SCALARS), 4096):
        text = "".join(map(chr, SCALARS[start : start + 4096]))
        for piece, _ in split.pre_tokenize_str(text):
            found.update(map(ord, piece))
    return found


def removed(split):
    return set(SCALARS) - kept(split)


def ranges(points):
    out = []
    for point in sorted(points):
        # The gap of the surrogates is no gap.
        if out and (point == out[-1][1] + 1 or (point == 0xE000 and out[-1][1] == 0xD7FF)):
            out[-1][1] = point
        else:
            out.append([point, point])
    return out


def wrap(numbers):
    lines, line = [], ""
    for number in numbers:
        number = f"{number:X}"
        if len(line) + len(number) + 1 > 92:
            lines.append(line)
            line = ""
        line += (" " if line else "") + number
    lines.append(line)
    return " \\\n".join("    " + line for line in lines)


def table(name, doc, numbers):
    print(name, len(numbers), "numbers")
    return f'  /// {doc}\n  static let {name}: StaticString = """\n{wrap(numbers)}\n    """\n'


def runs(name, doc, points):
    return table(name, f"{doc}: first and last of each run.", [n for r in ranges(points) for n in r])


def expansions(change):
    out = []
    for c in SCALARS:
        text = change(chr(c))
        if text != chr(c):
            out += [c, len(text)] + [ord(x) for x in text]
    return out


nfd = normalizers.NFD().normalize_str
nfkd = normalizers.NFKD().normalize_str
lower = normalizers.Lowercase().normalize_str
strip_accents = normalizers.StripAccents().normalize_str
bert_clean = normalizers.BertNormalizer(True, False, False, False).normalize_str
bert_strip = normalizers.BertNormalizer(False, False, True, False).normalize_str
words = pre_tokenizers.Whitespace().pre_tokenize_str
scripts = pre_tokenizers.UnicodeScripts().pre_tokenize_str

category_of = {}
for number, category in enumerate(CATEGORIES):
    if category == "Cs":
        continue
    for c in removed(pre_tokenizers.Split(Regex(rf"\p{{{category}}}"), "removed")):
        category_of[c] = number
categories, last = [], None
for c in SCALARS:
    if category_of.get(c) != last:
        last = category_of.get(c)
        categories += [c, last]
assert None not in categories


def is_any(c):
    return len(scripts("a" + c)) == 1 and len(scripts("京" + c)) == 1


def same_script(a, b):
    return len(scripts(a + b)) == 1


script_runs, known, last = [], [], -1
for c in SCALARS:
    if c == 0x20 or is_any(chr(c)):
        number = 0
    elif last > 0 and same_script(known[last - 1], chr(c)):
        number = last
    else:
        number = next((i + 1 for i, k in enumerate(known) if same_script(k, chr(c))), 0)
        if number == 0:
            known.append(chr(c))
            number = len(known)
    if number != last:
        script_runs += [c, number]
        last = number


def decomposes(c):
    return nfd(c) == c


compat = []
for c in SCALARS:
    text = nfkd(chr(c))
    if text != nfd(chr(c)):
        compat += [c, len(text)] + [ord(x) for x in text]

text = f"""// Written by Scripts/golden/make_unicode_tables.py with tokenizers {tokenizers.__version__}.

/// Properties of characters as hexadecimal numbers in text, which compiles fast.
enum UnicodeProperties {{
"""
text += "\n".join(
    [
        table("lowercase", "A code point, the length of its lower case, the lower case.", expansions(lower)),
        table(
            "compatibility",
            "A code point, the length of its compatibility decomposition, the decomposition.",
            compat,
        ),
        table("categories", "First code point of each run of a general category, the category.", categories),
        table("scripts", "First code point of each run of a script, the script; 0 is any.", script_runs),
        runs("engineWord", r"`\\w` of the expressions", removed(pre_tokenizers.Split(Regex(r"\w"), "removed"))),
        runs("word", r"`\\w` beside added tokens", [c for c in SCALARS if len(words("a" + chr(c))) == 1 and words(chr(c))]),
        runs("whiteSpace", "White space", removed(pre_tokenizers.WhitespaceSplit())),
        runs("punctuation", "Punctuation", removed(pre_tokenizers.Punctuation("removed"))),
        runs("combiningMarks", "Marks that StripAccents takes away", [c for c in SCALARS if strip_accents("a" + chr(c)) == "a"]),
        runs(
            "nonspacingMarks",
            "Marks that BertNormalizer takes away",
            [c for c in SCALARS if bert_strip("a" + chr(c)) == "a"],
        ),
        runs("controls", "Characters that BertNormalizer cleans away", [c for c in SCALARS if bert_clean("a" + chr(c)) == "a"]),
    ]
).replace("\\\\w", "\\w")
text += "}\n"
(ROOT / "Sources/Tokenization/Text/UnicodeProperties+Table.swift").write_text(text)
