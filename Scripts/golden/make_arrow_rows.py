#!/usr/bin/env python3
"""Writes Tests/DatasetsTests/Fixtures/arrow: small Arrow files of every kind of column, by pyarrow.

rows.json beside them holds the same rows by pyarrow's own reading. Needs pyarrow and datasets.
"""
import datetime
import json
import pathlib
import tempfile

import datasets
import pyarrow as pa

FOLDER = pathlib.Path(__file__).parents[2] / "Tests/DatasetsTests/Fixtures/arrow"
FOLDER.mkdir(parents=True, exist_ok=True)

message = pa.struct([("role", pa.string()), ("content", pa.large_string())])
table = pa.table({
    "text": pa.array(["a", None, "ü\n", ""], pa.string()),
    "big": pa.array(["x", "yy", None, "\U0001F600"], pa.large_string()),
    "flag": pa.array([True, None, False, True], pa.bool_()),
    **{f"{kind}": pa.array([1, None, 0, 100], getattr(pa, kind)()) for kind in (
        "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")},
    "least": pa.array([-2**63, 2**63 - 1, -1, None], pa.int64()),
    "most": pa.array([2**64 - 1, 0, 1, None], pa.uint64()),
    "half": pa.array([1.5, None, -0.25, 65504.0], pa.float16()),
    "single": pa.array([1.5, None, -0.1, 3e38], pa.float32()),
    "double": pa.array([0.1, None, -0.0, 1e300], pa.float64()),
    "nothing": pa.nulls(4),
    "messages": pa.array(
        [[{"role": "user", "content": "q"}, {"role": "assistant", "content": None}], [], None,
         [None, {"role": None, "content": "z"}]], pa.list_(message)),
    "deep": pa.array([[["a"], []], None, [], [["b", None]]], pa.large_list(pa.list_(pa.string()))),
    "three": pa.array([[1, 2, 3], None, [4, 5, 6], [7, None, 9]], pa.list_(pa.int16(), 3)),
    "word": pa.array(["low", "high", "low", None]).dictionary_encode(),
})
unused = {
    "when": pa.array([datetime.datetime(2026, 1, 1)] * 4), "raw": pa.array([b"x"] * 4),
    "price": pa.array([None] * 4, pa.decimal128(5, 2))}
whole = table
for name, column in unused.items():
    whole = whole.add_column(1, name, column)
with pa.OSFile(str(FOLDER / "stream.arrow"), "wb") as file:
    with pa.ipc.new_stream(file, whole.schema) as writer:
        writer.write_table(whole, max_chunksize=3)
with pa.OSFile(str(FOLDER / "file.arrow"), "wb") as file:
    with pa.ipc.new_file(file, whole.schema) as writer:
        writer.write_table(whole)
with pa.OSFile(str(FOLDER / "packed.arrow"), "wb") as file:
    with pa.ipc.new_file(file, whole.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(whole)
(FOLDER / "rows.json").write_text("\n".join(json.dumps(row) for row in table.to_pylist()) + "\n")

rows = [{"prompt": f"q {i}", "chosen": [{"role": "assistant", "content": "y" * i}], "label": i % 2}
        for i in range(5)]
with tempfile.TemporaryDirectory() as folder:
    datasets.Dataset.from_list(rows).save_to_disk(folder)
    saved = next(pathlib.Path(folder).glob("*.arrow")).read_bytes()
(FOLDER / "saved.arrow").write_bytes(saved)
(FOLDER / "saved.json").write_text("\n".join(map(json.dumps, rows)) + "\n")
