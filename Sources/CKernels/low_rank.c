#include "graft_low_rank.h"

#include <stdint.h>
#include <string.h>

#include "graft_clones.h"

// A block of this many columns of `a` stays in the first-level cache while all rows pass over it.
enum { block = 64 };

// Rounds to odd: an inexact result gets its last bit set, on the side of the truth nearer to zero.
static inline float round_to_odd(double exact) {
  float nearest = (float)exact;
  uint32_t bits;
  memcpy(&bits, &nearest, 4);
  const double back = nearest;
  const double magnitude = exact < 0 ? -exact : exact;
  const double reached = back < 0 ? -back : back;
  const uint32_t truncated = reached > magnitude ? bits - 1 : bits;
  const uint32_t odd = truncated | 1;
  bits = back == exact || exact != exact ? bits : odd;
  memcpy(&nearest, &bits, 4);
  return nearest;
}

GRAFT_CLONES
void graft_low_rank_update(const float *weights, const double *b, const double *a, float *target,
                           size_t rows, size_t columns, size_t rank, bool to_odd) {
  for (size_t start = 0; start < columns; start += block) {
    const size_t width = columns - start < block ? columns - start : block;
    for (size_t row = 0; row < rows; row++) {
      double sum[block];
      if (width == block) {
        for (size_t j = 0; j < block; j++) sum[j] = 0;
        for (size_t k = 0; k < rank; k++) {
          const double factor = b[row * rank + k];
          const double *restrict line = a + k * columns + start;
          for (size_t j = 0; j < block; j++) sum[j] += factor * line[j];
        }
      } else {
        for (size_t j = 0; j < width; j++) sum[j] = 0;
        for (size_t k = 0; k < rank; k++) {
          const double factor = b[row * rank + k];
          const double *restrict line = a + k * columns + start;
          for (size_t j = 0; j < width; j++) sum[j] += factor * line[j];
        }
      }
      const float *from = weights + row * columns + start;
      float *to = target + row * columns + start;
      if (to_odd) {
        for (size_t j = 0; j < width; j++) to[j] = round_to_odd((double)from[j] + sum[j]);
      } else {
        for (size_t j = 0; j < width; j++) to[j] = (float)((double)from[j] + sum[j]);
      }
    }
  }
}
