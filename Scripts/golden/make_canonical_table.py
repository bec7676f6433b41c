#!/usr/bin/env python3
"""Writes Sources/Tokenization/Text/CanonicalForms+Table.swift.

Asks the `tokenizers` package itself how it decomposes, orders and composes every code point, so
that normalization agrees with its version of Unicode.
"""
import pathlib
import tokenizers
from tokenizers import normalizers

ROOT = pathlib.Path(__file__).resolve().parents[2]
nfd = normalizers.NFD().normalize_str
nfc = normalizers.NFC().normalize_str
HANGUL = range(0xAC00, 0xAC00 + 11172)
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and c not in HANGUL]

decompositions, compositions, marks = [], [], []
for c in SCALARS:
    text = nfd(chr(c))
    if text != chr(c):
        parts = [ord(x) for x in text]
        decompositions.append([c, len(parts)] + parts)
        if nfc(chr(c)) == chr(c) and len(parts) > 1:
            first = nfc(text[:-1])
            assert len(first) == 1, hex(c)
            assert nfc(first + text[-1]) == chr(c), hex(c)
            compositions.append([ord(first), parts[-1], c])
    # A mark moves behind a mark of class 1, or before one of class 240.
    elif nfd("\u0345" + chr(c)) != "\u0345" + chr(c) or nfd(chr(c) + "\u0334") != chr(c) + "\u0334":
        marks.append(c)
# Classes are numbered by their order among the marks; only the order matters.
def precedes(a, b):
    return nfd(chr(b) + chr(a)) != chr(b) + chr(a)


classes = []
for mark in marks:
    for group in classes:
        if not precedes(mark, group[0]) and not precedes(group[0], mark):
            group.append(mark)
            break
    else:
        classes.append([mark])
classes = sorted(classes, key=lambda group: sum(precedes(other[0], group[0]) for other in classes))
runs = []
for number, group in enumerate(classes, 1):
    start = previous = None
    for mark in group + [None]:
        if mark is None or previous is None or mark != previous + 1:
            if previous is not None:
                runs.append([start, previous, number])
            start = mark
        previous = mark


def table(name, doc, rows):
    lines, line = [], "   "
    for number in (n for row in rows for n in row):
        text = f" 0x{number:X}," if number > 99 else f" {number},"
        if len(line) + len(text) > 100:
            lines.append(line)
            line = "   "
        line += text
    lines.append(line)
    return f"  /// {doc}\n  static let {name}: [UInt32] = [\n" + "\n".join(lines) + "\n  ]\n"


text = f"""// Written by Scripts/golden/make_canonical_table.py with tokenizers {tokenizers.__version__}.

extension CanonicalForms {{
"""
text += "\n".join([
    table("decompositions", "A code point, the number of its parts, its parts in full.", decompositions),
    table("compositions", "Two code points and the one that they make.", compositions),
    table("marks", "First and last code points of runs of marks, and the number of their class.", runs),
])
(ROOT / "Sources/Tokenization/Text/CanonicalForms+Table.swift").write_text(text + "}\n")
print(len(decompositions), "decompositions", len(compositions), "compositions", len(marks), "marks", len(classes), "classes")
