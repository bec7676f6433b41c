#pragma once

#include <stddef.h>
#include <stdint.h>

// Dequantisation of GGML's block types to float32, with the arithmetic, in order and rounding,
// of the `gguf` Python package (checked with 0.19). `blocks` holds `count` whole blocks and needs no
// alignment; `out` has room for their weights.

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*graft_dequantizer)(
    const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);

// 32 weights a block.
void graft_dequantize_q4_0(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_q4_1(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_q5_0(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_q5_1(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_q8_0(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_iq4_nl(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_mxfp4(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);

// 256 weights a block.
void graft_dequantize_q4_k(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_q5_k(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_q6_k(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_q2_k(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_q3_k(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_iq4_xs(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_tq1_0(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_tq2_0(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);

// One weight a block: the numbers as they are.
void graft_dequantize_f32(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_f16(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);
void graft_dequantize_bf16(const uint8_t *_Nonnull blocks, float *_Nonnull out, size_t count);

#ifdef __cplusplus
}
#endif
