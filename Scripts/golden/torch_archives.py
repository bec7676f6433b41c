#!/usr/bin/env python3
"""Files that torch.save writes, ordinary and odd, and what torch reads from them.

  torch_archives.py FOLDER [--many]

For each NAME.pt writes NAME.safetensors with the tensors that torch.load gives, made contiguous.
Tests/Fixtures/torch-archives was made with torch 2.13.0 and safetensors 0.8.0. --many adds an
archive of more entries than a zip directory can count without zip64.
"""
import io
import pathlib
import pickle
import sys
import zipfile
from collections import OrderedDict

import torch
from safetensors.torch import save_file

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
torch.manual_seed(1)


def write(name, state, root=None, load=None, **options):
    """Saves `root` (or `state`) as NAME.pt and `state` as NAME.safetensors."""
    path = folder / f"{name}.pt"
    torch.save(state if root is None else root, path, **options)
    truth(name, state)
    return path


def truth(name, state):
    save_file({key: value.detach().clone().contiguous() for key, value in state.items()},
              folder / f"{name}.safetensors")


def rezip(source, name, method=zipfile.ZIP_STORED, zip64=False, change=lambda entry, data: data):
    """The same entries in another zip archive."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(folder / f"{name}.pt", "w") as new:
        for entry in old.infolist():
            info = zipfile.ZipInfo(entry.filename)
            info.compress_type = method
            with new.open(info, "w", force_zip64=zip64) as out:
                out.write(change(entry.filename, old.read(entry)))


def types():
    numbers = torch.randn(3, 4)
    state = OrderedDict((str(kind).removeprefix("torch."), numbers.to(kind)) for kind in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn,
        torch.float8_e5m2))
    for kind in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16,
                 torch.uint32, torch.uint64):
        state[str(kind).removeprefix("torch.")] = torch.arange(12).reshape(3, 4).to(kind)
    state["bool"] = numbers > 0
    state["scalar"] = torch.tensor(2.5)
    state["empty"] = torch.zeros(0, 4)
    state["parameter"] = torch.nn.Parameter(torch.randn(2, 2))
    state._metadata = OrderedDict({"": {"version": 1}})
    return state


def views():
    base = torch.arange(24, dtype=torch.float32)
    grid = base.reshape(4, 6)
    cube = base.reshape(2, 3, 4)
    return {
        "base": base, "tied": base, "grid": grid, "transposed": grid.t(), "rows": grid[1:3],
        "columns": grid[:, 1:4], "tail": base[20:], "every_third": base[::3],
        "permuted": cube.permute(2, 0, 1), "swapped": cube.transpose(1, 2)[1:],
        "expanded": base[3].expand(3, 2), "diagonal": grid.diagonal(),
        "transposed_bf16": torch.randn(3, 5).bfloat16().t(),
    }


def main():
    small = {"a": torch.randn(2, 3), "b": torch.randn(4).bfloat16()}
    path = write("types", types())
    write("views", views())
    write("legacy", types(), _use_new_zipfile_serialization=False)
    write("legacy_views", views(), _use_new_zipfile_serialization=False)
    write("wrapped", small, root={"epoch": 3, "state_dict": small, "optimizer": {"lr": 1e-3}})
    for version in (3, 4, 5):
        write(f"protocol{version}", small, pickle_protocol=version)
    module = torch.nn.Linear(2, 2)
    module.weight.extra = "kept as an attribute"
    write("attributes", dict(module.named_parameters()))
    rezip(path, "deflated", zipfile.ZIP_DEFLATED)
    truth("deflated", types_again := torch.load(path))
    rezip(path, "zip64", zip64=True)
    truth("zip64", types_again)
    widths = {key: value.element_size() for key, value in small.items()}
    plain = write("plain", small)

    def swap(name, data):
        if name.endswith("byteorder"):
            return b"big"
        if "/data/" not in name:
            return data
        width = list(widths.values())[int(name.rsplit("/", 1)[1])]
        return b"".join(data[i:i + width][::-1] for i in range(0, len(data), width))

    rezip(plain, "big_endian", change=swap)
    loaded = torch.load(folder / "big_endian.pt")
    assert all(torch.equal(loaded[key], small[key]) for key in small)
    truth("big_endian", loaded)
    write("value_head", {"v_head.summary.weight": torch.randn(1, 8),
                         "v_head.summary.bias": torch.tensor([0.25])})
    if "--many" in sys.argv:
        write("many", {f"t{i}": torch.tensor([float(i)]) for i in range(70_000)})


main()
