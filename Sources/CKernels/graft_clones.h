#pragma once
// One source, several instruction sets: the loader picks the best that the CPU has.

#if defined(__x86_64__) && defined(__linux__)
#define GRAFT_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GRAFT_CLONES
#endif
