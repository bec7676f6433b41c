#include "graft_sha256.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

// FIPS 180-4, 4.2.2.
static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

bool graft_sha256_is_available(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b >> 29 & 1)) return false;
  return __get_cpuid(1, &a, &b, &c, &d) && (c >> 19 & 1);  // SHA, SSE4.1
}

#define GRAFT_SHA __attribute__((target("sha,sse4.1")))

// The instructions want the words as {A, B, E, F} and {C, D, G, H}, the highest first.
GRAFT_SHA static inline void load(const uint32_t *state, __m128i *abef, __m128i *cdgh) {
  const __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
  const __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
  *abef = _mm_alignr_epi8(low, high, 8);
  *cdgh = _mm_blend_epi16(high, low, 0xF0);
}

GRAFT_SHA static inline void store(uint32_t *state, __m128i abef, __m128i cdgh) {
  const __m128i low = _mm_shuffle_epi32(abef, 0x1B);
  const __m128i high = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xF0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

GRAFT_SHA static inline __m128i message(const uint8_t *bytes) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes), swap);
}

// Four rounds with the schedule's words `m[step % 4]`, which become those of four steps later.
GRAFT_SHA static inline __attribute__((always_inline)) void rounds(
    int step, __m128i *abef, __m128i *cdgh, __m128i *m) {
  __m128i *now = &m[step & 3];
  const __m128i next = m[(step + 1) & 3], third = m[(step + 2) & 3], last = m[(step + 3) & 3];
  const __m128i k = _mm_load_si128((const __m128i *)&constants[4 * step]);
  const __m128i words = _mm_add_epi32(*now, k);
  *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, words);
  if (step < 12) {
    const __m128i sum = _mm_add_epi32(
        _mm_sha256msg1_epu32(*now, next), _mm_alignr_epi8(last, third, 4));
    *now = _mm_sha256msg2_epu32(sum, last);
  }
  *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(words, 0x0E));
}

GRAFT_SHA
void graft_sha256(uint32_t *state, const uint8_t *bytes, size_t count) {
  __m128i abef, cdgh;
  load(state, &abef, &cdgh);
  for (; count > 0; count--, bytes += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i m[4];
    for (int i = 0; i < 4; i++) m[i] = message(bytes + 16 * i);
#pragma clang loop unroll(full)
    for (int step = 0; step < 16; step++) rounds(step, &abef, &cdgh, m);
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  store(state, abef, cdgh);
}

GRAFT_SHA
void graft_sha256_pair(uint32_t *first_state, const uint8_t *first_bytes, uint32_t *second_state,
                       const uint8_t *second_bytes, size_t count) {
  __m128i abef[2], cdgh[2];
  load(first_state, &abef[0], &cdgh[0]);
  load(second_state, &abef[1], &cdgh[1]);
  for (; count > 0; count--, first_bytes += 64, second_bytes += 64) {
    const __m128i abef_before[2] = {abef[0], abef[1]}, cdgh_before[2] = {cdgh[0], cdgh[1]};
    __m128i m[2][4];
    for (int i = 0; i < 4; i++) {
      m[0][i] = message(first_bytes + 16 * i);
      m[1][i] = message(second_bytes + 16 * i);
    }
#pragma clang loop unroll(full)
    for (int step = 0; step < 16; step++) {
      rounds(step, &abef[0], &cdgh[0], m[0]);
      rounds(step, &abef[1], &cdgh[1], m[1]);
    }
    for (int i = 0; i < 2; i++) {
      abef[i] = _mm_add_epi32(abef[i], abef_before[i]);
      cdgh[i] = _mm_add_epi32(cdgh[i], cdgh_before[i]);
    }
  }
  store(first_state, abef[0], cdgh[0]);
  store(second_state, abef[1], cdgh[1]);
}

#else

bool graft_sha256_is_available(void) { return false; }

void graft_sha256(uint32_t *state, const uint8_t *bytes, size_t count) {
  (void)state, (void)bytes, (void)count;
}

void graft_sha256_pair(uint32_t *first_state, const uint8_t *first_bytes, uint32_t *second_state,
                       const uint8_t *second_bytes, size_t count) {
  (void)first_state, (void)first_bytes, (void)second_state, (void)second_bytes, (void)count;
}

#endif
