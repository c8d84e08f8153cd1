/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DECODE_VALUE_FIXTURE_H
#define DECODE_VALUE_FIXTURE_H

#include "decode_builder.h"

/* One captured value: decoded, and X, raw_X and status_X compared as one text. */

struct fixture {
	struct builder b;
	struct strbuf records; /* pointees; the value comes last */
	uint32_t u8, i8, u16, i32, i64, u64, f32, f64, boolean, string, unsafe;
};

static inline void setup(struct fixture *f)
{
	struct builder *b = &f->b;

	builder_init(b);
	strbuf_init(&f->records);
	f->u8 = 0;
	f->i8 = add_type(b, "int8", SCHEMA_KIND_INT, 1, SCHEMA_NONE);
	f->u16 = add_type(b, "uint16", SCHEMA_KIND_UINT, 2, SCHEMA_NONE);
	f->i32 = add_type(b, "int32", SCHEMA_KIND_INT, 4, SCHEMA_NONE);
	f->i64 = add_type(b, "int", SCHEMA_KIND_INT, 8, SCHEMA_NONE);
	f->u64 = add_type(b, "uint64", SCHEMA_KIND_UINT, 8, SCHEMA_NONE);
	f->f32 = add_type(b, "float32", SCHEMA_KIND_FLOAT, 4, SCHEMA_NONE);
	f->f64 = add_type(b, "float64", SCHEMA_KIND_FLOAT, 8, SCHEMA_NONE);
	f->boolean = add_type(b, "bool", SCHEMA_KIND_BOOL, 1, SCHEMA_NONE);
	f->string = add_type(b, "string", SCHEMA_KIND_STRING, 16, SCHEMA_NONE);
	f->unsafe = add_type(b, "unsafe.Pointer", SCHEMA_KIND_UNSAFE_POINTER, 8, SCHEMA_NONE);
}

static inline void teardown(struct fixture *f)
{
	strbuf_deinit(&f->records);
	builder_deinit(&f->b);
}

static inline uint32_t pointer_to(struct fixture *f, uint32_t elem)
{
	return add_type(&f->b, "*T", SCHEMA_KIND_POINTER, 8, elem);
}

static inline uint32_t slice_of(struct fixture *f, uint32_t elem)
{
	return add_type(&f->b, "[]T", SCHEMA_KIND_SLICE, 24, elem);
}

/* Decodes one value; the three cells in `ret`. May be called once for a fixture. */
static inline void decode_one(struct fixture *f, uint32_t type, enum ask_status status,
			      uint32_t detail, const void *data, struct strbuf *ret)
{
	struct ask_goroutine g = new_goroutine(1, 0, 0);
	const char *row, *next;

	add_function(&f->b, "main.f", "f");
	add_capture(&f->b, "a.b.c", "c", type, 0);
	build_schema(&f->b);
	put_goroutine(&f->records, &g);
	put_frame(&f->records, 0, 0, 0x10);
	put_value(&f->records, &f->b, 0, status, 0xc000010000, detail, data);
	assert_null(run_decode(&f->b, &f->records, 1, ret));
	row = strstr(ret->data, "\n  ");
	assert_non_null(row);
	memmove(ret->data, row + 3, strlen(row + 3) + 1);
	next = strstr(ret->data, "\ngoroutine ");
	strbuf_truncate(ret, next ? (size_t)(next - ret->data) : strlen(ret->data) - 1);
}

static inline void check(struct fixture *f, uint32_t type, const void *data, const char *expected)
{
	cleanup_strbuf struct strbuf got = STRBUF_INIT;

	decode_one(f, type, ASK_STATUS_OK, 0, data, &got);
	assert_string_equal(got.data, expected);
	teardown(f);
}

#endif
