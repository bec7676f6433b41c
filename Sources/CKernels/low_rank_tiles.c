#include <string.h>

#include "graft_clones.h"
#include "graft_low_rank.h"

// Eight lanes; the compiler splits or joins them for the registers that there are.
typedef double doubles __attribute__((vector_size(64)));
typedef int64_t longs __attribute__((vector_size(64)));
typedef float floats __attribute__((vector_size(32)));
typedef int32_t words __attribute__((vector_size(32)));

// The sums of some rows of half a vector line each stay in registers while the rank runs.
enum { block = graft_low_rank_tile, lanes = 8, vectors = 2, strip = lanes * vectors, high = 2 };

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

// To odd at float32's precision: what is cut off sets the last bit that stays. Numbers below
// float32's normal ones lose more on the way, which no 16-bit result but bfloat16 shows.
INLINE void round_to_odd(doubles *exact) {
  const longs cut = (longs){0} + 0x1FFFFFFF;
  const longs bits = (longs)*exact;
  const longs sticky = (bits & cut) + cut;  // carries into the last bit that stays
  *exact = (doubles)((bits | sticky) & ~cut);
}

// Some rows of one strip. Marks lanes of results beyond `limit`, or no numbers.
INLINE void update(const float *weights, float *target, size_t stride, const double *b,
                   const float *tile, size_t rank, int rows, bool to_odd, float limit,
                   words *outside) {
  doubles sum[high][vectors];
  UNROLLED for (int row = 0; row < rows; row++) {
    UNROLLED for (int v = 0; v < vectors; v++) sum[row][v] = (doubles){0};
  }
  for (size_t k = 0; k < rank; k++) {
    doubles line[vectors];
    UNROLLED for (int v = 0; v < vectors; v++) {
      floats narrow;
      memcpy(&narrow, tile + k * block + v * lanes, sizeof narrow);
      line[v] = __builtin_convertvector(narrow, doubles);
    }
    UNROLLED for (int row = 0; row < rows; row++) {
      const double factor = b[row * rank + k];
      UNROLLED for (int v = 0; v < vectors; v++) sum[row][v] += factor * line[v];
    }
  }
  UNROLLED for (int row = 0; row < rows; row++) {
    UNROLLED for (int v = 0; v < vectors; v++) {
      floats before;
      memcpy(&before, weights + row * stride + v * lanes, sizeof before);
      doubles exact = __builtin_convertvector(before, doubles) + sum[row][v];
      if (to_odd) round_to_odd(&exact);
      const floats result = __builtin_convertvector(exact, floats);
      const floats reach = (floats)((words)result & INT32_MAX);
      *outside |= ~(reach <= limit);
      memcpy(target + row * stride + v * lanes, &result, sizeof result);
    }
  }
}

INLINE void rows_of_strip(const float *weights, float *target, size_t stride, const double *b,
                          const float *tile, size_t rank, size_t rows, bool to_odd, float limit,
                          words *outside) {
  size_t row = 0;
  for (; row + high <= rows; row += high) {
    update(weights + row * stride, target + row * stride, stride, b + row * rank, tile, rank, high,
           to_odd, limit, outside);
  }
  for (; row < rows; row++) {
    update(weights + row * stride, target + row * stride, stride, b + row * rank, tile, rank, 1,
           to_odd, limit, outside);
  }
}

// The last columns, where they do not fill a strip: through a strip of their own.
INLINE void last_strip(const float *weights, float *target, size_t columns, size_t width,
                       const double *b, const float *tile, size_t rank, size_t rows, bool to_odd,
                       float limit, words *outside) {
  float place[strip];
  memset(place, 0, sizeof place);
  for (size_t row = 0; row < rows; row++) {
    memcpy(place, weights + row * columns, width * sizeof(float));
    update(place, place, strip, b + row * rank, tile, rank, 1, to_odd, limit, outside);
    memcpy(target + row * columns, place, width * sizeof(float));
  }
}

INLINE bool update_all(const float *weights, const double *b, const float *tiles, float *target,
                       size_t rows, size_t columns, size_t rank, bool to_odd, float limit) {
  words outside = {0};
  for (size_t start = 0; start < columns; start += strip) {
    const float *tile = tiles + start / block * block * rank + start % block;
    const size_t width = columns - start;
    if (width < strip) {
      last_strip(weights + start, target + start, columns, width, b, tile, rank, rows, to_odd,
                 limit, &outside);
    } else {
      rows_of_strip(weights + start, target + start, columns, b, tile, rank, rows, to_odd, limit,
                    &outside);
    }
  }
  int32_t any = 0;
  UNROLLED for (int i = 0; i < lanes; i++) any |= outside[i];
  return any == 0;
}

GRAFT_CLONES
bool graft_low_rank_update_tiles(const float *weights, const double *b, const float *tiles,
                                 float *target, size_t rows, size_t columns, size_t rank,
                                 bool to_odd, float limit) {
  return to_odd ? update_all(weights, b, tiles, target, rows, columns, rank, true, limit)
                : update_all(weights, b, tiles, target, rows, columns, rank, false, limit);
}
