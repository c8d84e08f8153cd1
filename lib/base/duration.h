/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#define DURATION_LEAST 10000ull	       /* 10us */
#define DURATION_MOST 3600000000000ull /* an hour */
/*
 * "50ms", "500us", "1.5s" as nanoseconds; *ret is untouched and the result false when it is no
 * such text, or not from DURATION_LEAST to DURATION_MOST.
 */
bool duration_parse(const char *text, uint64_t *ret);

#endif
