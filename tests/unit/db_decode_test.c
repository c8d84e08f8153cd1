/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "decode_builder.h"

#include "db.h"

/* Dumps made by hand to databases, and questions to those. */

struct fixture {
	struct builder b;
	char directory[64], dump[96], other[96], database[96];
};

/* server_GetInfo and server_processClient of the walkthrough, in small. */
static void describe(struct builder *b)
{
	uint32_t i64, state, pointer;
	struct schema_link *link;

	builder_init(b);
	i64 = add_type(b, "int", SCHEMA_KIND_INT, 8, SCHEMA_NONE);
	state = add_struct(b, "main.clientState", 16);
	add_field(b, state, "clientID", 0, i64);
	add_field(b, state, "calls", 8, i64);
	pointer = add_type(b, "*main.clientState", SCHEMA_KIND_POINTER, 8, state);
	add_symbol(b, "main.(*server).GetInfo", 0x100, 0x200);
	add_symbol(b, "main.(*server).processClient", 0x200, 0x300);
	add_function(b, "main.(*server).GetInfo", "server_GetInfo");
	add_capture(b, "cs", "cs", pointer, 0);
	add_capture(b, "request", "request", i64, 0);
	*VEC_PUSH(&b->arena, &b->columns) = (struct schema_column){
		.function = 0,
		.name = str(b, "cs_addr"),
		.expr = str(b, "raw_cs ->> '$.__addr'"),
		.type = SCHEMA_COLUMN_TEXT,
	};
	b->functions.data[0].columns = 1;
	add_function(b, "main.(*server).processClient", "server_processClient");
	add_capture(b, "cs", "cs", pointer, 0);
	*VEC_PUSH(&b->arena, &b->columns) = (struct schema_column){
		.function = 1,
		.name = str(b, "cs_addr"),
		.expr = str(b, "raw_cs ->> '$.__addr'"),
		.type = SCHEMA_COLUMN_TEXT,
	};
	b->functions.data[1].columns = 1;
	*VEC_PUSH(&b->arena, &b->tables) = (struct schema_table){
		.name = str(b, "blocked_by"),
		.doc = str(b, "who waits for whom"),
		.sql = str(b,
			   "SELECT process_id, g.goroutine_id AS waiter, p.goroutine_id AS holder "
			   "FROM server_GetInfo g JOIN server_processClient p "
			   "USING (process_id, cs_addr)"),
	};
	link = VEC_PUSH(&b->arena, &b->links);
	*link = (struct schema_link){
		.from_table = str(b, "server_GetInfo"),
		.to_table = str(b, "server_processClient"),
		.note = str(b, "handlers and jobs"),
		.first_pair = 0,
		.pairs = 2,
	};
	for (size_t i = 0; i < 2; i++) {
		schema_str name = str(b, i ? "cs_addr" : "process_id");

		*VEC_PUSH(&b->arena, &b->pairs) = (struct schema_link_pair){name, name};
	}
}

/* Two calls of GetInfo, one of them on the client that processClient holds. */
static void put_records(const struct builder *b, struct strbuf *out)
{
	const uint32_t get[] = {0x110}, process[] = {0x210};
	const uint64_t addresses[] = {0xc000001000, 0xc000002000};
	struct ask_goroutine g;

	put_stack(out, 1, get, 1, 0, 1, 0);
	for (uint64_t i = 0; i < 2; i++) {
		uint64_t state[2] = {i + 1, 10 * (i + 1)};

		g = new_goroutine(10 + i, 1, 1);
		put_goroutine(out, &g);
		put_frame(out, 0, 0, 0x110);
		put_value(out, b, 0, ASK_STATUS_OK, 0, 0, &addresses[i]);
		put_value(out, b, 1, ASK_STATUS_UNAVAILABLE, 0, ASK_REASON_REGISTER, NULL);
		put_pointee(out, addresses[i], 2, ASK_STATUS_OK, state, sizeof(state));
	}
	g = new_goroutine(20, 2, 1);
	put_stack(out, 2, process, 1, 0, 1, 0);
	put_goroutine(out, &g);
	put_frame(out, 0, 1, 0x210);
	put_value(out, b, 2, ASK_STATUS_OK, 0, 0, &addresses[1]);
	g = new_goroutine(30, 0, 0);
	g.stack_status = ASK_STACK_RUNNING;
	g.atomicstatus = 2;
	put_goroutine(out, &g);
}

