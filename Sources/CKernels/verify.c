#include "graft_verify.h"

#include <math.h>
#include <string.h>

#include "graft_clones.h"

#define INLINE static inline __attribute__((always_inline))

// Columns whose sums stay in registers while the rank runs.
enum { tile = 32 };

// Elements whose results stay in the first-level cache between two passes.
enum { chunk = 512 };

// Partial sums, so that neither speed nor result depends on one chain of additions.
enum { lanes = 8 };

INLINE float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

INLINE uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

INLINE double half_value(uint16_t half) {
  const uint32_t magnitude = half & 0x7FFF;
  const double normal = float_of((magnitude << 13) + 0x38000000u);
  const double small = (double)magnitude * 0x1p-24;
  const double special = magnitude == 0x7C00 ? INFINITY : NAN;
  const double value = magnitude >= 0x7C00 ? special : magnitude < 0x0400 ? small : normal;
  return half & 0x8000 ? -value : value;
}

GRAFT_CLONES
void graft_verify_widen(const void *stored, graft_number type, double *out, size_t count) {
  switch (type) {
    case graft_f64: memcpy(out, stored, count * sizeof(double)); break;
    case graft_f32: {
      const float *from = stored;
      for (size_t i = 0; i < count; i++) out[i] = from[i];
      break;
    }
    case graft_f16: {
      const uint16_t *from = stored;
      for (size_t i = 0; i < count; i++) out[i] = half_value(from[i]);
      break;
    }
    case graft_bf16: {
      const uint16_t *from = stored;
      for (size_t i = 0; i < count; i++) out[i] = float_of((uint32_t)from[i] << 16);
      break;
    }
  }
}

void graft_verify_strips(const double *a, double *strips, size_t columns, size_t rank) {
  for (size_t start = 0; start < columns; start += tile) {
    for (size_t k = 0; k < rank; k++) {
      for (size_t j = 0; j < tile; j++) {
        *strips++ = start + j < columns ? a[k * columns + start + j] : 0;
      }
    }
  }
}

GRAFT_CLONES
void graft_verify_add_product(double *out, const double *b, const double *strips, size_t rows,
                              size_t columns, size_t rank) {
  for (size_t start = 0; start < columns; start += tile, strips += rank * tile) {
    const size_t width = columns - start < tile ? columns - start : tile;
    for (size_t row = 0; row < rows; row++) {
      double sum[tile];
      for (size_t j = 0; j < tile; j++) sum[j] = 0;
      for (size_t k = 0; k < rank; k++) {
        const double factor = b[row * rank + k];
        const double *restrict line = strips + k * tile;
        for (size_t j = 0; j < tile; j++) sum[j] += factor * line[j];
      }
      double *to = out + row * columns + start;
      if (width == tile) {
        for (size_t j = 0; j < tile; j++) to[j] += sum[j];
      } else {
        for (size_t j = 0; j < width; j++) to[j] += sum[j];
      }
    }
  }
}

// Numbers of one type and sign are neighbours where their bits are; both zeros have place 0.
INLINE int32_t place32(uint32_t bits) {
  const int32_t magnitude = (int32_t)(bits & 0x7FFFFFFF);
  return bits >> 31 ? -magnitude : magnitude;
}

INLINE int32_t place16(uint32_t bits) {
  const int32_t magnitude = (int32_t)(bits & 0x7FFF);
  return bits & 0x8000 ? -magnitude : magnitude;
}

// What lies exactly between two numbers in float32 does so by chance where float32 was rounded to:
// the float64 number then says which side it is on.
INLINE uint32_t tie(double exact, float nearest, uint32_t odd) {
  const double distance = fabs(exact) - fabs((double)nearest);
  return distance > 0 ? 1 : distance < 0 ? 0 : odd;
}

INLINE uint32_t to_brain(double exact) {
  const float nearest = (float)exact;
  const uint32_t bits = bits_of(nearest);
  const uint32_t rest = bits & 0xFFFF;
  const uint32_t up = rest == 0x8000 ? tie(exact, nearest, (bits >> 16) & 1) : rest > 0x8000;
  return (bits >> 16) + up;
}

INLINE uint32_t to_half(double exact) {
  const float nearest = (float)exact;
  const uint32_t bits = bits_of(nearest);
  const uint32_t sign = (bits >> 16) & 0x8000;
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude >= 0x47800000) return sign | 0x7C00;
  uint32_t digits, cut;
  if (magnitude >= 0x38800000) {
    digits = magnitude - 0x38000000;
    cut = 13;
  } else {
    cut = 126 - (magnitude >> 23);
    if (cut > 24) return sign;
    digits = (magnitude & 0x7FFFFF) | 0x800000;
  }
  const uint32_t whole = digits >> cut;
  const uint32_t rest = digits & ((1u << cut) - 1);
  const uint32_t middle = 1u << (cut - 1);
  const uint32_t up = rest == middle ? tie(exact, nearest, whole & 1) : rest > middle;
  return sign | (whole + up);
}

// In place of a distance, where the stored number is NaN or infinite.
enum { not_finite = INT32_MAX };

