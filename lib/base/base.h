/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_H
#define BASE_H

/* base: what every other module stands on. Knows nothing of Go, DWARF, BPF or SQL. */

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "duration.h"
#include "error.h"
#include "file.h"
#include "json.h"
#include "map.h"
#include "strbuf.h"
#include "vec.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Returns from the calling function with the error, if there is one. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		struct error *try_error_ = (call);                                                 \
		if (try_error_)                                                                    \
			return try_error_;                                                         \
	} while (0)

#endif
