// Rotary position embedding with its own backward: keeps nothing but the shared tables.
#include <torch/csrc/autograd/custom_function.h>

#include "boundary.h"
#include "rows.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Turns pair (i, i + half) of every head by the row's angles, or back where `sign` is -1.
GRAFT_KERNEL void turn_rows(
    const float *x, const float *cosine, const float *sine, float *y, int64_t rows, int64_t heads,
    int64_t half, float sign) {
#pragma clang fp contract(fast)
  for (int64_t row = 0; row < rows; row++, cosine += half, sine += half) {
    for (int64_t head = 0; head < heads; head++, x += 2 * half, y += 2 * half) {
      for (int64_t i = 0; i < half; i++) {
        const float c = cosine[i], s = sign * sine[i], low = x[i], high = x[i + half];
        y[i] = low * c - high * s;
        y[i + half] = high * c + low * s;
      }
    }
  }
}

at::Tensor turned(
    const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine, float sign) {
  auto y = at::empty_like(x);
  const int64_t half = cosine.size(1), width = x.size(1), heads = width / (2 * half);
  const float *from = x.const_data_ptr<float>(), *c = cosine.const_data_ptr<float>(),
              *s = sine.const_data_ptr<float>();
  float *to = y.mutable_data_ptr<float>();
  graft::for_rows(x.size(0), 64, [=](int64_t first, int64_t end) {
    turn_rows(
        from + first * width, c + first * half, s + first * half, to + first * width, end - first,
        heads, half, sign);
  });
  return y;
}

struct Rotary : torch::autograd::Function<Rotary> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &cosine,
      const at::Tensor &sine) {
    context->save_for_backward({cosine, sine});
    return turned(x, cosine, sine, 1);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    auto saved = context->get_saved_variables();
    return {turned(gradients[0].contiguous(), saved[0], saved[1], -1), at::Tensor(), at::Tensor()};
  }
};

at::Tensor composed(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine) {
  const int64_t half = cosine.size(1);
  const auto heads = x.reshape({x.size(0), -1, 2 * half});
  const auto low = heads.narrow(2, 0, half), high = heads.narrow(2, half, half);
  const auto c = cosine.unsqueeze(1).to(x.scalar_type()), s = sine.unsqueeze(1).to(x.scalar_type());
  return at::cat({low * c - high * s, high * c + low * s}, 2).reshape(x.sizes());
}

}  // namespace

ctorch_status ctorch_rotary(
    const ctorch_tensor *x, const ctorch_tensor *cosine, const ctorch_tensor *sine,
    ctorch_tensor **out) {
  return graft::produce(out, [&] {
    const at::Tensor &input = x->value, &c = cosine->value, &s = sine->value;
    TORCH_CHECK(
        input.dim() == 2 && c.dim() == 2 && c.sizes() == s.sizes() && c.size(0) == input.size(0) &&
            c.size(1) > 0 && input.size(1) % (2 * c.size(1)) == 0,
        "tables of ", c.sizes(), " and ", s.sizes(), " for an input of ", input.sizes());
    const bool fused = graft::is_plain(input) && graft::is_plain(c) && graft::is_plain(s);
    return fused ? Rotary::apply(input, c, s) : composed(input, c, s);
  });
}
