#pragma once
// The numbers that blocks are made of.

#include <stdint.h>
#include <string.h>

static inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static inline uint16_t load16(const uint8_t *bytes) {
  return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t load32(const uint8_t *bytes) {
  return (uint32_t)load16(bytes) | (uint32_t)load16(bytes + 2) << 16;
}

// The value of a float16. The fraction of a subnormal counts units of 2^-24, the last place of
// the numbers from 0.5 to 1; others are scaled, which leaves infinity and NaN what they are.
static inline float load_half(const uint8_t *bytes) {
  uint32_t half = load16(bytes);
  uint32_t rest = half & 0x7FFF;
  float normal = float_of((rest << 13) + (224u << 23)) * 0x1p-112f;
  float value = rest < 0x0400 ? float_of(0x3F000000u | rest) - 0.5f : normal;
  return half & 0x8000 ? -value : value;
}
