// Gradients, and the optimiser's arithmetic over many tensors at once.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "boundary.h"

using graft::guarded;
using graft::produce;

// MARK: Gradients

bool ctorch_gradient_mode(void) { return c10::GradMode::is_enabled(); }

void ctorch_set_gradient_mode(bool enabled) { c10::GradMode::set_enabled(enabled); }

bool ctorch_requires_gradient(const ctorch_tensor *tensor) {
  return tensor->value.requires_grad();
}

ctorch_status ctorch_set_requires_gradient(ctorch_tensor *tensor, bool required) {
  return guarded([&] { tensor->value.requires_grad_(required); });
}

ctorch_status ctorch_backward(const ctorch_tensor *tensor, const ctorch_tensor *gradient) {
  return guarded([&] { tensor->value.backward(gradient ? gradient->value : at::Tensor()); });
}

ctorch_status ctorch_gradient(const ctorch_tensor *tensor, ctorch_tensor **out) {
  return guarded([&] {
    const at::Tensor &gradient = tensor->value.grad();
    *out = gradient.defined() ? new ctorch_tensor{gradient} : nullptr;
  });
}

ctorch_status ctorch_set_gradient(ctorch_tensor *tensor, const ctorch_tensor *gradient) {
  return guarded([&] { tensor->value.mutable_grad() = gradient ? gradient->value : at::Tensor(); });
}

ctorch_status ctorch_detach(const ctorch_tensor *tensor, ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.detach(); });
}

// MARK: Optimisation

namespace {

template <class Handle>
std::vector<at::Tensor> values(Handle *const *tensors, size_t count) {
  std::vector<at::Tensor> list;
  list.reserve(count);
  for (size_t i = 0; i < count; i++) list.push_back(tensors[i]->value);
  return list;
}

}  // namespace

ctorch_status ctorch_adamw_step(
    ctorch_tensor *const *parameters, const ctorch_tensor *const *gradients,
    ctorch_tensor *const *first_moments, ctorch_tensor *const *second_moments,
    ctorch_tensor *const *steps, size_t count, ctorch_adamw settings) {
  return guarded([&] {
    if (count == 0) return;
    c10::AutoGradMode off(false);
    auto step_list = values(steps, count);
    at::_foreach_add_(step_list, 1);
    at::_fused_adamw_(
        values(parameters, count), values(gradients, count), values(first_moments, count),
        values(second_moments, count), {}, step_list, settings.learning_rate, settings.beta1,
        settings.beta2, settings.weight_decay, settings.epsilon, false, false);
  });
}

ctorch_status ctorch_global_norm(
    const ctorch_tensor *const *tensors, size_t count, double *out) {
  return guarded([&] {
    c10::AutoGradMode off(false);
    if (count == 0) {
      *out = 0;
      return;
    }
    auto norms = at::_foreach_norm(values(tensors, count), 2);
    *out = at::linalg_vector_norm(at::stack(norms), 2).item().toDouble();
  });
}

ctorch_status ctorch_scale_all_in_place(
    ctorch_tensor *const *tensors, size_t count, double factor) {
  return guarded([&] {
    if (count == 0) return;
    c10::AutoGradMode off(false);
    auto list = values(tensors, count);
    at::_foreach_mul_(list, factor);
  });
}
