#pragma once
// The arithmetic of a merge: rows of W + B·A.

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Adds a low-rank product to some rows of a matrix: target = weights + b · a.
///
/// Sums in float64. With `to_odd`, the float32 result is rounded to odd, so that rounding it once
/// more to a 16-bit format gives what rounding the float64 sum directly would; else to nearest even.
///
/// weights, target: [rows, columns]; b: [rows, rank]; a: [rank, columns]; all row-major.
/// `target` may be `weights`.
void graft_low_rank_update(const float *_Nonnull weights, const double *_Nonnull b,
                           const double *_Nonnull a, float *_Nonnull target, size_t rows,
                           size_t columns, size_t rank, bool to_odd);

#ifdef __cplusplus
}
#endif
