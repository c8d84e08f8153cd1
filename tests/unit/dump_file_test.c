/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "dump.h"

static const struct dump_process process = {
	.schema_id = {1, 2, 3},
	.schema = 0,
	.pid = 4711,
	.load_bias = 0x10000,
	.process_start_time_ns = 11,
	.capture_time_ns = 22,
	.capture_monotonic_ns = 33,
	.last_gc_ns = 44,
	.engine = DUMP_ENGINE_BPF,
	.pause = DUMP_PAUSE_PTRACE,
};
static const struct dump_process_texts texts = {
	"server", "host", "/usr/bin/server", "server -x 1", NULL, "id/xyz", "go1.26.8"};
static const struct dump_statistics statistics = {.pause_ns = 5, .bad_stacks = 6};

static void ok(struct error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

static void fails(struct error *error, enum error_code code, const char *message)
{
	if (!error || !strstr(error->message, message))
		fail_msg("expected \"%s\", got \"%s\"", message,
			 error ? error->message : "no error");
	assert_int_equal(error->code, code);
	error_free(error);
}

/* A dump with one of each chunk, in a file; offsets[i] is where chunk i begins. */
static unsigned char *make(size_t *size, off_t *offsets)
{
	char path[] = "/tmp/dump-test-XXXXXX";
	int fd = mkstemp(path);
	struct dump_writer writer;
	unsigned char *data;
	int n = 0;

	assert_true(fd >= 0);
	unlink(path);
	ok(dump_begin(&writer, fd, "x"));
	offsets[n++] = lseek(fd, 0, SEEK_CUR);
	ok(dump_chunk(&writer, DUMP_SCHEMA, 0, "schema", 6));
	offsets[n++] = lseek(fd, 0, SEEK_CUR);
	ok(dump_process_chunk(&writer, 3, &process, &texts));
	offsets[n++] = lseek(fd, 0, SEEK_CUR);
	ok(dump_records(&writer, 3, 1, "recordsrecords!!", 16));
	offsets[n++] = lseek(fd, 0, SEEK_CUR);
	ok(dump_records(&writer, 3, 2, "", 0));
	offsets[n++] = lseek(fd, 0, SEEK_CUR);
	ok(dump_chunk(&writer, DUMP_STATISTICS, 3, &statistics, sizeof(statistics)));
	offsets[n++] = lseek(fd, 0, SEEK_CUR);
	ok(dump_end(&writer));
	offsets[n] = lseek(fd, 0, SEEK_CUR);
	*size = (size_t)offsets[n];
	data = malloc(*size);
	assert_int_equal(pread(fd, data, *size, 0), (ssize_t)*size);
	close(fd);
	return data;
}

static void test_round_trip(void **state)
{
	cleanup_arena struct arena arena = {0};
	struct dump_statistics read_statistics;
	struct dump_process_texts read_texts;
	struct dump_process read_process;
	struct dump_chunk_view view;
	struct dump_reader reader;
	const uint8_t *records;
	off_t offsets[8];
	uint32_t shard;
	size_t size;
	unsigned char *data = make(&size, offsets);
	bool more;

	(void)state;
	ok(dump_open(&reader, "x", data, size));
	ok(dump_next(&reader, &view, &more));
	assert_true(more);
	assert_int_equal(view.kind, DUMP_SCHEMA);
	assert_int_equal(view.size, 6);
	assert_memory_equal(view.data, "schema", 6);

	ok(dump_next(&reader, &view, &more));
	assert_true(more);
	assert_int_equal(view.process, 3);
	ok(dump_process_parse(&arena, &view, &read_process, &read_texts));
	assert_memory_equal(&read_process, &process, sizeof(process));
	assert_string_equal(read_texts.name, "server");
	assert_string_equal(read_texts.hostname, "host");
	assert_string_equal(read_texts.executable, "/usr/bin/server");
	assert_string_equal(read_texts.command_line, "server -x 1");
	assert_string_equal(read_texts.environment, "");
	assert_string_equal(read_texts.build_id, "id/xyz");
	assert_string_equal(read_texts.go_version, "go1.26.8");

	ok(dump_next(&reader, &view, &more));
	ok(dump_records_parse(&view, &shard, &records, &size));
	assert_int_equal(shard, 1);
	assert_int_equal(size, 16);
	assert_memory_equal(records, "recordsrecords!!", 16);
	/* records are as aligned as the dump is */
	assert_int_equal((records - data) % 8, 0);
	ok(dump_next(&reader, &view, &more));
	ok(dump_records_parse(&view, &shard, &records, &size));
	assert_int_equal(shard, 2);
	assert_int_equal(size, 0);

	ok(dump_next(&reader, &view, &more));
	ok(dump_statistics_parse(&view, &read_statistics));
	assert_memory_equal(&read_statistics, &statistics, sizeof(statistics));
	assert_false(reader.ended);
	ok(dump_next(&reader, &view, &more));
	assert_false(more);
	assert_true(reader.ended);
	assert_null(reader.cut);
	ok(dump_next(&reader, &view, &more));
	assert_false(more);
	free(data);
}

/* Reads all there is of an exact copy; returns the number of chunks. */
static size_t read_all(const unsigned char *data, size_t size, bool *ended, struct error **ret)
{
	unsigned char *copy = malloc(size ? size : 1);
	struct dump_reader reader = {0};
	struct dump_chunk_view view;
	size_t chunks = 0;
	bool more = true;

	memcpy(copy, data, size);
	*ret = dump_open(&reader, "x", copy, size);
	while (!*ret && more) {
		*ret = dump_next(&reader, &view, &more);
		if (*ret || !more)
			break;
		assert_true(view.data >= copy && view.size <= size &&
			    view.data + view.size <= copy + size);
		chunks++;
	}
	if (!*ret)
		assert_true(reader.ended == (reader.cut == NULL));
	*ended = reader.ended;
	free(copy);
	return chunks;
}

/* Where a chunk's payload ends; padding may follow, but is not needed. */
static size_t payload_end(const unsigned char *data, off_t chunk)
{
	uint64_t size;

	memcpy(&size, data + chunk + 8, sizeof(size));
	return (size_t)chunk + 24 + size;
}

/* Cut at every byte: all chunks that are whole are read, and the cut is told. */
static void test_cut(void **state)
{
	off_t offsets[8];
	size_t size;
	unsigned char *data = make(&size, offsets);
	struct error *error;
	bool ended;

	(void)state;
	for (size_t cut = 0; cut <= size; cut++) {
		size_t chunks = read_all(data, cut, &ended, &error), whole = 0;

		if (cut < 16) {
			fails(error, ERROR_DAMAGED, "not an askance dump");
			continue;
		}
		ok(error);
		while (whole < 5 && payload_end(data, offsets[whole]) <= cut)
			whole++;
		if (chunks != whole)
			fail_msg("cut at %zu: %zu chunks", cut, chunks);
		assert_int_equal(ended, cut == size);
	}
	free(data);
}

/* Every bit that is flipped costs the rest of the dump, or is in padding: never a wrong chunk. */
static void test_flipped(void **state)
{
	off_t offsets[8];
	size_t size;
	unsigned char *data = make(&size, offsets);
	struct error *error;
	bool ended;

	(void)state;
	for (size_t bit = 0; bit < size * 8; bit++) {
		size_t chunks;

		data[bit / 8] ^= (unsigned char)(1u << bit % 8);
		chunks = read_all(data, size, &ended, &error);
		if (bit / 8 < 16) {
			assert_non_null(error);
			assert_int_equal(error->code, ERROR_DAMAGED);
			error_free(error);
		} else {
			size_t hit = 0;

			ok(error);
			while ((size_t)offsets[hit + 1] <= bit / 8)
				hit++;
			if (ended ? chunks != 5 : chunks != hit)
				fail_msg("bit %zu: %zu chunks", bit, chunks);
		}
		data[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	free(data);
}

static void test_header(void **state)
{
	unsigned char header[16] = "ASKDUMP1\1";
	struct dump_reader reader;

	(void)state;
	ok(dump_open(&reader, "x", header, 16));
	header[8] = 2;
	ok(dump_open(&reader, "x", header, 16));
	header[8] = 3;
	fails(dump_open(&reader, "x", header, 16), ERROR_DAMAGED,
	      "dump version 3, flags 0; this program reads 1 to 2");
	header[8] = 0;
	fails(dump_open(&reader, "x", header, 16), ERROR_DAMAGED, "dump version 0");
	header[8] = 2;
	header[12] = 1;
	fails(dump_open(&reader, "x", header, 16), ERROR_DAMAGED, "flags 0x1");
	header[7] = '2';
	fails(dump_open(&reader, "x", header, 16), ERROR_DAMAGED, "x: not an askance dump");
}

static void test_after_the_end(void **state)
{
	off_t offsets[8];
	size_t size;
	unsigned char *data = make(&size, offsets);
	struct error *error;
	bool ended;

	(void)state;
	data = realloc(data, size + 1);
	data[size] = 0;
	read_all(data, size + 1, &ended, &error);
	fails(error, ERROR_DAMAGED, "1 bytes after the end mark");
	free(data);
}

/* A PROCESS chunk of any bytes. */
static void test_process(void **state)
{
	off_t offsets[8];
	size_t size;
	unsigned char *data = make(&size, offsets);
	struct dump_process_texts read_texts;
	struct dump_process read_process;
	struct dump_chunk_view view;
	struct dump_reader reader;
	uint64_t seed = 9;
	bool more;

	(void)state;
	ok(dump_open(&reader, "x", data, size));
	ok(dump_next(&reader, &view, &more));
	ok(dump_next(&reader, &view, &more));
	for (size_t cut = 0; cut < view.size; cut++) {
		cleanup_arena struct arena arena = {0};
		unsigned char *copy = malloc(cut + 1);
		struct dump_chunk_view part = {view.kind, view.process, copy, cut};

		memcpy(copy, view.data, cut);
		fails(dump_process_parse(&arena, &part, &read_process, &read_texts), ERROR_DAMAGED,
		      "of process 3");
		free(copy);
	}
	for (int i = 0; i < 20000; i++) {
		cleanup_arena struct arena arena = {0};
		unsigned char *copy = malloc(view.size);
		struct dump_chunk_view part = {view.kind, view.process, copy, view.size};

		memcpy(copy, view.data, view.size);
		seed = hash_u64(seed + 1);
		copy[88 + seed % (view.size - 88)] = (unsigned char)(seed >> 32);
		error_free(dump_process_parse(&arena, &part, &read_process, &read_texts));
		free(copy);
	}
	{
		cleanup_arena struct arena arena = {0};

		data[(view.data - data) + (ptrdiff_t)offsetof(struct dump_process, engine)] =
			DUMP_ENGINE_CORE;
		ok(dump_process_parse(&arena, &view, &read_process, &read_texts));
		data[(view.data - data) + (ptrdiff_t)offsetof(struct dump_process, engine)] =
			DUMP_ENGINE_CORE + 1;
		fails(dump_process_parse(&arena, &view, &read_process, &read_texts), ERROR_DAMAGED,
		      "engine or pause");
		data[(view.data - data) + (ptrdiff_t)offsetof(struct dump_process, engine)] = 1;
		/* the name is no text when it holds a NUL */
		data[(view.data - data) + 88 + 4] = 0;
		fails(dump_process_parse(&arena, &view, &read_process, &read_texts), ERROR_DAMAGED,
		      "a text of process 3");
		view.kind = DUMP_RECORDS;
		fails(dump_process_parse(&arena, &view, &read_process, &read_texts), ERROR_DAMAGED,
		      "the header");
	}
	free(data);
}

static void test_small_chunks(void **state)
{
	static const uint8_t bytes[16] = {7, 0, 0, 0, 1};
	struct dump_chunk_view view = {DUMP_RECORDS, 0, bytes, 7};
	struct dump_statistics read;
	const uint8_t *records;
	uint32_t shard;
	size_t size;

	(void)state;
	fails(dump_records_parse(&view, &shard, &records, &size), ERROR_DAMAGED, "records");
	view.size = 8; /* the second number is not 0 */
	fails(dump_records_parse(&view, &shard, &records, &size), ERROR_DAMAGED, "records");
	view.kind = DUMP_STATISTICS;
	view.size = 9;
	fails(dump_statistics_parse(&view, &read), ERROR_DAMAGED, "statistics");
	view.size = 16; /* an older dump, with fewer counters */
	ok(dump_statistics_parse(&view, &read));
	assert_int_equal(read.pause_ns, 7 + ((uint64_t)1 << 32));
	assert_int_equal(read.bad_stacks, 0);
}

static void test_full_disk(void **state)
{
	struct dump_writer writer = {0};
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	fails(dump_begin(&writer, fd, "out.askdump"), ERROR_IO,
	      "out.askdump: cannot write: No space left on device");
	close(fd);
	fails(dump_chunk(&writer, DUMP_SCHEMA, 0, "x", 1), ERROR_IO, "Bad file descriptor");
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* A slow reader at the other end of a pipe, and signals all the time: short writes and EINTR. */
static void test_interrupted(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
	struct itimerval often = {{0, 500}, {0, 500}}, never = {0};
	size_t size = 1 << 20, total = 0;
	unsigned char *records = calloc(1, size), buffer[4096];
	struct dump_writer writer;
	int ends[2], status;
	ssize_t n;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		close(ends[1]);
		while ((n = read(ends[0], buffer, sizeof(buffer))) > 0) {
			total += (size_t)n;
			usleep(20);
		}
		_exit(total == 16 + 24 + 8 + size + 24 ? 0 : 1);
	}
	close(ends[0]);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	ok(dump_begin(&writer, ends[1], "pipe"));
	ok(dump_records(&writer, 0, 0, records, size));
	ok(dump_end(&writer));
	setitimer(ITIMER_REAL, &never, NULL);
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_cut),
		cmocka_unit_test(test_flipped),	      cmocka_unit_test(test_header),
		cmocka_unit_test(test_after_the_end), cmocka_unit_test(test_process),
		cmocka_unit_test(test_small_chunks),  cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
