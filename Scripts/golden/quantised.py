#!/usr/bin/env python3
"""Quantises small weights with bitsandbytes and torch, and stores them with what those make of them.

Usage: quantised.py Tests/CheckpointTests/Fixtures/quantised.safetensors
Made with bitsandbytes 0.50.2 and torch 2.13.0 on a CPU.
"""

import sys

import bitsandbytes.functional as bnb
import torch
from safetensors.torch import save_file

torch.manual_seed(7)
out = {}


def four_bits(name, kind, nested, dtype, shape):
    codes, state = bnb.quantize_4bit(
        torch.randn(shape).to(dtype), quant_type=kind, compress_statistics=nested, blocksize=64)
    out[f"{name}.weight"] = codes
    for key, value in state.as_dict(packed=True).items():
        out[f"{name}.weight.{key}"] = value
    out[f"expected.{name}.weight"] = bnb.dequantize_4bit(codes, state)


four_bits("nf4", "nf4", False, torch.bfloat16, (7, 48))
four_bits("nf4_nested", "nf4", True, torch.bfloat16, (40, 96))
four_bits("fp4", "fp4", False, torch.float16, (5, 33 * 2))
four_bits("fp4_nested", "fp4", True, torch.float32, (6, 64))

codes, factors, _ = bnb.int8_vectorwise_quant(torch.randn(6, 32, dtype=torch.float16))
out["int8.weight"], out["int8.SCB"] = codes, factors
out["int8.weight_format"] = torch.tensor(0, dtype=torch.uint8)
out["expected.int8.weight"] = bnb.int8_vectorwise_dequant(codes, factors).to(torch.float16)

for name, dtype in (("fp8", torch.bfloat16), ("fp8_f32", torch.float32)):
    weight = torch.arange(256, dtype=torch.uint8)
    weight = weight[weight & 0x7F != 0x7F].repeat(4)[: 6 * 160].view(torch.float8_e4m3fn).view(6, 160)
    factors = torch.rand(2, 2) + 0.01
    spread = factors.repeat_interleave(4, 0)[:6].repeat_interleave(128, 1)[:, :160]
    out[f"{name}.weight"], out[f"{name}.weight_scale_inv"] = weight, factors
    out[f"expected.{name}.weight"] = (weight.float() * spread).to(dtype)

save_file({key: value.contiguous() for key, value in out.items()}, sys.argv[1])
