// Graft's part of libtorch behind a C interface.
//
// Ownership: a `ctorch_tensor *` written to an `out` parameter belongs to the caller, who ends it
// with `ctorch_free`. Tensors passed in are borrowed for the call; what must live longer is
// retained inside. Several handles may share one storage.
//
// Nullability: pointers are non-null unless marked `_Nullable`.
//
// Errors: a function that returns `ctorch_status` never lets a C++ exception out. When it returns
// anything but CTORCH_OK nothing was written to its `out` parameters, and `ctorch_last_error()`
// says why.
//
// Threads: handles may pass between threads; a tensor must not be changed while another uses it.
// The gradient mode belongs to the thread.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct ctorch_tensor ctorch_tensor;
// Where a function leaves a tensor that the caller owns from then on.
typedef ctorch_tensor *_Nullable *_Nonnull ctorch_out;

typedef enum ctorch_status {
  CTORCH_OK = 0,
  CTORCH_FAILED = 1,
  CTORCH_OUT_OF_MEMORY = 2,
} ctorch_status;

// Why the last failing call of this thread failed; valid until the next one fails.
const char *ctorch_last_error(void);

// MARK: Process

// libtorch's version, as in "2.15.0"; static.
const char *ctorch_version(void);
ctorch_status ctorch_set_threads(int32_t count);
int32_t ctorch_threads(void);
// Whether libtorch's CUDA half is loaded and sees a device.
bool ctorch_has_cuda(void);
// Whether the processor multiplies bfloat16 matrices in hardware (AVX512-BF16 or AMX).
bool ctorch_has_fast_bfloat16(void);
ctorch_status ctorch_manual_seed(uint64_t seed);
// The state of the CPU generator as a uint8 tensor, and its restoration.
ctorch_status ctorch_random_state(ctorch_out out);
ctorch_status ctorch_set_random_state(const ctorch_tensor *state);

// MARK: Element types and devices

typedef enum ctorch_dtype {
  CTORCH_FLOAT64 = 0,
  CTORCH_FLOAT32,
  CTORCH_FLOAT16,
  CTORCH_BFLOAT16,
  CTORCH_INT64,
  CTORCH_INT32,
  CTORCH_INT16,
  CTORCH_INT8,
  CTORCH_UINT8,
  CTORCH_BOOL,
  CTORCH_OTHER = 255,
} ctorch_dtype;

typedef enum ctorch_device_kind {
  CTORCH_CPU = 0,
  CTORCH_CUDA = 1,
} ctorch_device_kind;

typedef struct ctorch_device {
  ctorch_device_kind kind;
  int32_t index;  // 0 for the CPU
} ctorch_device;

// MARK: Creation and inspection

// Copies `byte_count` bytes, row-major.
ctorch_status ctorch_from_bytes(
    const void *_Nullable bytes, size_t byte_count, ctorch_dtype dtype, const int64_t *shape,
    size_t rank, ctorch_out out);
ctorch_status ctorch_empty(
    const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_device device,
    ctorch_out out);
ctorch_status ctorch_full(
    const int64_t *shape, size_t rank, double value, ctorch_dtype dtype, ctorch_device device,
    ctorch_out out);
void ctorch_free(ctorch_tensor *_Nullable tensor);

size_t ctorch_rank(const ctorch_tensor *tensor);
int64_t ctorch_extent(const ctorch_tensor *tensor, size_t dimension);
int64_t ctorch_element_count(const ctorch_tensor *tensor);
ctorch_dtype ctorch_dtype_of(const ctorch_tensor *tensor);
ctorch_device ctorch_device_of(const ctorch_tensor *tensor);
// Copies the elements, row-major, from whatever device and layout; the sizes must agree.
ctorch_status ctorch_read_bytes(const ctorch_tensor *tensor, void *_Nullable bytes, size_t count);
ctorch_status ctorch_item(const ctorch_tensor *tensor, double *out);
ctorch_status ctorch_to(
    const ctorch_tensor *tensor, ctorch_dtype dtype, ctorch_device device,
    ctorch_out out);

// MARK: Shape

ctorch_status ctorch_reshape(
    const ctorch_tensor *tensor, const int64_t *shape, size_t rank, ctorch_out out);
ctorch_status ctorch_expand(
    const ctorch_tensor *tensor, const int64_t *shape, size_t rank, ctorch_out out);