static void write_dump(struct builder *b, const char *path, const struct strbuf *records)
{
	cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct dump_process_texts texts = {"server", "host-1",	"/bin/server", "server -v",
					   "",	     "build/1", "go1.26.8"};
	struct dump_writer writer;

	assert_true(fd >= 0);
	build_schema(b);
	succeed(schema_write(&b->schema, &bytes));
	memcpy(b->process.schema_id, b->schema.id, sizeof(b->schema.id));
	b->process.schema = 5;
	succeed(dump_begin(&writer, fd, path));
	succeed(dump_chunk(&writer, DUMP_SCHEMA, 5, bytes.data, bytes.length));
	succeed(dump_process_chunk(&writer, 3, &b->process, &texts));
	succeed(dump_records(&writer, 3, 0, records->data, records->length));
	succeed(dump_chunk(&writer, DUMP_STATISTICS, 3, &b->statistics, sizeof(b->statistics)));
	succeed(dump_end(&writer));
}

static void setup(struct fixture *f)
{
	cleanup_strbuf struct strbuf records = STRBUF_INIT;

	strcpy(f->directory, "/tmp/askance-db-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->dump, sizeof(f->dump), "%s/x.askdump", f->directory);
	snprintf(f->other, sizeof(f->other), "%s/y.askdump", f->directory);
	snprintf(f->database, sizeof(f->database), "%s/x.db", f->directory);
	describe(&f->b);
	f->b.statistics.pause_ns = 1500000;
	f->b.statistics.goroutines = 4;
	put_records(&f->b, &records);
	write_dump(&f->b, f->dump, &records);
}

/* Everything that a test left must be these files, and nothing else. */
static void teardown(struct fixture *f)
{
	DIR *directory = opendir(f->directory);
	struct dirent *entry;

	unlink(f->dump);
	unlink(f->other);
	unlink(f->database);
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			fail_msg("%s was left", entry->d_name);
	closedir(directory);
	assert_int_equal(rmdir(f->directory), 0);
	builder_deinit(&f->b);
}

static char *query(const struct fixture *f, const char *sql, enum db_format format)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	succeed(db_query(f->database, sql, format, out));
	fclose(out);
	return text;
}

/* Rows as CSV, without the header. */
static void expect_rows(const struct fixture *f, const char *sql, const char *expected)
{
	char *text = query(f, sql, DB_FORMAT_CSV), *rows = strstr(text, "\r\n") + 2;

	for (char *from = rows, *to = rows;; from++) {
		if (*from != '\r')
			*to++ = *from;
		if (!*from)
			break;
	}
	assert_string_equal(rows, expected);
	free(text);
}

static void decode_one(const struct fixture *f, struct db_result *result)
{
	struct db_input input = {.path = f->dump};

	succeed(db_decode(&input, 1, f->database, result));
}