// The distances of one chunk, in units in the last place.
INLINE void distances(const double *expected, const void *stored, graft_number type, size_t count,
                      int32_t *out) {
  switch (type) {
    case graft_f64: {
      const double *found = stored;
      for (size_t i = 0; i < count; i++) {
        const int32_t distance = found[i] == expected[i] ? 0 : 2;
        out[i] = fabs(found[i]) <= 0x1.fffffffffffffp1023 ? distance : not_finite;
      }
      break;
    }
    case graft_f32: {
      const uint32_t *found = stored;
      for (size_t i = 0; i < count; i++) {
        const int64_t distance =
            (int64_t)place32(found[i]) - place32(bits_of((float)expected[i]));
        const int64_t size = distance < 0 ? -distance : distance;
        const int32_t near = size > 2 ? 2 : (int32_t)size;
        out[i] = (found[i] & 0x7F800000) == 0x7F800000 ? not_finite : near;
      }
      break;
    }
    case graft_f16: {
      const uint16_t *found = stored;
      for (size_t i = 0; i < count; i++) {
        const int32_t distance = place16(found[i]) - place16(to_half(expected[i]));
        const int32_t size = distance < 0 ? -distance : distance;
        out[i] = (found[i] & 0x7C00) == 0x7C00 ? not_finite : size;
      }
      break;
    }
    case graft_bf16: {
      const uint16_t *found = stored;
      for (size_t i = 0; i < count; i++) {
        const int32_t distance = place16(found[i]) - place16(to_brain(expected[i]));
        const int32_t size = distance < 0 ? -distance : distance;
        out[i] = (found[i] & 0x7F80) == 0x7F80 ? not_finite : size;
      }
      break;
    }
  }
}

GRAFT_CLONES
size_t graft_verify_compare(const double *before, const double *expected, const void *stored,
                            graft_number type, size_t count, uint32_t *suspects,
                            graft_comparison *result) {
  const size_t size = type == graft_f64 ? 8 : type == graft_f32 ? 4 : 2;
  size_t suspect_count = 0;
  double sums[4][lanes] = {{0}}, largest[lanes] = {0}, changed[lanes] = {0};
  for (size_t start = 0; start < count; start += chunk) {
    const size_t width = count - start < chunk ? count - start : chunk;
    const void *from = (const char *)stored + start * size;
    const double *old = before + start, *wanted = expected + start;
    double found[chunk];
    int32_t distance[chunk];
    graft_verify_widen(from, type, found, width);
    distances(wanted, from, type, width, distance);
    uint32_t equal = 0, neighbours = 0, broken = 0;
    for (size_t i = 0; i < width; i++) {
      equal += distance[i] == 0;
      neighbours += distance[i] == 1;
      broken += distance[i] == not_finite;
    }
    size_t i = 0;
    for (; i + lanes <= width; i += lanes) {
      for (size_t j = 0; j < lanes; j++) {
        const double was = old[i + j], want = wanted[i + j] - was, moved = found[i + j] - was;
        const double lost = found[i + j] - wanted[i + j], reach = fabs(moved);
        sums[0][j] += was * was;
        sums[1][j] += want * want;
        sums[2][j] += moved * moved;
        sums[3][j] += lost * lost;
        largest[j] = reach > largest[j] ? reach : largest[j];
        changed[j] += found[i + j] != was ? 1.0 : 0.0;
      }
    }
    for (; i < width; i++) {
      const double was = old[i], want = wanted[i] - was, moved = found[i] - was;
      const double lost = found[i] - wanted[i];
      sums[0][0] += was * was;
      sums[1][0] += want * want;
      sums[2][0] += moved * moved;
      sums[3][0] += lost * lost;
      largest[0] = fabs(moved) > largest[0] ? fabs(moved) : largest[0];
      changed[0] += found[i] != was ? 1.0 : 0.0;
    }
    result->equal += equal;
    result->neighbours += neighbours;
    result->not_finite += broken;
    if (equal + neighbours == width) continue;
    for (i = 0; i < width; i++) {
      if (distance[i] > 1 && distance[i] != not_finite)
        suspects[suspect_count++] = (uint32_t)(start + i);
    }
  }
  result->suspects += suspect_count;
  for (size_t j = 0; j < lanes; j++) {
    result->before += sums[0][j];
    result->wanted += sums[1][j];
    result->moved += sums[2][j];
    result->lost += sums[3][j];
    result->changed += (size_t)changed[j];
    result->largest = largest[j] > result->largest ? largest[j] : result->largest;
  }
  return suspect_count;
}

GRAFT_CLONES
size_t graft_verify_not_finite(const void *stored, graft_number type, size_t count) {
  size_t found = 0;
  switch (type) {
    case graft_f64: {
      const double *from = stored;
      for (size_t i = 0; i < count; i++) found += !(fabs(from[i]) <= 0x1.fffffffffffffp1023);
      break;
    }
    case graft_f32: {
      const uint32_t *from = stored;
      for (size_t i = 0; i < count; i++) found += (from[i] & 0x7F800000) == 0x7F800000;
      break;
    }
    case graft_f16:
    case graft_bf16: {
      const uint16_t exponent = type == graft_f16 ? 0x7C00 : 0x7F80;
      const uint16_t *from = stored;
      for (size_t start = 0; start < count; start += 32768) {
        const size_t end = count - start < 32768 ? count : start + 32768;
        uint16_t some = 0;
        for (size_t i = start; i < end; i++) some += (from[i] & exponent) == exponent;
        found += some;
      }
      break;
    }
  }
  return found;
}

GRAFT_CLONES
void graft_verify_gram(const double *lines, double *sums, size_t count, size_t length) {
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j <= i; j++) {
      const double *restrict x = lines + i * length;
      const double *restrict y = lines + j * length;
      double part[lanes] = {0};
      size_t k = 0;
      for (; k + lanes <= length; k += lanes) {
        for (size_t l = 0; l < lanes; l++) part[l] += x[k + l] * y[k + l];
      }
      double sum = 0;
      for (; k < length; k++) sum += x[k] * y[k];
      for (size_t l = 0; l < lanes; l++) sum += part[l];
      sums[i * count + j] = sums[j * count + i] = sum;
    }
  }
}
