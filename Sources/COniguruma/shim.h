#pragma once

// The system's Oniguruma (Debian: libonig-dev), for the regular expressions of tokenizers. What it
// defines by macros or as global variables is given to Swift as functions.
#include <oniguruma.h>

/// Compiles a pattern; 0, or a negative code with its text in `message` (ONIG_MAX_ERROR_MESSAGE_LEN).
static inline int oniguruma_compile(
    OnigRegex *regex, const unsigned char *pattern, long length, unsigned char *message) {
  OnigEncoding encodings[1] = {ONIG_ENCODING_UTF8};
  OnigErrorInfo info;
  onig_initialize(encodings, 1);
  int code = onig_new(regex, pattern, pattern + length, ONIG_OPTION_NONE, ONIG_ENCODING_UTF8,
                      ONIG_SYNTAX_DEFAULT, &info);
  if (code == ONIG_NORMAL) return 0;
  int count = onig_error_code_to_str(message, code, &info);
  message[count < 0 ? 0 : count] = 0;
  return code < 0 ? code : -1;
}

/// The first match in `text` from `start` on: its end, its beginning in `*begin`; -1 if there is
/// none, less if the search was given up.
static inline long oniguruma_search(
    OnigRegex regex, const unsigned char *text, long length, long start, OnigRegion *region,
    OnigMatchParam *limits, long *begin) {
  int found = onig_search_with_param(regex, text, text + length, text + start, text + length,
                                     region, ONIG_OPTION_NONE, limits);
  if (found == ONIG_MISMATCH) return -1;
  if (found < 0) return -2;
  *begin = region->beg[0];
  return region->end[0];
}