static void test_rows(void **state)
{
	struct db_result result;
	struct fixture f;

	(void)state;
	setup(&f);
	decode_one(&f, &result);
	assert_int_equal(result.processes, 1);
	assert_int_equal(result.goroutines, 4);
	assert_int_equal(result.rows, 3);
	assert_int_equal(result.problems, 0);
	assert_false(result.cut);
	assert_null(result.first_note);
	expect_rows(&f, "SELECT * FROM server_GetInfo",
		    "1,10,0,\"{\"\"clientID\"\":1,\"\"calls\"\":10}\","
		    "\"{\"\"__addr\"\":\"\"0xc000001000\"\",\"\"__value\"\":{\"\"clientID\"\":1,"
		    "\"\"calls\"\":10}}\",ok,,,unavailable: lives in a register,0xc000001000\n"
		    "1,11,0,\"{\"\"clientID\"\":2,\"\"calls\"\":20}\","
		    "\"{\"\"__addr\"\":\"\"0xc000002000\"\",\"\"__value\"\":{\"\"clientID\"\":2,"
		    "\"\"calls\"\":20}}\",ok,,,unavailable: lives in a register,0xc000002000\n");
	expect_rows(&f,
		    "SELECT process_id, name, hostname, pid, executable, command_line, environment,"
		    " program, build_id, go_version, pause_ns, engine, pause FROM processes",
		    "1,server,host-1,4242,/bin/server,server -v,,test,build/1,go1.26.8,1500000,"
		    "native,ptrace\n");
	expect_rows(&f,
		    "SELECT goroutine_id, status, wait_reason, stack_id, stack_status, frame_count"
		    " FROM goroutines",
		    "10,waiting,select,1,ok,1\n11,waiting,select,1,ok,1\n20,waiting,select,2,ok,1\n"
		    "30,running,,,\"unavailable: running, and its thread is on another"
		    " stack\",\n");
	expect_rows(&f, "SELECT * FROM stacks", "1,1,2\n2,1,1\n");
	expect_rows(&f, "SELECT * FROM frames",
		    "1,0,main.(*server).GetInfo,/src/a.go,10,0,4198672\n"
		    "2,0,main.(*server).processClient,/src/a.go,10,0,4198928\n");
	expect_rows(&f, "SELECT * FROM blocked_by", "1,11,20\n");
	expect_rows(&f, "SELECT pause_ns, goroutines FROM snapshot_statistics", "1500000,4\n");
	expect_rows(&f,
		    "SELECT l.note, e.from_table, e.to_table, g.goroutine_id, p.goroutine_id"
		    " FROM link_edges e JOIN links l USING (link_id)"
		    " JOIN server_GetInfo g ON g.rowid = e.from_rowid"
		    " JOIN server_processClient p ON p.rowid = e.to_rowid",
		    "handlers and jobs,server_GetInfo,server_processClient,11,20\n");
	expect_rows(&f,
		    "SELECT table_name, expr, goroutine_id FROM all_captured_data"
		    " WHERE value LIKE '%0xc000002000%'",
		    "server_GetInfo,cs,11\nserver_processClient,cs,20\n");
	expect_rows(&f,
		    "SELECT go_type FROM _columns WHERE table_name = 'server_GetInfo'"
		    " AND column_name = 'cs'",
		    "*main.clientState\n");
	expect_rows(&f, "SELECT count(*) FROM _problems", "0\n");
	/* foreign keys hold */
	expect_rows(&f,
		    "SELECT count(*) FROM server_GetInfo r LEFT JOIN goroutines g"
		    " USING (process_id, goroutine_id) WHERE g.goroutine_id IS NULL",
		    "0\n");
	teardown(&f);
}

static void test_two_dumps(void **state)
{
	struct db_result result;
	struct db_input inputs[2];
	struct fixture f;

	(void)state;
	setup(&f);
	inputs[0] = (struct db_input){.path = f.dump};
	inputs[1] = inputs[0];
	succeed(db_decode(inputs, 2, f.database, &result));
	assert_int_equal(result.processes, 2);
	expect_rows(&f,
		    "SELECT process_id, count(*), min(stack_id), max(stack_id) FROM goroutines"
		    " GROUP BY 1",
		    "1,4,1,2\n2,4,3,4\n");
	expect_rows(&f, "SELECT stack_id, count(*) FROM frames GROUP BY 1", "1,1\n2,1\n3,1\n4,1\n");
	expect_rows(&f, "SELECT * FROM blocked_by", "1,11,20\n2,11,20\n");
	expect_rows(&f, "SELECT count(*) FROM links", "1\n");
	/* a pair in each process, none across */
	expect_rows(&f, "SELECT count(*) FROM link_edges", "2\n");
	expect_rows(&f, "SELECT process_id, cs_addr FROM server_processClient",
		    "1,0xc000002000\n2,0xc000002000\n");
	teardown(&f);
}

