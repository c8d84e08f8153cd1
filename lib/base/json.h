/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strbuf.h"

/*
 * Writes JSON (RFC 8259) into a strbuf, without spaces. Commas and colons come by
 * themselves; begin and end must pair, and a key must come before each value in an
 * object: that is the caller's. The result is always valid UTF-8.
 */
struct json {
	struct strbuf *out;
	bool comma; /* something stands before the next value or key */
};

void json_init(struct json *json, struct strbuf *out);
void json_object_begin(struct json *json);
void json_object_end(struct json *json);
void json_array_begin(struct json *json);
void json_array_end(struct json *json);
void json_key(struct json *json, const char *key);
void json_key_length(struct json *json, const char *key, size_t length);
/* `length` bytes of UTF-8; each byte that is not becomes U+FFFD. See json_is_utf8(). */
void json_string(struct json *json, const char *text, size_t length);
/* A NUL-terminated string; NULL is null. */
void json_text(struct json *json, const char *text);
void json_int(struct json *json, int64_t value);
void json_uint(struct json *json, uint64_t value);
/* "0x…" */
void json_address(struct json *json, uint64_t address);
/* The shortest decimal that reads back as the same double; "NaN", "+Inf", "-Inf" as strings. */
void json_double(struct json *json, double value);
/* The same for a float32: the shortest decimal that reads back as the same float. */
void json_float(struct json *json, float value);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);
/* A value that is JSON already. */
void json_raw(struct json *json, const char *value, size_t length);

/* true when the bytes are well-formed UTF-8 (Unicode 15, table 3-7). */
bool json_is_utf8(const void *data, size_t size);

#endif
