#pragma once
// SIMD kernels for work on files: plain C over caller-owned memory; and the allocator's settings.

#include "graft_blocks.h"
#include "graft_numbers.h"
#include "graft_low_rank.h"
#include "graft_memory.h"
#include "graft_sha256.h"
#include "graft_verify.h"