/* SQL that fails is told, and nothing else suffers. */
static void test_problems(void **state)
{
	cleanup_strbuf struct strbuf records = STRBUF_INIT;
	struct db_result result;
	struct fixture f;

	(void)state;
	setup(&f);
	builder_deinit(&f.b);
	describe(&f.b);
	f.b.columns.data[0].expr = str(&f.b, "json_extract('not json', '$')");
	*VEC_PUSH(&f.b.arena, &f.b.tables) =
		(struct schema_table){.name = str(&f.b, "wrong"),
				      .doc = str(&f.b, ""),
				      .sql = str(&f.b, "SELECT some FROM nowhere")};
	*VEC_PUSH(&f.b.arena, &f.b.tables) =
		(struct schema_table){.name = str(&f.b, "endless"),
				      .doc = str(&f.b, ""),
				      .sql = str(&f.b, "DELETE FROM goroutines")};
	f.b.links.data[0].to_table = str(&f.b, "nowhere");
	put_records(&f.b, &records);
	write_dump(&f.b, f.dump, &records);
	decode_one(&f, &result);
	assert_int_equal(result.problems, 4);
	assert_false(result.cut);
	expect_rows(&f, "SELECT kind, name FROM _problems",
		    "column,cs_addr\ntable,wrong\ntable,endless\nlink,server_GetInfo\n");
	expect_rows(&f, "SELECT message LIKE '%nowhere%' FROM _problems WHERE name = 'wrong'",
		    "1\n");
	expect_rows(&f, "SELECT count(*), count(cs), count(cs_addr) FROM server_GetInfo",
		    "2,2,0\n");
	expect_rows(&f, "SELECT count(*), count(cs_addr) FROM server_processClient", "1,1\n");
	expect_rows(&f, "SELECT count(*) FROM goroutines", "4\n");
	teardown(&f);
}

