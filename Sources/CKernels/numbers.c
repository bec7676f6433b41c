#include "graft_numbers.h"

#include <string.h>

#include "graft_clones.h"

static inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

static inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

GRAFT_CLONES
void graft_bf16_to_f32(const uint16_t *restrict source, float *restrict target, size_t count) {
  for (size_t i = 0; i < count; i++) target[i] = float_of((uint32_t)source[i] << 16);
}

GRAFT_CLONES
void graft_f32_to_bf16(const float *restrict source, uint16_t *restrict target, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = bits_of(source[i]);
    const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    const uint32_t quiet = (bits >> 16) | 0x40;
    target[i] = (uint16_t)((bits & 0x7FFFFFFF) > 0x7F800000 ? quiet : rounded);
  }
}

// The exponent is re-biased by one exact multiplication, which also normalises subnormals.
GRAFT_CLONES
void graft_f16_to_f32(const uint16_t *restrict source, float *restrict target, size_t count) {
  const float scale = float_of(0x77800000);  // 2^112
  for (size_t i = 0; i < count; i++) {
    const uint32_t half = source[i];
    const uint32_t sign = (half & 0x8000) << 16;
    const uint32_t magnitude = (half & 0x7FFF) << 13;
    const uint32_t finite = bits_of(float_of(magnitude) * scale);
    const uint32_t special = magnitude | 0x7F800000;
    target[i] = float_of(sign | ((half & 0x7C00) == 0x7C00 ? special : finite));
  }
}

// Normal results round in integers; subnormal ones by adding a number whose last place is the
// half's last place.
GRAFT_CLONES
void graft_f32_to_f16(const float *restrict source, uint16_t *restrict target, size_t count) {
  const float magic = float_of(0x3F000000);  // 0.5
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = bits_of(source[i]);
    const uint32_t sign = (bits >> 16) & 0x8000;
    const uint32_t magnitude = bits & 0x7FFFFFFF;
    const uint32_t normal = (magnitude - 0x38000000 + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
    const uint32_t subnormal = bits_of(float_of(magnitude) + magic) - bits_of(magic);
    const uint32_t nan = 0x7E00 | ((magnitude >> 13) & 0x3FF);
    uint32_t half = magnitude < 0x38800000 ? subnormal : normal;
    if (magnitude >= 0x47800000) half = 0x7C00;
    if (magnitude > 0x7F800000) half = nan;
    target[i] = (uint16_t)(sign | half);
  }
}
