#include "graft_blocks.h"

#include <string.h>

#include "block_parts.h"
#include "graft_clones.h"

// The results must be the same bits on every instruction set: no fused multiply-add.
#pragma STDC FP_CONTRACT OFF

// Block: f16 d, 16 bytes of two 4-bit numbers; the low halves come first.
GRAFT_CLONES
void graft_dequantize_q4_0(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 18, out += 32) {
    float d = load_half(blocks);
    const uint8_t *q = blocks + 2;
    for (int i = 0; i < 16; i++) {
      out[i] = d * (float)((q[i] & 15) - 8);
      out[i + 16] = d * (float)((q[i] >> 4) - 8);
    }
  }
}

// Block: f16 d, f16 m, 16 bytes of two 4-bit numbers.
GRAFT_CLONES
void graft_dequantize_q4_1(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 20, out += 32) {
    float d = load_half(blocks);
    float m = load_half(blocks + 2);
    const uint8_t *q = blocks + 4;
    for (int i = 0; i < 16; i++) {
      out[i] = d * (float)(q[i] & 15) + m;
      out[i + 16] = d * (float)(q[i] >> 4) + m;
    }
  }
}

// Block: f16 d, 32 fifth bits, 16 bytes of two 4-bit numbers.
GRAFT_CLONES
void graft_dequantize_q5_0(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 22, out += 32) {
    float d = load_half(blocks);
    uint32_t high = load32(blocks + 2);
    const uint8_t *q = blocks + 6;
    for (int i = 0; i < 16; i++) {
      int low = (q[i] & 15) | (int)((high >> i) & 1) << 4;
      int up = (q[i] >> 4) | (int)((high >> (i + 16)) & 1) << 4;
      out[i] = d * (float)(low - 16);
      out[i + 16] = d * (float)(up - 16);
    }
  }
}

// Block: f16 d, f16 m, 32 fifth bits, 16 bytes of two 4-bit numbers.
GRAFT_CLONES
void graft_dequantize_q5_1(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 24, out += 32) {
    float d = load_half(blocks);
    float m = load_half(blocks + 2);
    uint32_t high = load32(blocks + 4);
    const uint8_t *q = blocks + 8;
    for (int i = 0; i < 16; i++) {
      int low = (q[i] & 15) | (int)((high >> i) & 1) << 4;
      int up = (q[i] >> 4) | (int)((high >> (i + 16)) & 1) << 4;
      out[i] = d * (float)low + m;
      out[i + 16] = d * (float)up + m;
    }
  }
}

// Block: f16 d, 32 signed bytes.
GRAFT_CLONES
void graft_dequantize_q8_0(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 34, out += 32) {
    float d = load_half(blocks);
    const uint8_t *q = blocks + 2;
    for (int i = 0; i < 32; i++) out[i] = (float)(int8_t)q[i] * d;
  }
}

// The 6-bit scale and minimum of group `j` of 8, out of 12 bytes.
static inline void scale_and_min(const uint8_t *s, int j, int *scale, int *min) {
  if (j < 4) {
    *scale = s[j] & 63;
    *min = s[j + 4] & 63;
  } else {
    *scale = (s[j + 4] & 15) | ((s[j - 4] >> 2) & 48);
    *min = (s[j + 4] >> 4) | ((s[j] >> 2) & 48);
  }
}

// Block: f16 d, f16 dmin, 12 bytes of scales, 128 bytes of 4-bit numbers. Each 32 bytes hold two
// groups of 32: the low halves, then the high ones.
GRAFT_CLONES
void graft_dequantize_q4_k(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 144, out += 256) {
    float d = load_half(blocks);
    float dmin = load_half(blocks + 2);
    for (int j = 0; j < 8; j++) {
      int scale, min;
      scale_and_min(blocks + 4, j, &scale, &min);
      float step = d * (float)scale;
      float base = dmin * (float)min;
      const uint8_t *q = blocks + 16 + j / 2 * 32;
      int shift = j % 2 * 4;
      for (int i = 0; i < 32; i++) out[j * 32 + i] = step * (float)(q[i] >> shift & 15) - base;
    }
  }
}

// As Q4_K, with 32 bytes of fifth bits before the 4-bit numbers: bit `j` of byte `i` belongs to
// weight `i` of group `j`.
GRAFT_CLONES
void graft_dequantize_q5_k(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 176, out += 256) {
    float d = load_half(blocks);
    float dmin = load_half(blocks + 2);
    const uint8_t *high = blocks + 16;
    for (int j = 0; j < 8; j++) {
      int scale, min;
      scale_and_min(blocks + 4, j, &scale, &min);
      float step = d * (float)scale;
      float base = dmin * (float)min;
      const uint8_t *q = blocks + 48 + j / 2 * 32;
      int shift = j % 2 * 4;
      for (int i = 0; i < 32; i++) {
        int value = (q[i] >> shift & 15) | (high[i] >> j & 1) << 4;
        out[j * 32 + i] = step * (float)value - base;
      }
    }
  }
}

// Block: 128 bytes of low 4 bits, 64 bytes of high 2 bits, 16 signed scales, f16 d. A half of the
// block is 4 groups of 32: groups 0 and 2 share their 32 low bytes, 1 and 3 the next 32, and all
// four share 32 high bytes.
GRAFT_CLONES
void graft_dequantize_q6_k(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 210, out += 256) {
    float d = load_half(blocks + 208);
    for (int g = 0; g < 8; g++) {
      int half = g / 4;
      int group = g % 4;
      const uint8_t *low = blocks + half * 64 + group % 2 * 32;
      const uint8_t *high = blocks + 128 + half * 32;
      const uint8_t *scales = blocks + 192 + g * 2;
      int low_shift = group / 2 * 4;
      int high_shift = group * 2;
      for (int i = 0; i < 32; i++) {
        int value = (low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4;
        float step = d * (float)(int8_t)scales[i / 16];
        out[g * 32 + i] = step * (float)(value - 32);
      }
    }
  }
}

void graft_dequantize_f32(const uint8_t *blocks, float *out, size_t count) {
  memcpy(out, blocks, count * sizeof(float));
}

GRAFT_CLONES
void graft_dequantize_f16(const uint8_t *blocks, float *out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = load_half(blocks + 2 * i);
}

GRAFT_CLONES
void graft_dequantize_bf16(const uint8_t *blocks, float *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    out[i] = float_of((uint32_t)load16(blocks + 2 * i) << 16);
  }
}
