/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "codegen.h"
#include "driver_int.h"
#include "emit.h"
#include "report.h"
#include "resolve.h"

/*
 * askc: a spec and a Go binary in, generated C and an eBPF object with its schema out.
 *
 *   SPEC ──> read_spec ──┐
 *                        ├──> bind_names ──> check_tables ──> write_c ──> compile ──> publish
 *   BIN  ──> open_binary ┘    (resolve)      (ir)             (emit)      (codegen)
 *
 * Each stage is one function below and one module beside this one; a stage runs only
 * when all before it found no mistake. `check` stops after check_tables and reports.
 * Files appear at the very end, under temporary names until they are whole. stdout is
 * data, stderr is talk; exit codes are those of base/error.h.
 */

struct run {
	struct arena arena;
	struct options options;
	struct diagnostics diags;
	bool diags_ready; /* the spec was read: there is something to print */
	struct spec *spec;
	struct binary *binary;
	struct ir *ir;
	struct strbuf source; /* the C */
	struct strbuf object;
};

/* ---- stages ---- */

/* Stops after a stage that found mistakes; run_command() prints them. */
static struct error *stop_on_mistakes(const struct run *run)
{
	return run->diags.errors ? error_new(ERROR_SPEC, "%s", "") : NULL;
}

static struct error *read_spec(struct run *run)
{
	if (!run->options.argument)
		return error_new(ERROR_USAGE, "which spec? name its file");
	TRY(spec_read(&run->arena, run->options.argument, &run->diags, &run->spec));
	run->diags_ready = true;
	TRY(stop_on_mistakes(run));
	if (run->options.dump == DUMP_SPEC)
		dump_spec(run->spec, stdout);
	return NULL;
}

static struct error *open_binary(struct run *run)
{
	if (!run->options.binary)
		return error_new(ERROR_USAGE, "which program? name it with --binary");
	return binary_open(&run->arena, run->options.binary, run->options.debug, &run->binary);
}

static struct error *bind_names(struct run *run)
{
	TRY(resolve(&run->arena, run->spec, run->binary, &run->diags, &run->ir));
	return stop_on_mistakes(run);
}

static void talk_about_tables(const struct schema *schema)
{
	fprintf(stderr,
		"askc: %" PRIu32 " functions, %" PRIu32 " captures: %" PRIu32 " ranges, %" PRIu32
		" probes, %" PRIu32 " expressions, %" PRIu32 " ops, %" PRIu32 " types\n",
		schema->functions_count, schema->captures_count, schema->ranges_count,
		schema->probes_count, schema->exprs_count, schema->ops_count, schema->types_count);
	fprintf(stderr,
		"askc: %" PRIu32 " symbols, %" PRIu32 " inlined calls, %zu bytes of lines\n",
		schema->symbols_count, schema->inline_nodes_count, schema->lines.size);
}

static struct error *check_tables(struct run *run)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	size_t denied;

	TRY(ir_validate(run->ir));
	if (run->options.verbose)
		talk_about_tables(&run->ir->schema);
	if (run->options.dump == DUMP_IR)
		ir_print(run->ir, &text);
	if (run->options.dump == DUMP_SCHEMA)
		ir_print_schema(&run->ir->schema, &text);
	fwrite(text.data, 1, text.length, stdout);
	denied = report_denied(run->ir, run->options.deny_never, run->options.deny_partial, stderr);
	if (denied)
		return error_new(ERROR_SPEC, "%zu capture%s not available as --deny wants", denied,
				 denied == 1 ? " is" : "s are");
	return NULL;
}

static struct error *write_c(struct run *run)
{
	const char *file = schema_text(&run->ir->schema, run->ir->schema.meta.spec_file);

	TRY(emit_c(run->ir, file, &run->source));
	if (run->options.dump == DUMP_C)
		fwrite(run->source.data, 1, run->source.length, stdout);
	return NULL;
}

static struct error *compile(struct run *run, const char *name)
{
	cleanup_strbuf struct strbuf schema = STRBUF_INIT, file = STRBUF_INIT;

