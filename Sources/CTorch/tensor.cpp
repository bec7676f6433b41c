// Process settings; creation, inspection, conversion, shape.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <cstring>

#include "boundary.h"

using graft::guarded;
using graft::produce;

// MARK: Process

const char *ctorch_version(void) { return TORCH_VERSION; }

ctorch_status ctorch_set_threads(int32_t count) {
  return guarded([&] { at::set_num_threads(count); });
}

int32_t ctorch_threads(void) { return at::get_num_threads(); }

bool ctorch_has_cuda(void) {
  bool found = false;
  return guarded([&] { found = at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0; }) ==
             CTORCH_OK &&
         found;
}

// Every processor with AMX has AVX512-BF16 too.
bool ctorch_has_fast_bfloat16(void) { return __builtin_cpu_supports("avx512bf16"); }

ctorch_status ctorch_manual_seed(uint64_t seed) {
  return guarded([&] { at::manual_seed(seed); });
}

ctorch_status ctorch_random_state(ctorch_tensor **out) {
  return produce(out, [&] {
    auto generator = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(generator.mutex());
    return generator.get_state();
  });
}

ctorch_status ctorch_set_random_state(const ctorch_tensor *state) {
  return guarded([&] {
    auto generator = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(state->value);
  });
}

// MARK: Creation and inspection

ctorch_status ctorch_from_bytes(
    const void *bytes, size_t byte_count, ctorch_dtype dtype, const int64_t *shape, size_t rank,
    ctorch_tensor **out) {
  return produce(out, [&] {
    auto tensor = at::empty(at::IntArrayRef(shape, rank), graft::scalar_type(dtype));
    TORCH_CHECK(
        tensor.nbytes() == byte_count, "shape ", tensor.sizes(), " needs ", tensor.nbytes(),
        " bytes, got ", byte_count);
    if (byte_count > 0) std::memcpy(tensor.mutable_data_ptr(), bytes, byte_count);
    return tensor;
  });
}

ctorch_status ctorch_empty(
    const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_device device,
    ctorch_tensor **out) {
  return produce(out, [&] {
    auto options = at::TensorOptions(graft::scalar_type(dtype)).device(graft::device_of(device));
    return at::empty(at::IntArrayRef(shape, rank), options);
  });
}

ctorch_status ctorch_full(
    const int64_t *shape, size_t rank, double value, ctorch_dtype dtype, ctorch_device device,
    ctorch_tensor **out) {
  return produce(out, [&] {
    auto options = at::TensorOptions(graft::scalar_type(dtype)).device(graft::device_of(device));
    return at::full(at::IntArrayRef(shape, rank), value, options);
  });
}

void ctorch_free(ctorch_tensor *tensor) { delete tensor; }

size_t ctorch_rank(const ctorch_tensor *tensor) { return tensor->value.dim(); }

int64_t ctorch_extent(const ctorch_tensor *tensor, size_t dimension) {
  return tensor->value.sizes()[dimension];
}

int64_t ctorch_element_count(const ctorch_tensor *tensor) { return tensor->value.numel(); }

ctorch_dtype ctorch_dtype_of(const ctorch_tensor *tensor) {
  switch (tensor->value.scalar_type()) {
    case at::kDouble: return CTORCH_FLOAT64;
    case at::kFloat: return CTORCH_FLOAT32;
    case at::kHalf: return CTORCH_FLOAT16;
    case at::kBFloat16: return CTORCH_BFLOAT16;
    case at::kLong: return CTORCH_INT64;
    case at::kInt: return CTORCH_INT32;
    case at::kShort: return CTORCH_INT16;
    case at::kChar: return CTORCH_INT8;
    case at::kByte: return CTORCH_UINT8;
    case at::kBool: return CTORCH_BOOL;
    default: return CTORCH_OTHER;
  }
}

ctorch_device ctorch_device_of(const ctorch_tensor *tensor) {
  auto device = tensor->value.device();
  if (!device.is_cuda()) return {CTORCH_CPU, 0};
  return {CTORCH_CUDA, device.index()};
}

ctorch_status ctorch_read_bytes(const ctorch_tensor *tensor, void *bytes, size_t count) {
  return guarded([&] {
    auto plain = tensor->value.detach().to(at::kCPU).contiguous();
    TORCH_CHECK(plain.nbytes() == count, "holds ", plain.nbytes(), " bytes, not ", count);
    if (count > 0) std::memcpy(bytes, plain.const_data_ptr(), count);
  });
}

ctorch_status ctorch_item(const ctorch_tensor *tensor, double *out) {
  return guarded([&] { *out = tensor->value.item().toDouble(); });
}

ctorch_status ctorch_to(
    const ctorch_tensor *tensor, ctorch_dtype dtype, ctorch_device device, ctorch_tensor **out) {
  return produce(out, [&] {
    return tensor->value.to(graft::device_of(device), graft::scalar_type(dtype));
  });
}

// MARK: Shape

ctorch_status ctorch_reshape(
    const ctorch_tensor *tensor, const int64_t *shape, size_t rank, ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.reshape(at::IntArrayRef(shape, rank)); });
}

ctorch_status ctorch_expand(
    const ctorch_tensor *tensor, const int64_t *shape, size_t rank, ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.expand(at::IntArrayRef(shape, rank)); });
}

ctorch_status ctorch_transpose(
    const ctorch_tensor *tensor, int64_t first, int64_t second, ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.transpose(first, second); });
}

ctorch_status ctorch_unsqueeze(
    const ctorch_tensor *tensor, int64_t dimension, ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.unsqueeze(dimension); });
}

ctorch_status ctorch_squeeze(
    const ctorch_tensor *tensor, int64_t dimension, ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.squeeze(dimension); });
}

ctorch_status ctorch_slice(
    const ctorch_tensor *tensor, int64_t dimension, int64_t start, int64_t end,
    ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.narrow(dimension, start, end - start); });
}

ctorch_status ctorch_contiguous(const ctorch_tensor *tensor, ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.contiguous(); });
}

ctorch_status ctorch_concatenate(
    const ctorch_tensor *const *tensors, size_t count, int64_t dimension, ctorch_tensor **out) {
  return produce(out, [&] {
    std::vector<at::Tensor> parts;
    parts.reserve(count);
    for (size_t i = 0; i < count; i++) parts.push_back(tensors[i]->value);
    return at::cat(parts, dimension);
  });
}

ctorch_status ctorch_index_select(
    const ctorch_tensor *tensor, int64_t dimension, const ctorch_tensor *indices,
    ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.index_select(dimension, indices->value); });
}

ctorch_status ctorch_gather(
    const ctorch_tensor *tensor, int64_t dimension, const ctorch_tensor *indices,
    ctorch_tensor **out) {
  return produce(out, [&] { return tensor->value.gather(dimension, indices->value); });
}
