#pragma once
// SHA-256 by the CPU's own instructions, for one stream or two at once.
//
// A round waits for the one before it, so that one stream leaves the unit idle half of the time;
// two streams in turns take little longer than one.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whether this CPU has the instructions; without them the functions below must not be called.
bool graft_sha256_is_available(void);

/// Takes `count` blocks of 64 bytes into a state of 8 words.
void graft_sha256(uint32_t *_Nonnull state, const uint8_t *_Nonnull bytes, size_t count);

/// Takes `count` blocks of each of two streams into their states.
void graft_sha256_pair(uint32_t *_Nonnull first_state, const uint8_t *_Nonnull first_bytes,
                       uint32_t *_Nonnull second_state, const uint8_t *_Nonnull second_bytes,
                       size_t count);

#ifdef __cplusplus
}
#endif
