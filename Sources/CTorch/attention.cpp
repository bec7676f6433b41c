// Attention over packed rows with its own backward: one node for all sequences of a batch, whose
// gradients go straight to their rows.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <optional>
#include <vector>

#include "boundary.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Shape {
  int64_t heads, pairs, size;
  double scale;
};

// Rows `first..<end` of x [rows, pairs · group · size] as [pairs, group, rows, size].
at::Tensor split(const at::Tensor &x, int64_t first, int64_t end, const Shape &shape) {
  return x.narrow(0, first, end - first).view({end - first, shape.pairs, -1, shape.size})
      .permute({1, 2, 0, 3});
}

// The rows of a block's keys (or values), each head shared by its group of queries.
at::Tensor keys_of(const at::Tensor &x, const ctorch_block &block, const Shape &shape) {
  auto keys = split(x, block.first_key, block.end_key, shape);
  if (block.first_more < block.end_more) {
    keys = at::cat({keys, split(x, block.first_more, block.end_more, shape)}, 2);
  }
  return keys.expand({-1, shape.heads / shape.pairs, -1, -1});
}

// Adds the gradient of a block's keys (or values) to its rows.
void add_keys(
    const at::Tensor &target, const at::Tensor &gradient, const ctorch_block &block,
    const Shape &shape) {
  const auto sum = gradient.sum(1, true);
  const int64_t first = block.end_key - block.first_key;
  split(target, block.first_key, block.end_key, shape).add_(sum.narrow(2, 0, first));
  const int64_t more = block.end_more - block.first_more;
  if (more > 0) {
    split(target, block.first_more, block.end_more, shape).add_(sum.narrow(2, first, more));
  }
}

// Query i of a block that continues `seen` keys sees those and the next i + 1.
std::optional<at::Tensor> mask_of(const ctorch_block &block, const at::Tensor &like) {
  if (block.sees != CTORCH_CONTINUES) return std::nullopt;
  const int64_t rows = block.end_query - block.first_query;
  const int64_t seen = block.end_key - block.first_key;
  return at::full({rows, seen + rows}, -INFINITY, like.options()).triu_(seen + 1);
}

struct PackedAttention : torch::autograd::Function<PackedAttention> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
      const std::vector<ctorch_block> &blocks, const Shape &shape) {
    auto result = at::empty_like(q);
    std::vector<at::Tensor> saved = {q, k, v, result};
    for (const auto &block : blocks) {
      auto [output, sums] = at::_scaled_dot_product_flash_attention_for_cpu(
          split(q, block.first_query, block.end_query, shape), keys_of(k, block, shape),
          keys_of(v, block, shape), 0.0, block.sees == CTORCH_CAUSAL, mask_of(block, q),
          shape.scale);
      split(result, block.first_query, block.end_query, shape).copy_(output);
      saved.push_back(sums);
    }
    context->save_for_backward(saved);
    context->saved_data["blocks"] = pack(blocks);
    context->saved_data["shape"] =
        c10::List<int64_t>({shape.heads, shape.pairs, shape.size});
    context->saved_data["scale"] = shape.scale;
    return result;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &k = saved[1], &v = saved[2], &result = saved[3];
    const auto numbers = context->saved_data["shape"].toIntVector();
    const Shape shape{
        numbers[0], numbers[1], numbers[2], context->saved_data["scale"].toDouble()};
    const auto blocks = unpack(context->saved_data["blocks"].toTensor());
    const auto outer = gradients[0].contiguous();
    auto dq = at::empty_like(q), dk = at::zeros_like(k), dv = at::zeros_like(v);
    for (size_t i = 0; i < blocks.size(); i++) {
      const auto &block = blocks[i];
      const int64_t first = block.first_query, end = block.end_query;
      auto [gq, gk, gv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
          split(outer, first, end, shape), split(q, first, end, shape), keys_of(k, block, shape),
          keys_of(v, block, shape), split(result, first, end, shape), saved[4 + i], 0.0,
          block.sees == CTORCH_CAUSAL, mask_of(block, q), shape.scale);
      split(dq, first, end, shape).copy_(gq);
      add_keys(dk, gk, block, shape);
      add_keys(dv, gv, block, shape);
    }
    return {dq, dk, dv, at::Tensor(), at::Tensor()};
  }

 private:
  static constexpr int64_t fields = 7;

  static at::Tensor pack(const std::vector<ctorch_block> &blocks) {
    auto table = at::empty({static_cast<int64_t>(blocks.size()), fields}, at::kLong);
    int64_t *to = table.mutable_data_ptr<int64_t>();
    for (const auto &b : blocks) {
      for (int64_t value :
           {b.first_query, b.end_query, b.first_key, b.end_key, b.first_more, b.end_more,
            static_cast<int64_t>(b.sees)}) {
        *to++ = value;
      }
    }
    return table;
  }

  static std::vector<ctorch_block> unpack(const at::Tensor &table) {
    std::vector<ctorch_block> blocks;
    const int64_t *from = table.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < table.size(0); i++, from += fields) {
      blocks.push_back(
          {from[0], from[1], from[2], from[3], from[4], from[5],
           static_cast<ctorch_sight>(from[6])});
    }
    return blocks;
  }
};

void check(
    const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
    const std::vector<ctorch_block> &blocks, const Shape &shape) {
  TORCH_CHECK(
      shape.pairs > 0 && shape.size > 0 && shape.heads % shape.pairs == 0 && q.dim() == 2 &&
          k.dim() == 2 && q.size(1) == shape.heads * shape.size &&
          k.size(1) == shape.pairs * shape.size && k.sizes() == v.sizes(),
      "shapes ", q.sizes(), ", ", k.sizes(), ", ", v.sizes(), " for ", shape.heads, " and ",
      shape.pairs, " heads of ", shape.size);
  int64_t row = 0;
  for (const auto &b : blocks) {
    const int64_t rows = b.end_query - b.first_query;
    const bool fits =
        b.sees == CTORCH_EVERYTHING ||
        (b.sees == CTORCH_CAUSAL && b.end_key - b.first_key == rows && b.first_more == b.end_more) ||
        (b.sees == CTORCH_CONTINUES && b.end_more - b.first_more == rows);
    TORCH_CHECK(
        fits && b.first_query == row && rows > 0 && 0 <= b.first_key && b.first_key < b.end_key &&
            b.end_key <= k.size(0) && 0 <= b.first_more && b.first_more <= b.end_more &&
            b.end_more <= k.size(0),
        "a block of queries and keys does not fit");
    row = b.end_query;
  }
  TORCH_CHECK(row == q.size(0), "the blocks hold ", row, " of ", q.size(0), " queries");
}

}  // namespace

ctorch_status ctorch_packed_attention(
    const ctorch_tensor *q, const ctorch_tensor *k, const ctorch_tensor *v,
    const ctorch_block *blocks, size_t count, int64_t heads, int64_t key_heads, int64_t size,
    double scale, ctorch_tensor **out) {
  return graft::produce(out, [&] {
    const std::vector<ctorch_block> list(blocks, blocks + count);
    const Shape shape{heads, key_heads, size, scale};
    check(q->value, k->value, v->value, list, shape);
    return PackedAttention::apply(
        q->value.contiguous(), k->value.contiguous(), v->value.contiguous(), list, shape);
  });
}
