#include "block_parts.h"
#include "graft_blocks.h"
#include "graft_clones.h"

// Blocks of fewer than four bits a weight, and those whose bits choose from a table.

// The results must be the same bits on every instruction set: no fused multiply-add.
#pragma STDC FP_CONTRACT OFF

// Block: 16 bytes of a 4-bit scale and a 4-bit minimum, 64 bytes of four 2-bit numbers, f16 d,
// f16 dmin. A half of the block is 4 groups of 32 that share their 32 bytes.
GRAFT_CLONES
void graft_dequantize_q2_k(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 84, out += 256) {
    float d = load_half(blocks + 80);
    float dmin = load_half(blocks + 82);
    for (int g = 0; g < 8; g++) {
      const uint8_t *q = blocks + 16 + g / 4 * 32;
      int shift = g % 4 * 2;
      for (int i = 0; i < 32; i++) {
        uint8_t scale = blocks[g * 2 + i / 16];
        float step = d * (float)(scale & 15);
        float base = dmin * (float)(scale >> 4);
        out[g * 32 + i] = step * (float)(q[i] >> shift & 3) - base;
      }
    }
  }
}

// Block: 32 bytes of third bits, 64 bytes of four 2-bit numbers, 12 bytes of 6-bit scales, f16 d.
// Bit `g` of high byte `i` belongs to weight `i` of group `g`; without it the number is 4 lower.
GRAFT_CLONES
void graft_dequantize_q3_k(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 110, out += 256) {
    float d = load_half(blocks + 108);
    const uint8_t *scales = blocks + 96;
    float steps[16];
    for (int s = 0; s < 16; s++) {
      int low = scales[s % 8] >> (s / 8 * 4) & 15;
      int high = scales[8 + s % 4] >> (s / 4 * 2) & 3;
      steps[s] = d * (float)((low | high << 4) - 32);
    }
    for (int g = 0; g < 8; g++) {
      const uint8_t *q = blocks + 32 + g / 4 * 32;
      int shift = g % 4 * 2;
      for (int i = 0; i < 32; i++) {
        int value = (q[i] >> shift & 3) - (blocks[i] >> g & 1 ? 0 : 4);
        out[g * 32 + i] = steps[g * 2 + i / 16] * (float)value;
      }
    }
  }
}

static const float uneven[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                 1,    13,   25,  38,  53,  69,  89,  113};

// Block: f16 d, 16 bytes of two 4-bit places in the table; the low halves come first.
GRAFT_CLONES
void graft_dequantize_iq4_nl(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 18, out += 32) {
    float d = load_half(blocks);
    const uint8_t *q = blocks + 2;
    for (int i = 0; i < 16; i++) {
      out[i] = d * uneven[q[i] & 15];
      out[i + 16] = d * uneven[q[i] >> 4];
    }
  }
}

// Block: f16 d, 2 bytes of high scale bits, 4 bytes of low ones, 8 groups as in IQ4_NL.
GRAFT_CLONES
void graft_dequantize_iq4_xs(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 136, out += 256) {
    float d = load_half(blocks);
    int high = load16(blocks + 2);
    for (int g = 0; g < 8; g++) {
      int scale = (blocks[4 + g / 2] >> (g % 2 * 4) & 15) | (high >> (g * 2) & 3) << 4;
      float step = d * (float)(scale - 32);
      const uint8_t *q = blocks + 8 + g * 16;
      for (int i = 0; i < 16; i++) {
        out[g * 32 + i] = step * uneven[q[i] & 15];
        out[g * 32 + i + 16] = step * uneven[q[i] >> 4];
      }
    }
  }
}

static const float doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// Block: an exponent, 16 bytes of two 4-bit floats, of which the table holds the doubles.
GRAFT_CLONES
void graft_dequantize_mxfp4(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 17, out += 32) {
    uint32_t e = blocks[0];
    float d = float_of(e < 2 ? 0x00200000u << e : (e - 1) << 23);
    const uint8_t *q = blocks + 1;
    for (int i = 0; i < 16; i++) {
      out[i] = d * doubled[q[i] & 15];
      out[i + 16] = d * doubled[q[i] >> 4];
    }
  }
}

// The number -1, 0 or 1 at place `n` of a byte that holds five of them, as a fraction to base 3.
static inline float third(uint8_t byte, int n) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  uint8_t rest = (uint8_t)(byte * powers[n]);
  return (float)((rest * 3 >> 8) - 1);
}

// Block: 32 bytes of five numbers of three values, 16 more, 4 bytes of four, f16 d.
GRAFT_CLONES
void graft_dequantize_tq1_0(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 54, out += 256) {
    float d = load_half(blocks + 52);
    for (int i = 0; i < 160; i++) out[i] = d * third(blocks[i % 32], i / 32);
    for (int i = 0; i < 80; i++) out[160 + i] = d * third(blocks[32 + i % 16], i / 16);
    for (int i = 0; i < 16; i++) out[240 + i] = d * third(blocks[48 + i % 4], i / 4);
  }
}

// Block: 64 bytes of four 2-bit numbers of three values, f16 d.
GRAFT_CLONES
void graft_dequantize_tq2_0(const uint8_t *blocks, float *out, size_t count) {
  for (size_t b = 0; b < count; b++, blocks += 66, out += 256) {
    float d = load_half(blocks + 64);
    for (int g = 0; g < 8; g++) {
      const uint8_t *q = blocks + g / 4 * 32;
      int shift = g % 4 * 2;
      for (int i = 0; i < 32; i++) out[g * 32 + i] = d * (float)((q[i] >> shift & 3) - 1);
    }
  }
}
