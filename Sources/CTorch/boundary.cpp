#include "boundary.h"

#include <ATen/Context.h>
#include <c10/util/Exception.h>

#include <new>
#include <string>

namespace graft {

namespace {
thread_local std::string last_error;
}

ctorch_status guarded(c10::function_ref<void()> body) noexcept {
  try {
    body();
    return CTORCH_OK;
  } catch (const c10::OutOfMemoryError &error) {
    last_error = error.what_without_backtrace();
    return CTORCH_OUT_OF_MEMORY;
  } catch (const std::bad_alloc &) {
    last_error.clear();
    return CTORCH_OUT_OF_MEMORY;
  } catch (const c10::Error &error) {
    last_error = error.what_without_backtrace();
  } catch (const std::exception &error) {
    last_error = error.what();
  } catch (...) {
    last_error = "unknown exception";
  }
  // The CPU allocator reports exhaustion as a plain error.
  return last_error.find("DefaultCPUAllocator") == std::string::npos ? CTORCH_FAILED
                                                                     : CTORCH_OUT_OF_MEMORY;
}

at::ScalarType scalar_type(ctorch_dtype dtype) {
  switch (dtype) {
    case CTORCH_FLOAT64: return at::kDouble;
    case CTORCH_FLOAT32: return at::kFloat;
    case CTORCH_FLOAT16: return at::kHalf;
    case CTORCH_BFLOAT16: return at::kBFloat16;
    case CTORCH_INT64: return at::kLong;
    case CTORCH_INT32: return at::kInt;
    case CTORCH_INT16: return at::kShort;
    case CTORCH_INT8: return at::kChar;
    case CTORCH_UINT8: return at::kByte;
    case CTORCH_BOOL: return at::kBool;
    case CTORCH_OTHER: break;
  }
  TORCH_CHECK(false, "element type ", static_cast<int>(dtype), " is not supported");
}

c10::Device device_of(ctorch_device device) {
  if (device.kind == CTORCH_CPU) return c10::Device(c10::kCPU);
  TORCH_CHECK(at::hasCUDA(), "libtorch's CUDA half is not loaded");
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device.index));
}

}  // namespace graft

const char *ctorch_last_error(void) { return graft::last_error.c_str(); }
