/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <nettle/sha2.h>
#include <zstd.h>

#include "schema_fixture.h"
#include "schema_int.h"

static void ok(struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

static void fails(struct error *error, const char *message)
{
	if (!error || !strstr(error->message, message))
		fail_msg("expected \"%s\", got \"%s\"", message,
			 error ? error->message : "no error");
	assert_int_equal(error->code, ERROR_DAMAGED);
	error_free(error);
}

static void write_fixture(struct strbuf *out)
{
	static struct fixture f;

	fixture_init(&f);
	ok(schema_write(&f.schema, out));
	fixture_deinit(&f);
}

/* Reads from an exact copy on the heap, so that a byte too far is seen. */
static struct error *read_copy(const void *data, size_t size)
{
	cleanup_arena struct arena arena = {0};
	void *copy = malloc(size ? size : 1);
	struct schema *schema = NULL;
	struct error *error;

	memcpy(copy, data, size);
	error = schema_read(&arena, "x", copy, size, &schema);
	assert_true((error == NULL) == (schema != NULL));
	free(copy);
	return error;
}

static void test_round_trip(void **state)
{
	cleanup_strbuf struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	cleanup_arena struct arena arena = {0};
	static struct fixture f;
	struct schema *s;

	(void)state;
	fixture_init(&f);
	ok(schema_write(&f.schema, &first));
	ok(schema_read(&arena, "x", first.data, first.length, &s));
	assert_memory_equal(s->id, f.schema.id, 32);
	assert_memory_equal(&s->meta, &f.schema.meta, sizeof(s->meta));
	assert_memory_equal(&s->layout, &f.schema.layout, sizeof(s->layout));
	assert_int_equal(s->strings_size, f.schema.strings_size);
	assert_memory_equal(s->strings, f.schema.strings, s->strings_size);
	assert_int_equal(s->lines.size, f.schema.lines.size);
	assert_memory_equal(s->lines.data, f.schema.lines.data, s->lines.size);
#define SAME(member)                                                                               \
	assert_int_equal(s->member##_count, ARRAY_SIZE(f.member));                                 \
	assert_memory_equal(s->member, f.member, sizeof(f.member));                                \
	assert_int_equal((uintptr_t)s->member % 8, 0)
	SAME(types);
	SAME(fields);
	SAME(functions);
	SAME(captures);
	SAME(columns);
	SAME(tables);
	SAME(links);
	SAME(link_pairs);
	SAME(matches);
	SAME(gaps);
	SAME(symbols);
	SAME(inline_nodes);
	SAME(files);
	SAME(wait_reasons);
	SAME(limits);
	SAME(engine_types);
	SAME(pointers);
	SAME(spans);
	SAME(ranges);
	SAME(probes);
	SAME(exprs);
	SAME(ops);
	SAME(cfi);
#undef SAME
	/* what was read can be written, and is the same */
	ok(schema_write(s, &second));
	assert_int_equal(first.length, second.length);
	assert_memory_equal(first.data, second.data, first.length);
	fixture_deinit(&f);
}

/* A schema of nothing but a string's byte. */
static void test_smallest(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	cleanup_arena struct arena arena = {0};
	struct schema_type byte = {
		.kind = SCHEMA_KIND_UINT, .size = 1, .elem = SCHEMA_NONE, .key = SCHEMA_NONE};
	struct ask_type engine = {.size = 1};
	struct schema schema = {.strings = "",
				.strings_size = 1,
				.types = &byte,
				.types_count = 1,
				.engine_types = &engine,
				.engine_types_count = 1,
				.layout = {.g_size = 8, .types = 1, .labels_type = ASK_ABSENT}};
	struct schema *read;

	(void)state;
	strbuf_puts(&out, "what was there stays");
	ok(schema_write(&schema, &out));
	assert_memory_equal(out.data, "what was there stays", 20);
	ok(schema_read(&arena, "x", out.data + 20, out.length - 20, &read));
	assert_int_equal(read->symbols_count, 0);
	assert_int_equal(schema_symbolize(read, 5, NULL, 0), 0);
}

static void test_header(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	uint64_t huge = (uint64_t)1 << 31;

	(void)state;
	write_fixture(&out);
	fails(read_copy("", 0), "not an askance schema");
	fails(read_copy(out.data, 63), "not an askance schema");
	for (size_t size = 64; size < out.length; size++)
		fails(read_copy(out.data, size), "damaged schema");
	strbuf_putc(&out, 0);
	fails(read_copy(out.data, out.length), "bytes instead of");
	strbuf_truncate(&out, out.length - 1);
	out.data[8] = 6;
	fails(read_copy(out.data, out.length), "schema version 6; this program reads 5");
	out.data[8] = 2;
	fails(read_copy(out.data, out.length), "schema version 2; this program reads 5");
	out.data[8] = 5;
	out.data[12] = 1;
	fails(read_copy(out.data, out.length), "bad header");
	out.data[12] = 0;
	out.data[40] ^= 1;
	fails(read_copy(out.data, out.length), "its hash does not match");
	out.data[40] ^= 1;
	out.data[16]++;
	fails(read_copy(out.data, out.length), "not one zstd frame");
	memcpy(out.data + 16, &huge, 8);
	fails(read_copy(out.data, out.length), "body of 2147483648 bytes");
	/* allowed as such, but no file this small holds so much: nothing is allocated for it */
	huge = (uint64_t)1 << 30;
	memcpy(out.data + 16, &huge, 8);
	fails(read_copy(out.data, out.length), "body of 1073741824 bytes");
	huge = UINT64_MAX;
	memcpy(out.data + 16, &huge, 8);
	fails(read_copy(out.data, out.length), "body of");
}

/* What is in the frame of a written schema. */
static unsigned char *inflate(const struct strbuf *out, size_t *size)
{
	unsigned char *packed;

	*size = ZSTD_getFrameContentSize(out->data + 64, out->length - 64);
	packed = malloc(*size);
	assert_int_equal(ZSTD_decompress(packed, *size, out->data + 64, out->length - 64), *size);
	return packed;
}

/* The body of a written schema. */
static unsigned char *unpack(const struct strbuf *out, size_t *size)
{
	unsigned char *packed = inflate(out, size), *body;

	*size -= SCHEMA_PACK_HEAD;
	body = malloc(*size);
	ok(schema_unpack("x", packed, body, *size));
	free(packed);
	return body;
}

/* A file around what its frame holds, with a good header. */
static struct error *read_frame(uint32_t version, const void *content, uint64_t content_size,
				const void *body, uint64_t size)
{
	size_t room = ZSTD_compressBound(content_size);
	unsigned char *file = calloc(1, 64 + room);
	uint64_t packed = ZSTD_compress(file + 64, room, content, content_size, 1);
	struct sha256_ctx context;
	struct error *error;

	sha256_init(&context);
	sha256_update(&context, size, body);
	sha256_digest(&context, 32, file + 32);
	memcpy(file, "ASKSCHEM", 8);
	memcpy(file + 8, &version, 4);
	memcpy(file + 16, &size, 8);
	memcpy(file + 24, &packed, 8);
	error = read_copy(file, 64 + packed);
	free(file);
	return error;
}

#define LAYOUT_ROW 1 /* in the section table */

/* A body as versions 3 and 4 have it: the layout ends earlier. What is behind it is not looked at. */
static unsigned char *shorten(const void *body, uint64_t size)
{
	unsigned char *copy = malloc(size ? size : 1);
	uint32_t element = SCHEMA_SHORT_LAYOUT;

	memcpy(copy, body, size);
	if (size >= 8 + (LAYOUT_ROW + 1) * 24)
		memcpy(copy + 8 + LAYOUT_ROW * 24 + 4, &element, sizeof(element));
	return copy;
}

/* The body of a written schema as version 3 has it. */
static unsigned char *old_body(const struct strbuf *out, size_t *size)
{
	unsigned char *body = unpack(out, size), *copy = shorten(body, *size);

	free(body);
	return copy;
}

/* Of version 3, which has the body as it is: only what is inside can be wrong. */
static struct error *read_body(const void *body, uint64_t size)
{
	return read_frame(3, body, size, body, size);
}

/* Row i of the section table: {u32 id, u32 element size, u64 count, u64 offset}. */
static void put32(unsigned char *body, size_t row, size_t at, uint32_t value)
{
	memcpy(body + 8 + row * 24 + at, &value, 4);
}

static void put64(unsigned char *body, size_t row, size_t at, uint64_t value)
{
	memcpy(body + 8 + row * 24 + at, &value, 8);
}

static void test_section_table(void **state)
{
	static const struct {
		const char *message;
		size_t row, at, bytes;
		uint64_t value;
	} cases[] = {
		{"elements of types have 49 bytes, not 48", 2, 4, 4, 49},
		{"elements of types have 0 bytes", 2, 4, 4, 0},
		{"section types is out of bounds", 2, 8, 8, 1000000},
		{"section types is out of bounds", 2, 8, 8, UINT64_MAX / 48 + 2},
		{"section types is out of bounds", 2, 8, 8, (uint64_t)1 << 32},
		{"section types is out of bounds", 2, 16, 8, 4},
		{"section types is out of bounds", 2, 16, 8, UINT64_MAX - 7},
		{"0 rows of meta", 0, 8, 8, 0},
		{"2 rows of layout", 1, 8, 8, 2},
		{"sections out of order", 2, 0, 4, 2},
		{"sections out of order", 2, 0, 4, 100},
		{"section context_types is missing", 29, 0, 4, 31},
	};
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	unsigned char *body;
	size_t size;

	(void)state;
	write_fixture(&out);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		body = old_body(&out, &size);
		if (cases[i].bytes == 4)
			put32(body, cases[i].row, cases[i].at, (uint32_t)cases[i].value);
		else
			put64(body, cases[i].row, cases[i].at, cases[i].value);
		fails(read_body(body, size), cases[i].message);
		free(body);
	}
	body = old_body(&out, &size);
	ok(read_body(body, size));
	fails(read_body(body, 7), "no section table");
	fails(read_body(body, 8), "bad section table");
	fails(read_body(body, 8 + 25 * 24), "bad section table");
	memset(body, 0xff, 4);
	fails(read_body(body, size), "bad section table");
	memset(body, 0, 4);
	fails(read_body(body, size), "section meta is missing");
	free(body);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Changes a few bytes; most often by a little, so that indexes stay near their bounds. */
static void mutate(unsigned char *data, size_t size, uint64_t *seed)
{
	static const unsigned char edges[] = {0, 1, 0x7f, 0x80, 0xff};

	for (uint64_t n = 1 + next_random(seed) % 4; n; n--) {
		unsigned char *at = data + next_random(seed) % size;

		switch (next_random(seed) % 4) {
		case 0:
			*at = (unsigned char)next_random(seed);
			break;
		case 1:
			*at = edges[next_random(seed) % sizeof(edges)];
			break;
		default:
			*at += next_random(seed) % 5 - 2;
		}
	}
}

/* Of what is packed nothing is believed, though its frame and header are good. */
static void test_packed(void **state)
{
	static const struct {
		const char *message;
		size_t at; /* in the packed body: the head, then the section table */
		uint64_t value;
		size_t bytes;
	} cases[] = {
		{"line programs do not fit", 0, UINT32_MAX, 4},
		{"line programs do not fit", 4, 0, 4},
		{"bad section table", 16, 257, 4},
		{"section 3 is out of bounds", 24 + 2 * 24 + 4, UINT32_MAX, 4},
		{"section 3 is out of bounds", 24 + 2 * 24 + 8, UINT64_MAX / 48 + 2, 8},
		{"section 3 is out of bounds", 24 + 2 * 24 + 8, 1 << 20, 8},
		{"section 3 is out of bounds", 24 + 2 * 24 + 16, UINT64_MAX - 7, 8},
		/* into the table; into the section before; the next one into this */
		{"section 1 is out of bounds", 24 + 0 * 24 + 16, 8, 8},
		{"section 2 is out of bounds", 24 + 1 * 24 + 16, 8 + 26 * 24, 8},
		{"section 2 is out of bounds", 24 + 0 * 24 + 8, 2, 8},
		{"hash does not match", 24 + 2 * 24 + 4, 24, 4},
	};
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	unsigned char *body, *packed;
	size_t size, whole;
	uint64_t seed = 7;

	(void)state;
	write_fixture(&out);
	body = unpack(&out, &size);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		packed = inflate(&out, &whole);
		memcpy(packed + cases[i].at, &cases[i].value, cases[i].bytes);
		fails(read_frame(5, packed, whole, body, size), cases[i].message);
		free(packed);
	}
	packed = inflate(&out, &whole);
	ok(read_frame(5, packed, whole, body, size));
	for (size_t cut = 16; cut < 600; cut++)
		fails(read_frame(5, packed, cut, body, cut - 16), "damaged schema");
	fails(read_frame(5, packed, 15, body, 0), "not one zstd frame");
	for (int i = 0; i < 5000; i++) {
		struct error *error;

		memcpy(body, packed, size);
		mutate(packed, whole, &seed);
		error = read_frame(5, packed, whole, body, size);
		assert_non_null(error); /* the hash is of something else */
		assert_int_equal(error->code, ERROR_DAMAGED);
		error_free(error);
		memcpy(packed, body, size);
	}
	free(packed);
	free(body);
}

/* Work is bounded by the size, whatever elements of empty sections are said to have. */
static void test_unpack_empty_sections(void **state)
{
	const struct schema_section_row row = {1, UINT32_MAX & ~3u, 0, 8 + SCHEMA_SECTIONS_MAX * 24};
	const uint32_t head[2] = {SCHEMA_SECTIONS_MAX, 0};
	cleanup_strbuf struct strbuf packed = STRBUF_INIT;
	unsigned char body[8 + SCHEMA_SECTIONS_MAX * sizeof(row)];
	clock_t began = clock();

	(void)state;
	strbuf_repeat(&packed, 0, SCHEMA_PACK_HEAD);
	strbuf_add(&packed, head, sizeof(head));
	for (size_t i = 0; i < SCHEMA_SECTIONS_MAX; i++)
		strbuf_add(&packed, &row, sizeof(row));
	ok(schema_unpack("x", (unsigned char *)packed.data, body, sizeof(body)));
	assert_memory_equal(body, packed.data + SCHEMA_PACK_HEAD, sizeof(body));
	assert_true(clock() - began < 10 * CLOCKS_PER_SEC); /* of our own, whatever the host does */
}

/* Line programs that are none are packed as they are. */
static void test_pack_any_lines(void **state)
{
	static const uint8_t junk[] = {2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
	struct schema_section_row row = {SCHEMA_SECTION_LINES, 1, 0, 32};

	(void)state;
	for (size_t size = 0; size <= sizeof(junk); size++) {
		cleanup_strbuf struct strbuf body = STRBUF_INIT, packed = STRBUF_INIT;
		uint32_t head[2] = {1, 0};
		unsigned char back[64];

		row.count = size;
		strbuf_add(&body, head, sizeof(head));
		strbuf_add(&body, &row, sizeof(row));
		strbuf_add(&body, junk, size);
		schema_pack(&body, &packed);
		ok(schema_unpack("x", (unsigned char *)packed.data, back, body.length));
		assert_memory_equal(back, body.data, body.length);
	}
}

/* A section that a later version added is skipped. */
static void test_unknown_section(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT, more = STRBUF_INIT;
	unsigned char *body;
	uint32_t count;
	size_t size, table;

	(void)state;
	write_fixture(&out);
	body = old_body(&out, &size);
	memcpy(&count, body, 4);
	table = 8 + count * 24;
	strbuf_add(&more, body, table);
	strbuf_repeat(&more, 0, 24);
	strbuf_add(&more, body + table, size - table);
	count++;
	memcpy(more.data, &count, 4);
	for (uint32_t i = 0; i + 1 < count; i++) {
		uint64_t offset;

		memcpy(&offset, more.data + 8 + i * 24 + 16, 8);
		put64((unsigned char *)more.data, i, 16, offset + 24);
	}
	put32((unsigned char *)more.data, count - 1, 0, 77);
	put32((unsigned char *)more.data, count - 1, 4, 12345);
	ok(read_body(more.data, more.length));
	free(body);
}

/* What versions 3 and 4 do not have of the layout is zero. */
static void test_short_layout(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT, file = STRBUF_INIT;
	struct schema_header header = {.magic = SCHEMA_MAGIC, .version = SCHEMA_VERSION_PLAIN};
	cleanup_arena struct arena arena;
	unsigned char *body, *copy;
	struct sha256_ctx context;
	struct schema *schema;
	size_t size, room;

	(void)state;
	arena_init(&arena);
	write_fixture(&out);
	body = unpack(&out, &size);
	copy = shorten(body, size);
	ok(read_frame(SCHEMA_VERSION_PLAIN, copy, size, copy, size));
	fails(read_frame(SCHEMA_VERSION_PLAIN, body, size, body, size),
	      "elements of layout have 320 bytes, not 272");
	room = ZSTD_compressBound(size);
	header.body_size = size;
	sha256_init(&context);
	sha256_update(&context, size, copy);
	sha256_digest(&context, sizeof(header.id), header.id);
	strbuf_repeat(&file, 0, sizeof(header) + room);
	header.compressed_size = ZSTD_compress(file.data + sizeof(header), room, copy, size, 1);
	memcpy(file.data, &header, sizeof(header));
	ok(schema_read(&arena, "x", file.data, sizeof(header) + header.compressed_size, &schema));
	assert_int_equal(schema->layout.gopark_hi, 0);
	assert_int_equal(schema->layout.time_to_run, 0);
	free(copy);
	free(body);
}

/* Uses all that a reader uses: what the checks passed must be safe to follow. */
static void use(const struct schema *s)
{
	struct schema_frame frames[4];

	for (uint32_t pc = 0; pc < 0x110; pc++) {
		size_t n = schema_symbolize(s, pc, frames, ARRAY_SIZE(frames));

		for (size_t i = 0; i < n && i < ARRAY_SIZE(frames); i++)
			assert_true(strlen(frames[i].function) + strlen(frames[i].file) <
				    2 * s->strings_size);
	}
	for (uint32_t i = 0; i < s->captures_count; i++) {
		const struct schema_capture *c = &s->captures[i];

		assert_true(i - s->functions[c->function].first_capture <
			    s->functions[c->function].captures);
		assert_true(strlen(schema_text(s, s->types[c->type].name)) < s->strings_size);
		assert_non_null(schema_kind_name(s->types[c->type].kind));
	}
}

static void test_fuzz_body(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	uint64_t seed = 0x9e3779b97f4a7c15, passed = 0;
	unsigned char *body, *copy;
	size_t size;

	(void)state;
	write_fixture(&out);
	body = old_body(&out, &size);
	copy = malloc(size);
	for (int i = 0; i < 20000; i++) {
		cleanup_arena struct arena arena = {0};
		cleanup_strbuf struct strbuf file = STRBUF_INIT;
		struct schema *schema;
		struct error *error;

		memcpy(copy, body, size);
		mutate(copy, size, &seed);
		/* past the hash and zstd: straight to what they protect */
		error = read_body(copy, size);
		if (error) {
			assert_int_equal(error->code, ERROR_DAMAGED);
			error_free(error);
			continue;
		}
		passed++;
		strbuf_add(&file, out.data, 64);
		{
			size_t room = ZSTD_compressBound(size);
			uint64_t packed =
				ZSTD_compress(strbuf_reserve(&file, room), room, copy, size, 1);
			struct sha256_ctx context;

			strbuf_commit(&file, packed);
			file.data[8] = 3;
			memcpy(file.data + 24, &packed, 8);
			sha256_init(&context);
			sha256_update(&context, size, copy);
			sha256_digest(&context, 32, (uint8_t *)file.data + 32);
		}
		ok(schema_read(&arena, "x", file.data, file.length, &schema));
		use(schema);
	}
	/* both happen: the test tests something */
	assert_true(passed > 100 && passed < 19000);
	free(copy);
	free(body);
}

static void test_fuzz_file(void **state)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT, copy = STRBUF_INIT;
	uint64_t seed = 42;

	(void)state;
	write_fixture(&out);
	for (int i = 0; i < 5000; i++) {
		struct error *error;

		strbuf_clear(&copy);
		strbuf_add(&copy, out.data, out.length);
		mutate((unsigned char *)copy.data, copy.length, &seed);
		error = read_copy(copy.data, copy.length);
		/* the same body may be packed in more than one way; another one is never taken */
		if (!error)
			assert_memory_equal(copy.data + 32, out.data + 32, 32);
		error_free(error);
	}
}

/* A minimal ELF object: null section, names, and `count` schema sections. */
static size_t make_elf(unsigned char *out, int count, const char *content)
{
	static const char names[] = "\0.shstrtab\0.askance.schema";
	Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			     .e_shentsize = sizeof(Elf64_Shdr),
			     .e_shnum = (Elf64_Half)(2 + count),
			     .e_shstrndx = 1};
	size_t names_at = sizeof(header), at = names_at + sizeof(names), size = strlen(content);
	Elf64_Shdr section = {.sh_name = 1,
			      .sh_type = SHT_STRTAB,
			      .sh_offset = names_at,
			      .sh_size = sizeof(names)};

	memcpy(out + names_at, names, sizeof(names));
	memcpy(out + at, content, size);
	header.e_shoff = at + size; /* unaligned on purpose */
	memcpy(out, &header, sizeof(header));
	memset(out + header.e_shoff, 0, sizeof(section));
	memcpy(out + header.e_shoff + sizeof(section), &section, sizeof(section));
	section = (Elf64_Shdr){
		.sh_name = 11, .sh_type = SHT_PROGBITS, .sh_offset = at, .sh_size = size};
	for (int i = 0; i < count; i++)
		memcpy(out + header.e_shoff + (2 + (size_t)i) * sizeof(section), &section,
		       sizeof(section));
	return header.e_shoff + (2 + (size_t)count) * sizeof(section);
}

