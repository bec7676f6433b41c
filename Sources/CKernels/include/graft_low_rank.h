#pragma once
// The arithmetic of a merge: rows of W + B·A.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/// The columns of one tile of ``graft_low_rank_tiles``, and the largest rank that the fast way takes.
enum { graft_low_rank_tile = 64, graft_low_rank_limit = 1024 };

/// Lays `a`, [rank, columns], out for the two below: tiles of 64 columns, in each
/// one line of 64 numbers per rank, the last tile filled up with zeros.
///
/// tiles: room for rank * columns rounded up to a multiple of 64, and one number more per tile.
void graft_low_rank_tiles(const float *_Nonnull a, float *_Nonnull tiles, size_t columns,
                          size_t rank);

/// As ``graft_low_rank_update``, from the tiles of ``graft_low_rank_tiles``: the same sums in the
/// same order, in registers.
///
/// With `to_odd`, float32 results below its normal numbers are not rounded to odd, so that a
/// second rounding serves float16 and not bfloat16.
///
/// weights, target: [rows, columns], may be the same; b: [rows, rank].
///
/// Returns false where a result is beyond `limit` in magnitude, or not a number.
bool graft_low_rank_update_tiles(const float *_Nonnull weights, const double *_Nonnull b,
                                 const float *_Nonnull tiles, float *_Nonnull target, size_t rows,
                                 size_t columns, size_t rank, bool to_odd, float limit);

/// Adds a low-rank product to bfloat16 rows in place: the float64 sum, rounded once to nearest even.
///
/// The same bits as ``graft_low_rank_update`` and one rounding give, at the cost of float32: sums
/// in float32 with a bound on their error, and in float64 those few whose rounding the bound leaves
/// open.
///
/// weights: [rows, columns] of bfloat16; b: [rows, rank], at most 1024 wide; tiles: see
/// ``graft_low_rank_tiles``; scratch: room for rows * (rank + 1) numbers.
///
/// Returns false where a sum is not finite, or beyond bfloat16; `weights` then holds nothing of use.
bool graft_low_rank_update_bf16(uint16_t *_Nonnull weights, const double *_Nonnull b,
                                const float *_Nonnull tiles, float *_Nonnull scratch, size_t rows,
                                size_t columns, size_t rank);

#ifdef __cplusplus
}
#endif