/* Another table name, a capture more and one less, another column: over the old dump. */
static void test_override(void **state)
{
	struct db_result result;
	const struct schema *overrides[1];
	struct db_input input;
	struct builder newer;
	struct fixture f;

	(void)state;
	setup(&f);
	builder_init(&newer);
	{
		uint32_t i64 = add_type(&newer, "int", SCHEMA_KIND_INT, 8, SCHEMA_NONE);
		uint32_t state_type = add_struct(&newer, "main.clientState", 16);
		uint32_t pointer =
			add_type(&newer, "*main.clientState", SCHEMA_KIND_POINTER, 8, state_type);

		add_function(&newer, "main.(*server).GetInfo", "calls");
		add_capture(&newer, "later", "later", i64, 0);
		add_capture(&newer, "cs", "client", pointer, 0);
		add_capture(&newer, "request", "request", pointer, 0); /* it was an int */
		*VEC_PUSH(&newer.arena, &newer.columns) = (struct schema_column){
			.function = 0,
			.name = str(&newer, "id"),
			.expr = str(&newer, "client ->> '$.clientID'"),
			.type = SCHEMA_COLUMN_INTEGER,
		};
		newer.functions.data[0].columns = 1;
	}
	overrides[0] = build_schema(&newer);
	input = (struct db_input){
		.path = f.dump, .schema_overrides = overrides, .schema_overrides_count = 1};
	succeed(db_decode(&input, 1, f.database, &result));
	expect_rows(&f,
		    "SELECT later, status_later, id, status_client, request, status_request"
		    " FROM calls",
		    ",not_captured: not in the spec of this dump,1,ok,,"
		    "not_captured: not in the spec of this dump\n"
		    ",not_captured: not in the spec of this dump,2,ok,,"
		    "not_captured: not in the spec of this dump\n");
	expect_rows(&f, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'server%'", "0\n");
	expect_rows(&f, "SELECT count(*) FROM goroutines", "4\n");
	/* for another build: nothing to override */
	newer.schema.meta.go_build_id = str(&newer, "build/2");
	newer.schema.strings = newer.strings.data;
	unlink(f.database);
	{
		struct error *error = db_decode(&input, 1, f.database, &result);

		assert_int_equal(error->code, ERROR_TARGET);
		assert_non_null(strstr(error->message, "build/2"));
		error_free(error);
	}
	builder_deinit(&newer);
	teardown(&f);
}

static void truncate_dump(const struct fixture *f, off_t length)
{
	assert_int_equal(truncate(f->dump, length), 0);
}

static off_t dump_size(const struct fixture *f)
{
	cleanup_fd int fd = open(f->dump, O_RDONLY | O_CLOEXEC);

	return lseek(fd, 0, SEEK_END);
}

/* Cut anywhere: an error, or a database that says that something is missing. */
static void test_cut_dumps(void **state)
{
	size_t databases = 0, rows = 0;
	struct fixture f;
	off_t size;

	(void)state;
	setup(&f);
	size = dump_size(&f);
	for (off_t length = size - 1; length >= 0; length -= length > size - 64 ? 1 : 37) {
		struct db_input input = {.path = f.dump};
		struct db_result result = {0};
		struct error *error;

		truncate_dump(&f, length);
		error = db_decode(&input, 1, f.database, &result);
		if (error) {
			assert_int_equal(error->code, ERROR_DAMAGED);
			error_free(error);
			continue;
		}
		assert_true(result.cut);
		assert_non_null(strstr(result.first_note, f.dump));
		free(result.first_note);
		databases++;
		rows += result.rows;
	}
	assert_in_range(databases, 10, 10000);
	assert_in_range(rows, 3, 10000);
	teardown(&f);
}

static void test_lossy_dump(void **state)
{
	cleanup_strbuf struct strbuf records = STRBUF_INIT;
	struct db_result result;
	struct fixture f;

	(void)state;
	setup(&f);
	f.b.statistics.dropped_goroutines = 3;
	put_records(&f.b, &records);
	write_dump(&f.b, f.dump, &records);
	decode_one(&f, &result);
	assert_true(result.cut);
	assert_non_null(strstr(result.first_note, "3 goroutines were dropped"));
	free(result.first_note);
	teardown(&f);
}

/* Damaged records: no database, nothing left, an older one untouched. */
static void test_failure_leaves_nothing(void **state)
{
	cleanup_strbuf struct strbuf records = STRBUF_INIT;
	struct db_input input;
	struct db_result result;
	struct error *error;
	struct fixture f;

	(void)state;
	setup(&f);
	decode_one(&f, &result);
	put_records(&f.b, &records);
	records.data[4] = 77;
	write_dump(&f.b, f.dump, &records);
	input = (struct db_input){.path = f.dump, .name = "the dump"};
	error = db_decode(&input, 1, f.database, &result);
	assert_int_equal(error->code, ERROR_DAMAGED);
	assert_non_null(strstr(error->message, "the dump: process 4242"));
	error_free(error);
	expect_rows(&f, "SELECT count(*) FROM goroutines", "4\n");
	input = (struct db_input){.path = "/nonexistent/x"};
	error = db_decode(&input, 1, f.database, &result);
	assert_int_equal(error->code, ERROR_IO);
	error_free(error);
	input.path = f.database;
	error = db_decode(&input, 1, f.other, &result);
	assert_int_equal(error->code, ERROR_DAMAGED);
	error_free(error);
	error = db_decode(&input, 1, "/nonexistent/directory/x.db", &result);
	assert_int_equal(error->code, ERROR_IO);
	error_free(error);
	teardown(&f);
}

/* ---- questions ---- */

static void test_formats(void **state)
{
	static const char sql[] = "SELECT 1 AS n, 'a,\"b' AS t, NULL AS nil, '' AS empty, 0.5 AS r,"
				  " 'x' || char(10) || char(27) || 'y' AS lines";
	struct db_result result;
	struct fixture f;
	char *text;

	(void)state;
	setup(&f);
	decode_one(&f, &result);
	text = query(&f, sql, DB_FORMAT_CSV);
	assert_string_equal(text, "n,t,nil,empty,r,lines\r\n"
				  "1,\"a,\"\"b\",,\"\",0.5,\"x\n\x1by\"\r\n");
	free(text);
	text = query(&f, sql, DB_FORMAT_JSON);
	assert_string_equal(text, "[{\"n\":1,\"t\":\"a,\\\"b\",\"nil\":null,\"empty\":\"\","
				  "\"r\":0.5,\"lines\":\"x\\n\\u001by\"}]\n");
	free(text);
	text = query(&f, "SELECT 1 WHERE 0", DB_FORMAT_JSON);
	assert_string_equal(text, "[]\n");
	free(text);
	text = query(&f, "SELECT goroutine_id AS id, status FROM goroutines ORDER BY 1 LIMIT 3",
		     DB_FORMAT_JSON);
	assert_string_equal(text, "[{\"id\":10,\"status\":\"waiting\"},\n"
				  "{\"id\":11,\"status\":\"waiting\"},\n"
				  "{\"id\":20,\"status\":\"waiting\"}]\n");
	free(text);
	/* a table is for a terminal: no control character reaches it */
	text = query(&f,
		     "SELECT 7 AS number, 'x' || char(10) || char(27) || 'ä' AS text UNION ALL"
		     " SELECT 1234567, 'z'",
		     DB_FORMAT_TABLE);
	assert_string_equal(text, "number   text\n───────  ────────\n"
				  "      7  x\\n\\x1bä\n1234567  z\n");
	free(text);
	teardown(&f);
}

static void test_refused_queries(void **state)
{
	static const char *const bad[] = {"DELETE FROM goroutines",
					  "ATTACH 'x' AS y",
					  "PRAGMA writable_schema = 1",
					  "SELECT 1; SELECT 2",
					  "SELECT ?1",
					  "SELECT some FROM nowhere",
					  "",
					  "-- no more",
					  "INSERT INTO goroutines DEFAULT VALUES",
					  "SELECT load_extension('x')",
					  "CREATE TABLE t (x)",
					  "SELECT json_extract('{', '$')"};
	struct db_result result;
	struct fixture f;
	size_t size;
	char *text = NULL;
	FILE *out;

	(void)state;
	setup(&f);
	decode_one(&f, &result);
	out = open_memstream(&text, &size);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error *error = db_query(f.database, bad[i], DB_FORMAT_CSV, out);

		if (!error)
			fail_msg("not refused: %s", bad[i]);
		assert_int_equal(error->code, ERROR_USAGE);
		error_free(error);
	}
	{
		struct error *error = db_query("/nonexistent.db", "SELECT 1", DB_FORMAT_CSV, out);

		assert_int_equal(error->code, ERROR_IO);
		error_free(error);
		error = db_query(f.dump, "SELECT 1", DB_FORMAT_CSV, out);
		assert_int_equal(error->code, ERROR_DAMAGED);
		error_free(error);
		error = db_stacks(f.dump, out);
		assert_int_equal(error->code, ERROR_DAMAGED);
		error_free(error);
	}
	fclose(out);
	free(text);
	teardown(&f);
}

