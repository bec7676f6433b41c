// RMS normalisation with its own backward: keeps the input and one number per row.
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "boundary.h"
#include "rows.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

GRAFT_KERNEL void forward_rows(
    const float *x, const float *weight, float *y, float *scales, int64_t rows, int64_t size,
    double epsilon) {
#pragma clang fp reassociate(on) contract(fast)
  for (int64_t row = 0; row < rows; row++, x += size, y += size) {
    float sum = 0;
    for (int64_t i = 0; i < size; i++) sum += x[i] * x[i];
    const float scale = 1.0f / std::sqrt(sum / size + static_cast<float>(epsilon));
    scales[row] = scale;
    for (int64_t i = 0; i < size; i++) y[i] = weight[i] * (x[i] * scale);
  }
}

GRAFT_KERNEL void backward_rows(
    const float *x, const float *weight, const float *scales, const float *dy, float *dx,
    int64_t rows, int64_t size) {
#pragma clang fp reassociate(on) contract(fast)
  for (int64_t row = 0; row < rows; row++, x += size, dy += size, dx += size) {
    float sum = 0;
    for (int64_t i = 0; i < size; i++) sum += dy[i] * weight[i] * x[i];
    const float scale = scales[row];
    const float shift = sum * scale * scale * scale / size;
    for (int64_t i = 0; i < size; i++) dx[i] = dy[i] * weight[i] * scale - x[i] * shift;
  }
}

struct RMSNorm : torch::autograd::Function<RMSNorm> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, double epsilon) {
    const int64_t size = x.size(-1), rows = x.numel() / size;
    auto y = at::empty_like(x);
    auto scales = at::empty({rows}, x.options());
    const float *from = x.const_data_ptr<float>(), *factors = weight.const_data_ptr<float>();
    float *to = y.mutable_data_ptr<float>(), *kept = scales.mutable_data_ptr<float>();
    graft::for_rows(rows, 64, [=](int64_t first, int64_t end) {
      forward_rows(
          from + first * size, factors, to + first * size, kept + first, end - first, size,
          epsilon);
    });
    context->save_for_backward({x, weight, scales});
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    const auto dy = gradients[0].contiguous();
    const int64_t size = dy.size(-1), rows = dy.numel() / size;
    auto dx = at::empty_like(dy);
    const float *x = saved[0].const_data_ptr<float>(), *factors = saved[1].const_data_ptr<float>(),
                *scales = saved[2].const_data_ptr<float>(), *from = dy.const_data_ptr<float>();
    float *to = dx.mutable_data_ptr<float>();
    graft::for_rows(rows, 64, [=](int64_t first, int64_t end) {
      backward_rows(
          x + first * size, factors, scales + first, from + first * size, to + first * size,
          end - first, size);
    });
    return {dx, at::Tensor(), at::Tensor()};
  }
};

// In plain operations: for other types, and where the weight is trained.
at::Tensor composed(const at::Tensor &x, const at::Tensor &weight, double epsilon) {
  const auto wide = x.to(at::kFloat);
  const auto scale = at::rsqrt(wide.square().mean(-1, true) + epsilon);
  return weight * (wide * scale).to(x.scalar_type());
}

}  // namespace

ctorch_status ctorch_rms_norm(
    const ctorch_tensor *x, const ctorch_tensor *weight, double epsilon, ctorch_tensor **out) {
  return graft::produce(out, [&] {
    const at::Tensor &input = x->value, &factors = weight->value;
    TORCH_CHECK(
        input.dim() > 0 && factors.dim() == 1 && factors.size(0) == input.size(-1),
        "a weight of ", factors.sizes(), " for an input of ", input.sizes());
    const bool fused = graft::is_plain(input) && graft::is_plain(factors) &&
                       !factors.requires_grad() && input.numel() > 0;
    return fused ? RMSNorm::apply(input, factors, epsilon) : composed(input, factors, epsilon);
  });
}