ctorch_status ctorch_transpose(
    const ctorch_tensor *tensor, int64_t first, int64_t second, ctorch_out out);
ctorch_status ctorch_unsqueeze(
    const ctorch_tensor *tensor, int64_t dimension, ctorch_out out);
ctorch_status ctorch_squeeze(
    const ctorch_tensor *tensor, int64_t dimension, ctorch_out out);
ctorch_status ctorch_slice(
    const ctorch_tensor *tensor, int64_t dimension, int64_t start, int64_t end,
    ctorch_out out);
ctorch_status ctorch_contiguous(const ctorch_tensor *tensor, ctorch_out out);
ctorch_status ctorch_concatenate(
    const ctorch_tensor *const _Nonnull *_Nonnull tensors, size_t count, int64_t dimension,
    ctorch_out out);
ctorch_status ctorch_index_select(
    const ctorch_tensor *tensor, int64_t dimension, const ctorch_tensor *indices,
    ctorch_out out);
ctorch_status ctorch_gather(
    const ctorch_tensor *tensor, int64_t dimension, const ctorch_tensor *indices,
    ctorch_out out);

// MARK: Arithmetic

typedef enum ctorch_unary {
  CTORCH_NEGATIVE,
  CTORCH_EXP,
  CTORCH_LOG,
  CTORCH_SQRT,
  CTORCH_RSQRT,
  CTORCH_ABS,
  CTORCH_SQUARE,
  CTORCH_SIGMOID,
  CTORCH_LOG_SIGMOID,
  CTORCH_SILU,
  CTORCH_IS_FINITE,
} ctorch_unary;

typedef enum ctorch_binary {
  CTORCH_ADD,
  CTORCH_SUBTRACT,
  CTORCH_MULTIPLY,
  CTORCH_DIVIDE,
} ctorch_binary;

typedef enum ctorch_reduction {
  CTORCH_SUM,
  CTORCH_MEAN,
  CTORCH_MAX,
  CTORCH_MIN,
  CTORCH_LOG_SUM_EXP,
} ctorch_reduction;

ctorch_status ctorch_apply_unary(
    ctorch_unary operation, const ctorch_tensor *a, ctorch_out out);
ctorch_status ctorch_apply_binary(
    ctorch_binary operation, const ctorch_tensor *a, const ctorch_tensor *b,
    ctorch_out out);
ctorch_status ctorch_apply_scalar(
    ctorch_binary operation, const ctorch_tensor *a, double b, ctorch_out out);
// Over `dimension`, or over all elements where `all` is set.
ctorch_status ctorch_reduce(
    ctorch_reduction operation, const ctorch_tensor *tensor, bool all, int64_t dimension,
    bool keep_dimension, ctorch_out out);
ctorch_status ctorch_arg_max(
    const ctorch_tensor *tensor, int64_t dimension, ctorch_out out);
ctorch_status ctorch_softmax(
    const ctorch_tensor *tensor, int64_t dimension, bool logarithm, ctorch_out out);
ctorch_status ctorch_matmul(
    const ctorch_tensor *a, const ctorch_tensor *b, ctorch_out out);
// x Wᵀ + b; W is [out, in].
ctorch_status ctorch_linear(
    const ctorch_tensor *input, const ctorch_tensor *weight, const ctorch_tensor *_Nullable bias,
    ctorch_out out);
ctorch_status ctorch_embedding(
    const ctorch_tensor *weight, const ctorch_tensor *indices, ctorch_out out);
// Zeroes elements with this probability and scales the others by 1/(1-p).
ctorch_status ctorch_dropout(
    const ctorch_tensor *tensor, double probability, ctorch_out out);

// MARK: Fused, with their own backward; float32 on the CPU, composed of plain operations elsewhere

// x / √(mean(x²) + ε) · weight over the last dimension, `weight` [size].
ctorch_status ctorch_rms_norm(
    const ctorch_tensor *x, const ctorch_tensor *weight, double epsilon, ctorch_out out);
// Turns pair (i, i + half) of each head; x [rows, heads · 2 · half], tables [rows, half].
ctorch_status ctorch_rotary(
    const ctorch_tensor *x, const ctorch_tensor *cosine, const ctorch_tensor *sine,
    ctorch_out out);
