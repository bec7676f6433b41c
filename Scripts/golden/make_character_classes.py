#!/usr/bin/env python3
"""Writes Sources/Tokenization/Text/CharacterClasses+Table.swift.

Asks the `tokenizers` package itself, code point by code point, what its regular expression
engine takes for a letter, a number and white space, and what its Digits component takes for a
digit, so that the hand-written scanners agree with it on every character.
"""
import pathlib
import tokenizers
from tokenizers import Regex, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def members(split):
    """The code points that `split` takes out of a text that holds each one, between two others."""
    found = []
    for start in range(0, len(SCALARS), 4096):
        block = SCALARS[start : start + 4096]
        text = "".join(map(chr, block))
        for piece, _ in split.pre_tokenize_str(text):
            found += map(ord, piece)
    return found


def ranges(points):
    out = []
    for point in points:
        # The gap of the surrogates is no gap.
        if out and (point == out[-1][1] + 1 or (point == 0xE000 and out[-1][1] == 0xD7FF)):
            out[-1][1] = point
        else:
            out.append([point, point])
    return out


def table(name, doc, split):
    points = members(split)
    numbers = [f"0x{n:X}" for pair in ranges(points) for n in pair]
    lines, line = [], "   "
    for number in numbers:
        if len(line) + len(number) + 2 > 100:
            lines.append(line)
            line = "   "
        line += f" {number},"
    lines.append(line)
    print(name, len(points), "code points", len(numbers) // 2, "ranges")
    return f"  /// {doc}\n  static let {name}: [UInt32] = [\n" + "\n".join(lines) + "\n  ]\n"


def inside(pattern):
    return pre_tokenizers.Split(Regex(f"[^{pattern}]"), "removed")


class Digits:
    """Each digit comes out of Digits alone; other characters are told apart by a check of its own."""

    def pre_tokenize_str(self, text):
        digits = pre_tokenizers.Digits(individual_digits=True)
        return [
            (c, None)
            for c in text
            if len(digits.pre_tokenize_str("a" + c + "a")) == 3
        ]


text = f"""// Written by Scripts/golden/make_character_classes.py with tokenizers {tokenizers.__version__}.

extension CharacterClasses {{
"""
text += "\n".join(
    [
        table("letters", "First and last code points of the runs of `\\p{L}`.", inside(r"\p{L}")),
        table("numbers", "First and last code points of the runs of `\\p{N}`.", inside(r"\p{N}")),
        table("spaces", "First and last code points of the runs of `\\s`.", inside(r"\s")),
        table("digits", "First and last code points of the runs of Digits' characters.", Digits()),
    ]
)
text += "}\n"
target = ROOT / "Sources/Tokenization/Text/CharacterClasses+Table.swift"
target.parent.mkdir(parents=True, exist_ok=True)
target.write_text(text)