	strbuf_printf(&file, "%s.bpf.c", name);
	TRY(schema_write(&run->ir->schema, &schema));
	TRY(codegen_check(file.data, run->source.data, run->source.length));
	return codegen_compile(file.data, run->source.data, run->source.length, schema.data,
			       schema.length, &run->object);
}

/* Creates a file of the output directory and writes it, not yet under its name. */
static struct error *write_output(const struct run *run, const char *name, const char *suffix,
				  const struct strbuf *contents, struct file_writer *ret)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;

	strbuf_printf(&path, "%s/%s%s", run->options.directory ? run->options.directory : ".", name,
		      suffix);
	TRY(file_create(ret, path.data));
	TRY(file_write(ret, contents->data, contents->length));
	if (!run->options.quiet)
		fprintf(stderr, "askc: %s: %zu bytes\n", path.data, contents->length);
	return NULL;
}

static struct error *publish(struct run *run, const char *name)
{
	cleanup_file_writer struct file_writer source = {.fd = -1};
	cleanup_file_writer struct file_writer object = {.fd = -1};

	if (run->options.directory)
		TRY(file_make_directory(run->options.directory));
	TRY(write_output(run, name, ".bpf.c", &run->source, &source));
	if (!run->options.stop_after_c) {
		TRY(write_output(run, name, ".ask.o", &run->object, &object));
		TRY(file_commit(&object));
	}
	return file_commit(&source);
}

/* ---- commands ---- */

static struct error *artifact_name(const struct run *run, const char **ret)
{
	const char *name = run->options.name ? run->options.name : run->spec->name.text;

	if (!name || !name[0] || name[0] == '.' || strchr(name, '/'))
		return error_new(ERROR_USAGE, "\"%s\" is no name for an artifact: use --name",
				 name ? name : "");
	*ret = name;
	return NULL;
}

static struct error *cmd_build(struct run *run)
{
	const char *name;

	TRY(read_spec(run));
	TRY(artifact_name(run, &name));
	TRY(open_binary(run));
	TRY(bind_names(run));
	TRY(check_tables(run));
	TRY(write_c(run));
	if (!run->options.stop_after_c)
		TRY(compile(run, name));
	return publish(run, name);
}

static struct error *cmd_check(struct run *run)
{
	struct error *denied;

	TRY(read_spec(run));
	TRY(open_binary(run));
	TRY(bind_names(run));
	denied = check_tables(run);
	if (run->options.diagnostics != FORMAT_HUMAN)
		return denied; /* stdout is the diagnostics' */
	if (run->options.report == FORMAT_JSON)
		report_availability_json(run->ir, stdout);
	else
		report_availability_table(run->ir, stdout);
	return denied;
}

static struct error *cmd_functions(struct run *run)
{
	const char *pattern = run->options.argument;

	TRY(open_binary(run));
	if (!report_functions(run->binary, pattern, spec_name_matches, stdout))
		return error_new(ERROR_SPEC,
				 "no function matches %s (names begin with the full import path of "
				 "their package, and `*` stands for anything)",
				 pattern ? pattern : "*");
	return NULL;
}

static struct error *unknown_function(struct run *run, const char *name)
{
	cleanup_strbuf struct strbuf near = STRBUF_INIT;
	struct diagnostics diags;
	struct diagnostic *diag;
	size_t count;
	const char *const *names = binary_function_names(run->binary, &count);

	diagnostics_init(&diags, &run->arena, "", "", 0);
	diag = diagnostics_add(&diags, SEVERITY_ERROR, "unknown-function", (struct source_span){0},
			       "%s", name);
	diagnostic_suggest(&diags, diag, name, names, count);
	for (size_t i = 0; i < diag->suggestions.length; i++)
		strbuf_printf(&near, "%s%s", i ? ", " : "; did you mean ",
			      diag->suggestions.data[i]);
	return error_new(ERROR_SPEC, "the binary has no function %s%s", name, near.data);
}

static struct error *cmd_vars(struct run *run)
{
	const char *function = run->options.argument;
	const struct ir_variable *variables;
	size_t count;

