// silu(gate) · up with its own backward: keeps the two inputs and nothing between.
#include <torch/csrc/autograd/custom_function.h>

#include <bit>

#include "boundary.h"
#include "rows.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// e^x within 1e-7 relative, in steps that vectorise: 2^n · e^r with |r| <= ln(2)/2.
__attribute__((always_inline)) inline float exponential(float x) {
  x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  const float shifted = x * 1.44269504f + 12582912.0f;  // rounds: 1.5 · 2^23
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.3888889e-3f;
  p = p * r + 8.3333333e-3f;
  p = p * r + 4.1666667e-2f;
  p = p * r + 1.6666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
}

__attribute__((always_inline)) inline float logistic(float x) {
  return 1.0f / (1.0f + exponential(-x));
}

GRAFT_KERNEL void forward_part(const float *gate, const float *up, float *y, int64_t count) {
#pragma clang fp contract(fast)
  for (int64_t i = 0; i < count; i++) y[i] = gate[i] * logistic(gate[i]) * up[i];
}

GRAFT_KERNEL void backward_part(
    const float *gate, const float *up, const float *dy, float *dgate, float *dup, int64_t count) {
#pragma clang fp contract(fast)
  for (int64_t i = 0; i < count; i++) {
    const float s = logistic(gate[i]), silu = gate[i] * s;
    dgate[i] = dy[i] * up[i] * (s + silu * (1.0f - s));
    dup[i] = dy[i] * silu;
  }
}

constexpr int64_t grain = 1 << 14;

struct SwiGLU : torch::autograd::Function<SwiGLU> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &gate, const at::Tensor &up) {
    auto y = at::empty_like(gate);
    const float *g = gate.const_data_ptr<float>(), *u = up.const_data_ptr<float>();
    float *to = y.mutable_data_ptr<float>();
    graft::for_rows(gate.numel(), grain, [=](int64_t first, int64_t end) {
      forward_part(g + first, u + first, to + first, end - first);
    });
    context->save_for_backward({gate, up});
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    const auto dy = gradients[0].contiguous();
    auto dgate = at::empty_like(dy), dup = at::empty_like(dy);
    const float *g = saved[0].const_data_ptr<float>(), *u = saved[1].const_data_ptr<float>(),
                *from = dy.const_data_ptr<float>();
    float *to_gate = dgate.mutable_data_ptr<float>(), *to_up = dup.mutable_data_ptr<float>();
    graft::for_rows(dy.numel(), grain, [=](int64_t first, int64_t end) {
      backward_part(
          g + first, u + first, from + first, to_gate + first, to_up + first, end - first);
    });
    return {dgate, dup};
  }
};

}  // namespace

ctorch_status ctorch_swiglu(
    const ctorch_tensor *gate, const ctorch_tensor *up, ctorch_tensor **out) {
  return graft::produce(out, [&] {
    const at::Tensor &g = gate->value, &u = up->value;
    TORCH_CHECK(g.sizes() == u.sizes(), "shapes differ: ", g.sizes(), " and ", u.sizes());
    return graft::is_plain(g) && graft::is_plain(u) ? SwiGLU::apply(g, u) : at::silu(g) * u;
  });
}