// silu(gate) · up.
ctorch_status ctorch_swiglu(const ctorch_tensor *gate, const ctorch_tensor *up, ctorch_out out);

// x Wᵀ + bias + scale · (x aᵀ) bᵀ; x [rows, in], a [rank, in], b [out, rank], all of one type.
// Gradients for x, a and b only: `weight` and `bias` must not require one.
ctorch_status ctorch_lora_linear(
    const ctorch_tensor *x, const ctorch_tensor *weight, const ctorch_tensor *_Nullable bias,
    const ctorch_tensor *a, const ctorch_tensor *b, double scale, ctorch_out out);

// Which keys the queries of a block see.
typedef enum ctorch_sight {
  CTORCH_EVERYTHING,  // all keys of the block
  CTORCH_CAUSAL,      // query i sees keys 0...i; as many keys as queries
  CTORCH_CONTINUES,   // query i sees the first range and 0...i of the second
} ctorch_sight;

// Rows of queries, and the rows of their keys: a range and, perhaps, a second one.
typedef struct ctorch_block {
  int64_t first_query, end_query;
  int64_t first_key, end_key;
  int64_t first_more, end_more;
  ctorch_sight sees;
} ctorch_block;

// Grouped-query attention; q [queries, heads · size], k and v [keys, key_heads · size]. The blocks
// hold every row of q once, in order.
ctorch_status ctorch_packed_attention(
    const ctorch_tensor *q, const ctorch_tensor *k, const ctorch_tensor *v,
    const ctorch_block *blocks, size_t count, int64_t heads, int64_t key_heads, int64_t size,
    double scale, ctorch_out out);

// MARK: In place

ctorch_status ctorch_add_in_place(ctorch_tensor *a, const ctorch_tensor *b, double factor);
ctorch_status ctorch_scale_in_place(ctorch_tensor *a, double factor);
ctorch_status ctorch_fill_in_place(ctorch_tensor *a, double value);
ctorch_status ctorch_copy_in_place(ctorch_tensor *a, const ctorch_tensor *source);
// Drawn from libtorch's generator, or from one of its own that starts at `seed`.
ctorch_status ctorch_normal_in_place(
    ctorch_tensor *a, double mean, double deviation, const uint64_t *_Nullable seed);
ctorch_status ctorch_uniform_in_place(
    ctorch_tensor *a, double low, double high, const uint64_t *_Nullable seed);

// MARK: Gradients

bool ctorch_gradient_mode(void);
void ctorch_set_gradient_mode(bool enabled);
bool ctorch_requires_gradient(const ctorch_tensor *tensor);
ctorch_status ctorch_set_requires_gradient(ctorch_tensor *tensor, bool required);
ctorch_status ctorch_backward(
    const ctorch_tensor *tensor, const ctorch_tensor *_Nullable gradient);
// The gradient collected so far; null where there is none.
ctorch_status ctorch_gradient(const ctorch_tensor *tensor, ctorch_out out);
ctorch_status ctorch_set_gradient(ctorch_tensor *tensor, const ctorch_tensor *_Nullable gradient);
ctorch_status ctorch_detach(const ctorch_tensor *tensor, ctorch_out out);

// MARK: Optimisation

typedef struct ctorch_adamw {
  double learning_rate;
  double beta1;
  double beta2;
  double epsilon;
  double weight_decay;
} ctorch_adamw;

// One AdamW step over `count` float32 parameters; `steps` are float32 scalars, raised by one.
ctorch_status ctorch_adamw_step(
    ctorch_tensor *const _Nonnull *_Nonnull parameters,
    const ctorch_tensor *const _Nonnull *_Nonnull gradients,
    ctorch_tensor *const _Nonnull *_Nonnull first_moments,
    ctorch_tensor *const _Nonnull *_Nonnull second_moments,
    ctorch_tensor *const _Nonnull *_Nonnull steps, size_t count, ctorch_adamw settings);
// The 2-norm over all elements of `count` tensors, each norm taken in float32.
ctorch_status ctorch_global_norm(
    const ctorch_tensor *const _Nonnull *_Nonnull tensors, size_t count, double *out);
ctorch_status ctorch_scale_all_in_place(
    ctorch_tensor *const _Nonnull *_Nonnull tensors, size_t count, double factor);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
