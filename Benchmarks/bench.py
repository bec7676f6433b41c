"""What the benchmark scripts share: where things are, tensors from disk, a verdict."""

import json
import os
import pathlib
import resource
import struct
import subprocess
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo" / "out"
SHARED = pathlib.Path(os.environ.get("GRAFT_SHARED", ROOT.parent / "shared"))
ZOO = SHARED / "zoo" / "cases"
BUILT = pathlib.Path(os.environ.get("GRAFT_BUILT", ROOT / ".build" / "release"))
GRAFT, ENGINE = BUILT / "graft", BUILT / "graft-engine"
WIDTH = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}


def run(*command, **keywords):
    """Runs a command that must succeed; returns its standard output."""
    command = [str(word) for word in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          **keywords)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def demo_model():
    """The directory of the demo's model; made by `graft convert` where it is not there yet."""
    model = DEMO / "model"
    if not model.exists():
        gguf = run(ROOT / "Scripts" / "get-demo-model").strip()
        model.parent.mkdir(parents=True, exist_ok=True)
        run(GRAFT, "convert", gguf, "-o", model)
    return model


def read_header(file):
    """Name to (dtype, shape, first byte, last byte) of one safetensors file."""
    with open(file, "rb") as stream:
        size, = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(size))
    header.pop("__metadata__", None)
    return {name: (entry["dtype"], entry["shape"], *(8 + size + x for x in entry["data_offsets"]))
            for name, entry in header.items()}


class Tensors:
    """All tensors of a directory's safetensors files, read one at a time."""

    def __init__(self, folder):
        self.entries = {}
        for file in sorted(pathlib.Path(folder).glob("*.safetensors")):
            for name, entry in read_header(file).items():
                self.entries[name] = (file, *entry)

    def bits(self, name):
        """(dtype, array of unsigned integers with the tensor's bits)"""
        file, dtype, shape, start, end = self.entries[name]
        with open(file, "rb") as stream:
            stream.seek(start)
            raw = stream.read(end - start)
        return dtype, np.frombuffer(raw, f"<u{WIDTH[dtype]}").reshape(shape)

    def values(self, name):
        """float64, exactly"""
        dtype, bits = self.bits(name)
        if dtype == "BF16":
            return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
        return bits.view({"F64": "f8", "F32": "f4", "F16": "f2"}[dtype]).astype(np.float64)


def write_safetensors(path, tensors, metadata=None):
    """tensors: name to (dtype, array that holds the bits)"""
    header, offset = {"__metadata__": metadata or {"format": "pt"}}, 0
    for name, (dtype, array) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(array.shape),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())


class OtherLoad:
    """How many processors other programs kept busy since this was made (Linux)."""

    def __init__(self):
        self.started, self.busy = time.monotonic(), self._busy()

    @staticmethod
    def _busy():
        with open("/proc/stat") as file:
            ticks = [int(word) for word in file.readline().split()[1:]]
        mine = sum(sum(resource.getrusage(who)[:2])
                   for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return (sum(ticks[:8]) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK") - mine

    def value(self):
        return max(0.0, (self._busy() - self.busy) / (time.monotonic() - self.started))


def table(rows):
    """Prints rows of cells, the first one as the heading."""
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


def verdict(script, passed, **numbers):
    """Prints the JSON line, and ends with status 1 where a bound was missed."""
    print(json.dumps({"script": script, "passed": bool(passed), **numbers}), flush=True)
    sys.exit(0 if passed else 1)