static struct error *find(const unsigned char *elf, size_t size, const void **at, size_t *found)
{
	unsigned char *copy = malloc(size ? size : 1);
	struct error *error;

	memcpy(copy, elf, size);
	error = schema_section("x", copy, size, at, found);
	if (!error) {
		assert_true((const unsigned char *)*at >= copy &&
			    (const unsigned char *)*at + *found <= copy + size);
		*at = elf + ((const unsigned char *)*at - copy);
	}
	free(copy);
	return error;
}

static void test_section(void **state)
{
	unsigned char elf[1024], copy[1024];
	size_t size = make_elf(elf, 1, "content"), found;
	uint64_t seed = 7;
	const void *at;

	(void)state;
	ok(find(elf, size, &at, &found));
	assert_int_equal(found, 7);
	assert_memory_equal(at, "content", 7);
	for (size_t i = 0; i < size; i++)
		fails(find(elf, i, &at, &found), i < 64 ? "not an ELF" : "bad section table");
	for (int i = 0; i < 20000; i++) {
		memcpy(copy, elf, size);
		mutate(copy, size, &seed);
		error_free(find(copy, size, &at, &found));
	}
	elf[4] = ELFCLASS32;
	fails(find(elf, size, &at, &found), "not a 64-bit little-endian");
	size = make_elf(elf, 0, "content");
	fails(find(elf, size, &at, &found), "no section .askance.schema: not made by askc");
	size = make_elf(elf, 2, "content");
	fails(find(elf, size, &at, &found), "two sections");
	size = make_elf(elf, 1, "content");
	elf[size - sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size) + 7] = 0xff;
	fails(find(elf, size, &at, &found), "bad section .askance.schema");
	size = make_elf(elf, 1, "content");
	elf[size - sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_type)] = SHT_NOBITS;
	fails(find(elf, size, &at, &found), "bad section .askance.schema");
	size = make_elf(elf, 1, "content");
	memset(elf + offsetof(Elf64_Ehdr, e_shoff), 0, 8);
	fails(find(elf, size, &at, &found), "no section table");
	size = make_elf(elf, 1, "content");
	elf[offsetof(Elf64_Ehdr, e_shstrndx)] = 3;
	fails(find(elf, size, &at, &found), "no section names");
}

