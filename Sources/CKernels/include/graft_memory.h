#pragma once
// The C library's allocator.

#ifdef __cplusplus
extern "C" {
#endif

/// Lets the process keep freed blocks of up to 32 MiB for its next allocation.
///
/// Streams through files allocate and free blocks of a few MiB all the time; given back to the
/// system, every 4 KiB of the next block would cost a page fault.
void graft_keep_freed_blocks(void);

#ifdef __cplusplus
}
#endif
