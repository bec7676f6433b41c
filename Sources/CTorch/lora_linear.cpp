// A frozen linear layer with a low-rank update, with its own backward: keeps the input and the
// rank-wide product; the update is accumulated inside the matrix products.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "boundary.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct LoRALinear : torch::autograd::Function<LoRALinear> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
      const std::optional<at::Tensor> &bias, const at::Tensor &a, const at::Tensor &b,
      double scale) {
    auto y = at::linear(x, weight, bias);
    auto inner = at::mm(x, a.t());
    y.addmm_(inner, b.t(), 1, scale);
    context->save_for_backward({x, weight, a, b, inner});
    context->saved_data["scale"] = scale;
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &a = saved[2], &b = saved[3],
               &inner = saved[4];
    const double scale = context->saved_data["scale"].toDouble();
    const auto &dy = gradients[0];
    const auto dinner = at::mm(dy, b).mul_(scale);
    at::Tensor dx;
    if (context->needs_input_grad(0)) dx = at::mm(dy, weight).addmm_(dinner, a);
    const auto da = at::mm(dinner.t(), x);
    const auto db = at::mm(dy.t(), inner).mul_(scale);
    return {dx, at::Tensor(), at::Tensor(), da, db, at::Tensor()};
  }
};

}  // namespace

ctorch_status ctorch_lora_linear(
    const ctorch_tensor *x, const ctorch_tensor *weight, const ctorch_tensor *bias,
    const ctorch_tensor *a, const ctorch_tensor *b, double scale, ctorch_tensor **out) {
  return graft::produce(out, [&] {
    TORCH_CHECK(
        x->value.dim() == 2 && !weight->value.requires_grad() &&
            !(bias && bias->value.requires_grad()),
        "the input must be a matrix, weight and bias frozen");
    std::optional<at::Tensor> offset;
    if (bias) offset = bias->value;
    return LoRALinear::apply(x->value, weight->value, offset, a->value, b->value, scale);
  });
}