static void test_open(void **state)
{
	char path[] = "/tmp/schema-test-XXXXXX";
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	cleanup_arena struct arena arena = {0};
	static const char names[] = "\0.shstrtab\0.askance.schema";
	Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			     .e_shentsize = sizeof(Elf64_Shdr),
			     .e_shnum = 2,
			     .e_shstrndx = 0};
	Elf64_Shdr sections[2] = {{.sh_name = 1, .sh_type = SHT_STRTAB, .sh_size = sizeof(names)},
				  {.sh_name = 11, .sh_type = SHT_PROGBITS}};
	struct schema *schema;
	struct error *error;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	write_fixture(&out);
	header.e_shoff = sizeof(header);
	sections[0].sh_offset = sizeof(header) + sizeof(sections);
	sections[1].sh_offset = sections[0].sh_offset + sizeof(names);
	sections[1].sh_size = out.length;
	ok(fd_write_all(fd, path, &header, sizeof(header)));
	ok(fd_write_all(fd, path, sections, sizeof(sections)));
	ok(fd_write_all(fd, path, names, sizeof(names)));
	ok(fd_write_all(fd, path, out.data, out.length));
	close(fd);
	ok(schema_open(&arena, path, &schema));
	assert_string_equal(schema_text(schema, schema->meta.name), "slow-rpc");
	unlink(path);
	error = schema_open(&arena, path, &schema);
	assert_int_equal(error->code, ERROR_IO);
	error_free(error);
}

