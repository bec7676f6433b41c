#pragma once
// The arithmetic of a proof: what a merged weight must be, and how far the stored one is from it.
// Written apart from the merge's, in float64 throughout.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a number is stored.
typedef enum { graft_f64, graft_f32, graft_f16, graft_bf16 } graft_number;

/// What a comparison counts and sums over elements.
typedef struct {
  size_t equal;       ///< the reference, rounded once
  size_t neighbours;  ///< one unit in the last place away
  size_t suspects;    ///< further away
  size_t not_finite;  ///< NaN or infinite
  size_t changed;     ///< another value than before
  double before;      ///< sum of squares before
  double wanted;      ///< sum of squares of the update in float64
  double moved;       ///< sum of squares of what changed
  double lost;        ///< sum of squares of the distance to the reference
  double largest;     ///< the largest magnitude of what changed
} graft_comparison;

/// Widens stored numbers to float64; exact.
void graft_verify_widen(const void *_Nonnull stored, graft_number type, double *_Nonnull out,
                        size_t count);

/// Lays `a`, [rank, columns], out for ``graft_verify_add_product``: strips of 32 columns, in each one
/// line per rank, the last strip filled up with zeros.
///
/// strips: room for rank * columns rounded up to a multiple of 32.
void graft_verify_strips(const double *_Nonnull a, double *_Nonnull strips, size_t columns,
                         size_t rank);

/// Adds b · a to some rows: out[rows, columns] += b[rows, rank] · a[rank, columns].
void graft_verify_add_product(double *_Nonnull out, const double *_Nonnull b,
                              const double *_Nonnull strips, size_t rows, size_t columns,
                              size_t rank);

/// Compares stored numbers with the reference, and adds to `result`.
///
/// suspects: room for `count` positions; those of elements that are two or more units in the last
/// place away are written, ``graft_comparison/suspects`` of this call's. A float64 element that is
/// not equal is a suspect.
///
/// Returns how many suspects there are.
size_t graft_verify_compare(const double *_Nonnull before, const double *_Nonnull expected,
                            const void *_Nonnull stored, graft_number type, size_t count,
                            uint32_t *_Nonnull suspects, graft_comparison *_Nonnull result);

/// Counts the stored numbers that are NaN or infinite.
size_t graft_verify_not_finite(const void *_Nonnull stored, graft_number type, size_t count);

/// sums[i, j] = the scalar product of lines i and j: lines [count, length], sums [count, count].
void graft_verify_gram(const double *_Nonnull lines, double *_Nonnull sums, size_t count,
                       size_t length);

#ifdef __cplusplus
}
#endif
