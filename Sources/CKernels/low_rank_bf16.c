#include <math.h>
#include <string.h>

#include "graft_clones.h"
#include "graft_low_rank.h"

// Eight lanes; the compiler splits or joins them for the registers that there are.
typedef float floats __attribute__((vector_size(32)));
typedef uint32_t words __attribute__((vector_size(32)));
typedef uint16_t halves __attribute__((vector_size(16)));

// The sums of a tile stay in registers while the rank runs.
enum { block = graft_low_rank_tile, lanes = 8, vectors = block / lanes };

// Bytes of tiles that stay in the first-level cache while all rows pass over them.
enum { group_bytes = 16384 };

// How many rows ahead weights are called into the cache.
enum { ahead = 2 };

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

static inline float widen(uint16_t half) {
  const uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

// float32 rounds by at most 2^-24 of the result.
static const float unit = 0x1p-24f;

// The largest finite bfloat16 number, as float32 bits.
static const uint32_t limit = 0x7F7F0000;

// A finite float64 number to bfloat16, in one rounding: through the float32 number towards zero
// whose last bit is set if anything was cut off.
static inline uint16_t narrow_once(double exact) {
  const float nearest = (float)exact;
  uint32_t bits = bits_of(nearest);
  if ((double)nearest != exact) {
    if (fabs((double)nearest) > fabs(exact)) bits -= 1;
    bits |= 1;
  }
  return (uint16_t)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

void graft_low_rank_tiles(const float *a, float *tiles, size_t columns, size_t rank) {
  // Behind the tiles, the largest magnitude of each.
  float *largest = tiles + (columns + block - 1) / block * block * rank;
  for (size_t start = 0; start < columns; start += block) {
    const float *tile = tiles;
    const size_t width = columns - start < block ? columns - start : block;
    for (size_t k = 0; k < rank; k++, tiles += block) {
      memcpy(tiles, a + k * columns + start, width * sizeof(float));
      memset(tiles + width, 0, (block - width) * sizeof(float));
    }
    float most = 0;
    for (const float *number = tile; number < tiles; number++) {
      most = fabsf(*number) > most || isnan(*number) ? fabsf(*number) : most;
    }
    *largest++ = most;
  }
}

// One row of a tile. `bound` is how far a sum of products may be from the truth. Returns false
// where a result is not finite.
INLINE bool update(uint16_t *place, size_t width, const double *exact_factors,
                   const float *factors, const float *tile, size_t rank, float bound) {
  floats sum[vectors];
  UNROLLED for (int v = 0; v < vectors; v++) sum[v] = (floats){0};
  for (size_t k = 0; k < rank; k++) {
    const float factor = factors[k];
    UNROLLED for (int v = 0; v < vectors; v++) {
      floats line;
      memcpy(&line, tile + k * block + v * lanes, sizeof line);
      sum[v] += factor * line;
    }
  }
  uint16_t before[block], result[block];
  const uint16_t *from = place;
  if (width < block) {
    memset(before, 0, sizeof before);
    memcpy(before, place, width * sizeof(uint16_t));
    from = before;
  }
  // The truth lies strictly between `low` and `high`. Where both round to one number, half a unit
  // away from zero or not, that number is the answer.
  words doubt = {0}, outside = {0};
  UNROLLED for (int v = 0; v < vectors; v++) {
    halves half;
    memcpy(&half, from + v * lanes, sizeof half);
    const words wide = __builtin_convertvector(half, words) << 16;
    const floats value = (floats)wide + sum[v];
    const floats reach = (floats)((words)value & 0x7FFFFFFF);
    const floats error = reach * (2 * unit) + bound;
    const words low = (words)(value - error) + 0x8000;
    const words high = (words)(value + error) + 0x8000;
    const words outer = (words)(reach + error);
    doubt |= low ^ high;
    outside |= outer + (0x7FFFFFFF - limit);  // the sign bit where it is above
    const halves rounded = __builtin_convertvector(low >> 16, halves);
    memcpy(result + v * lanes, &rounded, sizeof rounded);
  }
  uint32_t any_doubt = 0, any_outside = 0;
  UNROLLED for (int i = 0; i < lanes; i++) {
    any_doubt |= doubt[i];
    any_outside |= outside[i];
  }
  if (any_outside >> 31) return false;
  if (any_doubt >> 16) {
    float sums[block];
    memcpy(sums, sum, sizeof sums);
    for (size_t j = 0; j < width; j++) {
      const float value = widen(from[j]) + sums[j];
      const float error = fabsf(value) * (2 * unit) + bound;
      const uint32_t low = bits_of(value - error) + 0x8000;
      const uint32_t high = bits_of(value + error) + 0x8000;
      if (low >> 16 == high >> 16) continue;
      double exact = 0;
      for (size_t k = 0; k < rank; k++) exact += exact_factors[k] * tile[k * block + j];
      result[j] = narrow_once((double)widen(from[j]) + exact);
    }
  }
  memcpy(place, result, width * sizeof(uint16_t));
  return true;
}

GRAFT_CLONES
bool graft_low_rank_update_bf16(uint16_t *weights, const double *b, const float *tiles,
                                float *scratch, size_t rows, size_t columns, size_t rank) {
  if (rank == 0 || rank > graft_low_rank_limit) return rank == 0;
  const size_t tile_size = rank * block;
  const float *largest = tiles + (columns + block - 1) / block * tile_size;
  size_t group = group_bytes / sizeof(float) / tile_size * block;
  if (group < block) group = block;
  // Each product and each sum rounds by `unit`, the factor was rounded before.
  const float share = (float)(2 * rank + 8) * unit;
  float *reaches = scratch + rows * rank;
  for (size_t row = 0; row < rows; row++) {
    float total = 0;
    for (size_t k = 0; k < rank; k++) {
      const float factor = (float)b[row * rank + k];
      scratch[row * rank + k] = factor;
      total += fabsf(factor);
    }
    reaches[row] = total * share;
  }
  for (size_t first = 0; first < columns; first += group) {
    const size_t end = columns - first < group ? columns : first + group;
    for (size_t row = 0; row < rows; row++) {
      for (size_t start = first; start < end; start += block) {
        const size_t width = end - start < block ? end - start : block;
        // Rows lie far apart; the CPU does not guess the next one by itself.
        const size_t next_row = row + ahead < rows ? row + ahead : row;
        const char *next = (const char *)(weights + next_row * columns + start);
        __builtin_prefetch(next, 1);
        __builtin_prefetch(next + 64, 1);
        // The constant covers what underflows.
        const float bound = reaches[row] * largest[start / block] + 0x1p-130f;
        if (!update(weights + row * columns + start, width, b + row * rank, scratch + row * rank,
                    tiles + start / block * tile_size, rank, bound))
          return false;
      }
    }
  }
  return true;
}
