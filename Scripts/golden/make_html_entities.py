#!/usr/bin/env python3
"""Writes Sources/ChatTemplate/Library/HTMLEntities+Table.swift from Python's own table."""
import html.entities
import pathlib
import platform

TARGET = "Sources/ChatTemplate/Library/HTMLEntities+Table.swift"
words = []
for name, text in sorted(html.entities.html5.items()):
    codes = ",".join(f"{ord(c):X}" for c in text)
    words.append(f"{name}={codes}")
lines, line = [], "    "
for word in words:
    if len(line) + len(word) > 96:
        lines.append(line + "\\")
        line = "    "
    line += word + " "
lines.append(line.rstrip())
pathlib.Path(__file__).resolve().parents[2].joinpath(TARGET).write_text(
    f"// Written by Scripts/golden/make_html_entities.py with Python {platform.python_version()}.\n\n"
    "extension HTMLEntities {\n"
    "  /// Each name, with its semicolon where it must have one, and its code points.\n"
    '  static let table = """\n' + "\n".join(lines) + '\n    """\n}\n')
