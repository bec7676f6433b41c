// Arithmetic, matrix products, changes in place.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "boundary.h"

using graft::guarded;
using graft::produce;

// MARK: Arithmetic

ctorch_status ctorch_apply_unary(
    ctorch_unary operation, const ctorch_tensor *a, ctorch_tensor **out) {
  return produce(out, [&]() -> at::Tensor {
    const at::Tensor &x = a->value;
    switch (operation) {
      case CTORCH_NEGATIVE: return x.neg();
      case CTORCH_EXP: return x.exp();
      case CTORCH_LOG: return x.log();
      case CTORCH_SQRT: return x.sqrt();
      case CTORCH_RSQRT: return x.rsqrt();
      case CTORCH_ABS: return x.abs();
      case CTORCH_SQUARE: return x.square();
      case CTORCH_SIGMOID: return x.sigmoid();
      case CTORCH_LOG_SIGMOID: return at::log_sigmoid(x);
      case CTORCH_SILU: return at::silu(x);
      case CTORCH_IS_FINITE: return x.isfinite();
    }
    TORCH_CHECK(false, "unknown operation ", static_cast<int>(operation));
  });
}

ctorch_status ctorch_apply_binary(
    ctorch_binary operation, const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out) {
  return produce(out, [&]() -> at::Tensor {
    switch (operation) {
      case CTORCH_ADD: return a->value + b->value;
      case CTORCH_SUBTRACT: return a->value - b->value;
      case CTORCH_MULTIPLY: return a->value * b->value;
      case CTORCH_DIVIDE: return a->value / b->value;
    }
    TORCH_CHECK(false, "unknown operation ", static_cast<int>(operation));
  });
}

ctorch_status ctorch_apply_scalar(
    ctorch_binary operation, const ctorch_tensor *a, double b, ctorch_tensor **out) {
  return produce(out, [&]() -> at::Tensor {
    switch (operation) {
      case CTORCH_ADD: return a->value + b;
      case CTORCH_SUBTRACT: return a->value - b;
      case CTORCH_MULTIPLY: return a->value * b;
      case CTORCH_DIVIDE: return a->value / b;
    }
    TORCH_CHECK(false, "unknown operation ", static_cast<int>(operation));
  });
}

ctorch_status ctorch_reduce(
    ctorch_reduction operation, const ctorch_tensor *tensor, bool all, int64_t dimension,
    bool keep_dimension, ctorch_tensor **out) {
  return produce(out, [&]() -> at::Tensor {
    const at::Tensor x = all ? tensor->value.flatten() : tensor->value;
    const int64_t along = all ? 0 : dimension;
    const bool keep = !all && keep_dimension;
    switch (operation) {
      case CTORCH_SUM: return x.sum(along, keep);
      case CTORCH_MEAN: return x.mean(along, keep);
      case CTORCH_MAX: return x.amax(along, keep);
      case CTORCH_MIN: return x.amin(along, keep);
      case CTORCH_LOG_SUM_EXP: return x.logsumexp(along, keep);
    }
    TORCH_CHECK(false, "unknown operation ", static_cast<int>(operation));
  });
}

ctorch_status ctorch_arg_max(
    const ctorch_tensor *tensor, int64_t dimension, ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.argmax(dimension); });
}

ctorch_status ctorch_softmax(
    const ctorch_tensor *tensor, int64_t dimension, bool logarithm, ctorch_tensor **out) {
  return produce(out, [&] {
    return logarithm ? tensor->value.log_softmax(dimension) : tensor->value.softmax(dimension);
  });
}

ctorch_status ctorch_matmul(
    const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out) {
  return produce(out, [&] { return at::matmul(a->value, b->value); });
}

ctorch_status ctorch_linear(
    const ctorch_tensor *input, const ctorch_tensor *weight, const ctorch_tensor *bias,
    ctorch_tensor **out) {
  return produce(out, [&] {
    return at::linear(input->value, weight->value, bias ? bias->value : at::Tensor());
  });
}

ctorch_status ctorch_embedding(
    const ctorch_tensor *weight, const ctorch_tensor *indices, ctorch_tensor **out) {
  return produce(out, [&] { return at::embedding(weight->value, indices->value); });
}

ctorch_status ctorch_dropout(
    const ctorch_tensor *tensor, double probability, ctorch_tensor **out) {
  return produce(out, [&] { return at::dropout(tensor->value, probability, true); });
}

// MARK: In place

ctorch_status ctorch_add_in_place(ctorch_tensor *a, const ctorch_tensor *b, double factor) {
  return guarded([&] { a->value.add_(b->value, factor); });
}

ctorch_status ctorch_scale_in_place(ctorch_tensor *a, double factor) {
  return guarded([&] { a->value.mul_(factor); });
}

ctorch_status ctorch_fill_in_place(ctorch_tensor *a, double value) {
  return guarded([&] { a->value.fill_(value); });
}

ctorch_status ctorch_copy_in_place(ctorch_tensor *a, const ctorch_tensor *source) {
  return guarded([&] {
    TORCH_CHECK(
        a->value.sizes() == source->value.sizes(), "shapes differ: ", a->value.sizes(), " and ",
        source->value.sizes());
    a->value.copy_(source->value);
  });
}

static std::optional<at::Generator> generator(const uint64_t *seed) {
  if (!seed) return std::nullopt;
  return at::make_generator<at::CPUGeneratorImpl>(*seed);
}

ctorch_status ctorch_normal_in_place(
    ctorch_tensor *a, double mean, double deviation, const uint64_t *seed) {
  return guarded([&] { a->value.normal_(mean, deviation, generator(seed)); });
}

ctorch_status ctorch_uniform_in_place(
    ctorch_tensor *a, double low, double high, const uint64_t *seed) {
  return guarded([&] { a->value.uniform_(low, high, generator(seed)); });
}
