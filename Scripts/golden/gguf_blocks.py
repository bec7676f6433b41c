#!/usr/bin/env python3
"""Random GGUF blocks and what the `gguf` Python package makes of them.

  gguf_blocks.py FOLDER [SEED [BLOCKS]]

For each type writes TYPE.blocks (raw blocks) and TYPE.f32 (the float32 numbers, little-endian).
The scales of the blocks are finite, the quantised bits are random. Tests/Fixtures/gguf-blocks
was made with seed 1 and 6 blocks by gguf 0.19.0 and numpy 2.4.6.
"""
import pathlib
import sys

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as T
from gguf.quants import dequantize

# Where the float16 scales of a block stand, in bytes.
SCALES = {
    T.F32: [], T.F16: [0], T.BF16: [], T.Q8_0: [0], T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0],
    T.Q5_1: [0, 2], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208],
    T.Q2_K: [80, 82], T.Q3_K: [108], T.IQ4_NL: [0], T.IQ4_XS: [0], T.MXFP4: [], T.TQ1_0: [52],
    T.TQ2_0: [64],
}


def main():
    folder = pathlib.Path(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 6
    folder.mkdir(parents=True, exist_ok=True)
    for kind, places in SCALES.items():
        rng = np.random.default_rng([seed, kind.value])
        size, width = GGML_QUANT_SIZES[kind]
        blocks = rng.integers(0, 256, (count * (32 if size == 1 else 1), width), dtype=np.uint8)
        for place in places:
            # Every float16 but infinities and NaNs: normal, subnormal, zero, of either sign.
            bits = rng.integers(0, 0x7C00, len(blocks)) | rng.integers(0, 2, len(blocks)) << 15
            blocks[:, place : place + 2] = bits.astype("<u2").view(np.uint8).reshape(-1, 2)
        if kind in (T.F32, T.BF16):
            blocks[:, -1] &= 0xBF  # exponent below 192: no infinity, no NaN
        (folder / f"{kind.name}.blocks").write_bytes(blocks.tobytes())
        floats = dequantize(blocks.reshape(1, -1) if size > 1 else blocks.reshape(-1).view(
            {T.F32: "<f4", T.F16: "<f2"}.get(kind, np.uint8)), kind)
        (folder / f"{kind.name}.f32").write_bytes(np.asarray(floats, "<f4").tobytes())


main()