struct expected_frame {
	const char *function, *file;
	uint32_t line, node;
};

static void expect_frames(const struct schema *s, uint32_t pc, const struct expected_frame *want,
			  size_t n)
{
	struct schema_frame frames[8];

	assert_int_equal(schema_symbolize(s, pc, frames, 8), n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(frames[i].function, want[i].function);
		assert_string_equal(frames[i].file, want[i].file);
		assert_int_equal(frames[i].line, want[i].line);
		assert_int_equal(frames[i].inline_node, want[i].node);
		assert_int_equal(frames[i].inlined, want[i].node != SCHEMA_NONE);
	}
}

static void test_symbolize(void **state)
{
	static const struct expected_frame plain[] = {
		{"main.(*server).GetInfo", "server.go", 20, SCHEMA_NONE}};
	static const struct expected_frame one[] = {
		{"sync.lock", "mutex.go", 91, 0},
		{"main.(*server).GetInfo", "server.go", 30, SCHEMA_NONE}};
	static const struct expected_frame two[] = {
		{"sync.fast", "mutex.go", 45, 1},
		{"sync.lock", "mutex.go", 90, 0},
		{"main.(*server).GetInfo", "server.go", 30, SCHEMA_NONE}};
	static const struct expected_frame after[] = {
		{"main.(*server).GetInfo", "server.go", 31, SCHEMA_NONE}};
	static const struct expected_frame second[] = {{"sync.lock", "mutex.go", 3, 2},
						       {"main.work", "server.go", 8, SCHEMA_NONE}};
	struct schema_frame frame;
	static struct fixture f;

	(void)state;
	fixture_init(&f);
	expect_frames(&f.schema, 0x10, plain, 1);
	expect_frames(&f.schema, 0x1f, plain, 1);
	expect_frames(&f.schema, 0x20, one, 2);
	expect_frames(&f.schema, 0x28, two, 3);
	expect_frames(&f.schema, 0x2f, two, 3);
	expect_frames(&f.schema, 0x30, after, 1);
	expect_frames(&f.schema, 0x4f, after, 1);
	expect_frames(&f.schema, 0x7f, second, 2);
	assert_int_equal(schema_symbolize(&f.schema, 0x0f, &frame, 1), 0);
	assert_int_equal(schema_symbolize(&f.schema, 0x50, &frame, 1), 0);
	assert_int_equal(schema_symbolize(&f.schema, 0x5f, &frame, 1), 0);
	assert_int_equal(schema_symbolize(&f.schema, 0x80, &frame, 1), 0);
	assert_int_equal(schema_symbolize(&f.schema, UINT32_MAX, &frame, 1), 0);
	assert_null(schema_symbol_at(&f.schema, 0x55));
	assert_ptr_equal(schema_symbol_at(&f.schema, 0x60), &f.symbols[1]);
	/* more frames than room: the innermost are given, all are counted */
	assert_int_equal(schema_symbolize(&f.schema, 0x28, &frame, 1), 3);
	assert_string_equal(frame.function, "sync.fast");
	assert_int_equal(schema_symbolize(&f.schema, 0x28, NULL, 0), 3);
	fixture_deinit(&f);
}

