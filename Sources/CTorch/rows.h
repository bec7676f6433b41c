// Row-wise kernels in float32: how they are compiled, and how rows are shared out to threads.
#pragma once

#include <ATen/ATen.h>
#include <ATen/TensorIterator.h>
#include <c10/util/FunctionRef.h>

// Compiled for several processors; the loader takes the best.
#define GRAFT_KERNEL \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))

namespace graft {

// Whether the kernels can read this tensor as it lies in memory.
inline bool is_plain(const at::Tensor &x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous();
}

// Runs `body(first, end)` over 0..<count, in parts, on libtorch's threads. They are reached through
// a tensor iterator, since `at::parallel_for` is parallel only where the caller has OpenMP.
inline void for_rows(
    int64_t count, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body) {
  if (count <= grain) {
    if (count > 0) body(0, count);
    return;
  }
  auto marks = at::empty({count}, at::kByte);
  const char *base = static_cast<const char *>(marks.const_data_ptr());
  auto iterator = at::TensorIterator::nullary_op(marks);
  iterator.for_each(
      [&](char **data, const int64_t *, int64_t rows) {
        const int64_t first = data[0] - base;
        body(first, first + rows);
      },
      grain);
}

}  // namespace graft
