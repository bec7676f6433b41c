// The one way from C into libtorch: runs a body and turns what it throws into a status.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/FunctionRef.h>

#include "CTorch.h"

struct ctorch_tensor {
  at::Tensor value;
};

namespace graft {

ctorch_status guarded(c10::function_ref<void()> body) noexcept;

// Runs `make` and hands its tensor to the caller.
template <class Make>
ctorch_status produce(ctorch_tensor **out, Make &&make) noexcept {
  return guarded([&] { *out = new ctorch_tensor{make()}; });
}

at::ScalarType scalar_type(ctorch_dtype dtype);
c10::Device device_of(ctorch_device device);

}  // namespace graft
