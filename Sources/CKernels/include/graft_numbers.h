#pragma once
// Conversions between number formats, element by element. Buffers need no alignment beyond their
// element type's and must not overlap.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Widens bfloat16 to float32; exact.
void graft_bf16_to_f32(const uint16_t *_Nonnull source, float *_Nonnull target, size_t count);

/// Rounds float32 to bfloat16, to nearest even; a NaN becomes a quiet NaN.
void graft_f32_to_bf16(const float *_Nonnull source, uint16_t *_Nonnull target, size_t count);

/// Widens IEEE half precision to float32; exact.
void graft_f16_to_f32(const uint16_t *_Nonnull source, float *_Nonnull target, size_t count);

/// Rounds float32 to IEEE half precision, to nearest even; too large becomes infinite.
void graft_f32_to_f16(const float *_Nonnull source, uint16_t *_Nonnull target, size_t count);

#ifdef __cplusplus
}
#endif