static void test_lines(void **state)
{
	static const struct schema_line_row rows[] = {{5, 0, 0, 100},
						      {6, 0, 0, 100},
						      {7, 3, 2, 1},
						      {0x10000, 3, 2, UINT32_MAX},
						      {UINT32_MAX, UINT32_MAX, UINT32_MAX, 0}};
	static const size_t kept[] = {0, 2, 3, 4};
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct schema_line_reader reader;
	struct schema_blob blob;

	(void)state;
	strbuf_puts(&out, "before");
	schema_lines_encode(&out, rows, ARRAY_SIZE(rows), 5);
	blob = (struct schema_blob){(const uint8_t *)out.data, out.length};
	schema_lines_begin(&reader, &blob, 6, 5);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		assert_true(schema_lines_next(&reader));
		assert_memory_equal(&reader.row, &rows[kept[i]], sizeof(reader.row));
	}
	assert_false(schema_lines_next(&reader));
	assert_false(reader.bad);
	strbuf_clear(&out);
	schema_lines_encode(&out, NULL, 0, 5);
	blob = (struct schema_blob){(const uint8_t *)out.data, out.length};
	schema_lines_begin(&reader, &blob, 0, 5);
	assert_false(schema_lines_next(&reader));
	assert_false(reader.bad);
}

