"""Real text of this machine for the tokenizer benchmarks: prose, many languages, source code.

Made of files that a Debian system has: manual pages, the documentation of packages, message
catalogues, Python's own library, C headers. Always the same on the same system.
"""

import gzip
import pathlib
import re
import struct
import sysconfig

MANUALS = pathlib.Path("/usr/share/man")
DOCUMENTATION = pathlib.Path("/usr/share/doc")
CATALOGUES = pathlib.Path("/usr/share/locale")
HEADERS = pathlib.Path("/usr/include")
ESCAPES = re.compile(r"\\(?:f(?:\[\w*\]|\(..|.)|s[-+]?\d|[&|^,/%)!]|\*\([\w.]+|-)")


def read(path):
    """The text of a file, packed or not, or nothing where it is not UTF-8."""
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (OSError, UnicodeDecodeError, EOFError):
        return ""


def plain(manual):
    """What a manual page says, without the requests and most escapes of roff."""
    lines = [line for line in manual.splitlines(True) if line[:1] not in (".", "'")]
    return ESCAPES.sub(lambda match: "-" if match.group() == "\\-" else "", "".join(lines))


def files(folder, *patterns):
    for pattern in patterns:
        yield from sorted(path for path in folder.glob(pattern)
                          if path.is_file() and not path.is_symlink())


def manuals(language=""):
    for path in files(MANUALS / language, "man[1-8]/*.gz"):
        yield plain(read(path))


def catalogue(language):
    """The translations of all programs, each on a line of its own."""
    for path in files(CATALOGUES, f"{language}/LC_MESSAGES/*.mo"):
        data = path.read_bytes()
        if data[:4] != b"\xde\x12\x04\x95":
            continue
        count, _, table = struct.unpack_from("<3I", data, 8)
        texts = []
        for index in range(1, count):  # the first is the catalogue's head
            length, start = struct.unpack_from("<2I", data, table + 8 * index)
            texts.append(data[start : start + length].replace(b"\0", b"\n"))
        try:
            yield b"\n".join(texts + [b""]).decode("utf-8")
        except UnicodeDecodeError:
            continue


def languages():
    return sorted(entry.name for entry in CATALOGUES.iterdir()
                  if (entry / "LC_MESSAGES").is_dir() and not entry.name.startswith("en"))


def documents(texts, size):
    """About `size` bytes of texts, in documents of some two thousand characters."""
    total, lines, length = 0, [], 0
    for text in texts:
        for line in text.splitlines(True):
            lines.append(line)
            length += len(line)
            if length > 2000:
                document = "".join(lines)
                total += len(document.encode())
                lines, length = [], 0
                yield document
                if total >= size:
                    return
    if lines:
        yield "".join(lines)


def english(size):
    def texts():
        for path in files(DOCUMENTATION, "*/RelNotes/*.txt*", "*/README*", "*/*.txt*", "*/*.md*"):
            yield read(path)
        yield from manuals()
    return list(documents(texts(), size))


def mixed(size):
    """As much of each language as there is room for: all manuals and messages."""
    names = languages()
    found = []
    for name in names:
        def texts(name=name):
            if (MANUALS / name).is_dir():
                yield from manuals(name)
            yield from catalogue(name)
        found.append(list(documents(texts(), max(4000, 2 * size // len(names)))))
    # In turns, so that any beginning of the list has every language.
    result, total = [], 0
    for turn in range(max(map(len, found))):
        for part in found:
            if turn < len(part) and total < size:
                result.append(part[turn])
                total += len(part[turn].encode())
    return result


def code(size):
    def texts():
        python = pathlib.Path(sysconfig.get_paths()["stdlib"])
        for pair in zip(files(python, "*.py", "*/*.py"), files(HEADERS, "*.h", "*/*.h")):
            yield from map(read, pair)
    return list(documents(texts(), size))
