#pragma once
// SIMD kernels for work on files. Every function is plain C over caller-owned memory.

#include "graft_blocks.h"
#include "graft_numbers.h"
#include "graft_low_rank.h"
#include "graft_sha256.h"
#include "graft_verify.h"
