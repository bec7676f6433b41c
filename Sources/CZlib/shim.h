#pragma once

// The system's zlib (Debian: zlib1g-dev), for deflated entries of zip archives.
#include <zlib.h>
