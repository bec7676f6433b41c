#!/usr/bin/env python3
"""The rotary frequency factors of Llama 3 scaling, as llama.cpp's converter stores them.

  llama3_factors.py [HEAD_DIM [THETA [FACTOR]]]

Prints default frequency / scaled frequency for each pair. Used with 8, 500000 and 32 by the tests
of `graft convert`, made with transformers 5.23.0 and torch 2.13.0.
"""
import sys

import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

head = int(sys.argv[1]) if len(sys.argv) > 1 else 8
theta = float(sys.argv[2]) if len(sys.argv) > 2 else 500000.0
factor = float(sys.argv[3]) if len(sys.argv) > 3 else 32.0
config = LlamaConfig(
    head_dim=head, hidden_size=head * 4, num_attention_heads=4, max_position_embeddings=131072,
    rope_parameters={
        "rope_type": "llama3", "rope_theta": theta, "factor": factor, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
    })
scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
plain = 1.0 / theta ** (torch.arange(0, head, 2, dtype=torch.float32) / head)
print([float(x) for x in plain / scaled])