	if (!function)
		return error_new(ERROR_USAGE, "variables of which function?");
	TRY(open_binary(run));
	binary_instances(run->binary, function, &count);
	if (!count)
		return unknown_function(run, function);
	TRY(resolve_variables(&run->arena, run->binary, function, &variables, &count));
	report_variables(variables, count, stdout);
	if (!count && !run->options.quiet)
		fprintf(stderr, "askc: %s has no variables\n", function);
	return NULL;
}

/* To add a command: a function above and a row here. */
static const struct command {
	const char *name;
	struct error *(*run)(struct run *run);
	unsigned accepts; /* options, see driver_int.h */
	const char *synopsis, *purpose;
} cmds[] = {
	{"build", cmd_build,
	 OPTION_BINARY | OPTION_DEBUG | OPTION_OUTPUT | OPTION_DENY | OPTION_DIAGNOSTICS,
	 "SPEC --binary BIN [--debug FILE] [-o DIR] [--name NAME] [--deny=never,partial]\n"
	 "       [--diagnostics=human,json,sarif] [--dump=spec,ir,schema,c] [--stop-after=c]",
	 "write NAME.bpf.c and NAME.ask.o, in DIR if given, which is made when it is missing"},
	{"check", cmd_check,
	 OPTION_BINARY | OPTION_DEBUG | OPTION_FORMAT | OPTION_DENY | OPTION_DIAGNOSTICS,
	 "SPEC --binary BIN [--debug FILE] [--format=table,json] [--deny=never,partial]\n"
	 "       [--diagnostics=human,json,sarif]",
	 "report errors and what is available where; write nothing"},
	{"functions", cmd_functions, OPTION_BINARY | OPTION_DEBUG,
	 "--binary BIN [--debug FILE] [PATTERN]", "list functions and their instances"},
	{"vars", cmd_vars, OPTION_BINARY | OPTION_DEBUG, "--binary BIN [--debug FILE] FUNCTION",
	 "list a function's variables and where they can be read"},
};

/* ---- main ---- */

static void usage(FILE *out)
{
	fputs("usage: askc COMMAND ...\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		fprintf(out, "  %-10s %s\n", cmds[i].name, cmds[i].purpose);
	fputs("\n`askc COMMAND -h` shows a command's options; -q says less, -v more.\n", out);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		if (!strcmp(cmds[i].name, name))
			return &cmds[i];
	return NULL;
}

/* Prints what was gathered. Documents always come, also when there is nothing in them. */
static void print_diagnostics(const struct run *run)
{
	if (!run->diags_ready)
		return;
	switch (run->options.diagnostics) {
	case FORMAT_JSON:
		diagnostics_print_json(&run->diags, stdout);
		return;
	case FORMAT_SARIF:
		diagnostics_print_sarif(&run->diags, stdout);
		return;
	default:
		diagnostics_print_human(&run->diags, stderr);
		return;
	}
}

static struct error *flush_stdout(struct error *error)
{
	if ((fflush(stdout) || ferror(stdout)) && !error)
		return error_new(ERROR_IO, "cannot write to stdout");
	return error;
}

static struct error *run_command(const struct command *command, int argc, char **argv)
{
	struct run run = {.source = STRBUF_INIT, .object = STRBUF_INIT};
	struct error *error;

	TRY(options_parse(argc, argv, command->accepts, &run.options));
	if (run.options.help) {
		printf("usage: askc %s %s\n\n%s\n", command->name, command->synopsis,
		       command->purpose);
		return flush_stdout(NULL);
	}
	arena_init(&run.arena);
	error = command->run(&run);
	print_diagnostics(&run);
	if (run.binary)
		binary_close(run.binary);
	strbuf_deinit(&run.source);
	strbuf_deinit(&run.object);
	arena_deinit(&run.arena);
	return flush_stdout(error);
}

int askc_main(int argc, char **argv);

int askc_main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		usage(stderr);
		return 1;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("askc %s\n", ASKANCE_VERSION);
		return 0;
	}
	command = find_command(argv[1]);
	if (!command) {
		fprintf(stderr, "askc: no command %s\n\n", argv[1]);
		usage(stderr);
		return 1;
	}
	return error_report("askc", run_command(command, argc - 1, argv + 1));
}