static void test_stacks(void **state)
{
	struct db_result result;
	struct fixture f;
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	setup(&f);
	decode_one(&f, &result);
	succeed(db_stacks(f.database, out));
	fclose(out);
	assert_string_equal(
		text,
		"process 1: server, pid 4242 on host-1, 1970-01-01 00:16:40 UTC, paused 1.5 ms\n"
		"4 goroutines, 2 distinct stacks\n"
		"\n2 goroutines  waiting (select)\n"
		"    main.(*server).GetInfo  a.go:10\n"
		"        cs = {\"clientID\":1,\"calls\":10}  (goroutine 10)\n"
		"             {\"clientID\":2,\"calls\":20}  (goroutine 11)\n"
		"        request = <unavailable: lives in a register>  ×2\n"
		"\n1 goroutine  waiting (select)  (goroutine 20)\n"
		"    main.(*server).processClient  a.go:10\n"
		"        cs = {\"clientID\":2,\"calls\":20}  (goroutine 20)\n"
		"\n1 goroutine  running  (goroutine 30)\n"
		"    stack unavailable: running, and its thread is on another stack\n");
	free(text);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_two_dumps),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_override),
		cmocka_unit_test(test_cut_dumps),
		cmocka_unit_test(test_lossy_dump),
		cmocka_unit_test(test_failure_leaves_nothing),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_refused_queries),
		cmocka_unit_test(test_stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