static void test_strings(void **state)
{
	cleanup_arena struct arena arena = {0};
	struct schema_strings strings;
	schema_str offsets[2000];
	char text[32];

	(void)state;
	schema_strings_init(&strings, &arena);
	assert_int_equal(schema_strings_add(&strings, ""), 0);
	assert_int_equal(strings.size, 1);
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		offsets[i] = schema_strings_add(&strings, text);
	}
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		assert_int_equal(schema_strings_add(&strings, text), offsets[i]);
		assert_string_equal(strings.data + offsets[i], text);
	}
	assert_int_equal(strings.data[strings.size - 1], 0);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(schema_kind_name(SCHEMA_KIND_UNSAFE_POINTER), "unsafe.Pointer");
	assert_string_equal(schema_kind_sql(SCHEMA_KIND_FLOAT), "REAL");
	assert_string_equal(schema_column_type_name(SCHEMA_COLUMN_DURATION_NS), "DURATION_NS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_unpack_empty_sections),
		cmocka_unit_test(test_short_layout),
		cmocka_unit_test(test_pack_any_lines),
		cmocka_unit_test(test_section_table),
		cmocka_unit_test(test_unknown_section),
		cmocka_unit_test(test_fuzz_body),
		cmocka_unit_test(test_fuzz_file),
		cmocka_unit_test(test_section),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_symbolize),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
