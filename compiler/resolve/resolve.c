/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * resolve: where a spec's names meet a binary's DWARF, and where it is decided what
 * will be captured. Its one promise: what the tables read at a PC is the value that
 * the Go source means there, or a reason why there is none. Never a wrong value.
 *
 *   spec ─┐
 *         ├─ bind.c ──────── functions to sites (instances), captures to accesses
 *   binary┘   ├ paths.c        fields, promotion, pointers on the way
 *             │   └ contexts.c     contexts to captures, links of their chains to views
 *             │
 *             ├─ types.c ───── the types within reach
 *             │   ├ pointers.c   where their pointers are
 *             │   ├ views.c      what `types:` leaves of them
 *             │   ├ spans.c      which bytes that means
 *             │   ├ internals.c  what maps, channels and closures are made of
 *             │   └ dynamic.c    types behind interfaces, functions behind func values
 *             ├─ tables.c ──── names of tables and columns, SQL
 *             │                  -- mistakes of the spec end here --
 *             ├─ ranges.c ──── for every PC: which probes, which variable, which program
 *             │   └ locate.c     one location to ops and gaps
 *             ├─ availability.c  what that means at each call
 *             ├─ symbols.c ─── functions, inline trees and lines of the whole binary
 *             └─ layout.c ──── where the Go runtime keeps goroutines
 *
 * Mistakes of the spec are gathered: all stages that can still say something sensible
 * run, and only a spec without errors gets tables. Errors of the binary end the run.
 *
 * Everything is in the order of the spec or of addresses. Maps and pools only find
 * equal things; nothing is ever written in their order.
 */

const char *resolve_comment(struct resolve *resolve, const char *text)
{
	uint64_t known;
	char *copy;

	if (strmap_get(&resolve->comments, text, &known))
		return (const char *)(uintptr_t)known;
	copy = arena_strdup(resolve->arena, text);
	strmap_set(&resolve->comments, copy, (uintptr_t)copy);
	return copy;
}

schema_str resolve_string(struct resolve *resolve, const char *text)
{
	return schema_strings_add(&resolve->strings, text);
}

uint32_t resolve_pc(const struct resolve *resolve, uint64_t pc)
{
	assert(pc >= resolve->info->text && pc - resolve->info->text <= UINT32_MAX);
	return (uint32_t)(pc - resolve->info->text);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void build_meta(struct resolve *resolve)
{
	struct schema_meta *meta = &resolve->ir->schema.meta;
	const struct binary_info *info = resolve->info;
	const struct spec *spec = resolve->spec;

	meta->name = resolve_string(resolve, spec->name.text ? spec->name.text : "");
	meta->spec_text = resolve_string(resolve, spec->text);
	meta->spec_file = resolve_string(resolve, resolve->spec_file);
	meta->binary = resolve_string(resolve, base_name(info->path));
	meta->go_build_id = resolve_string(resolve, info->go_build_id);
	meta->gnu_build_id = resolve_string(resolve, info->gnu_build_id);
	meta->go_version = resolve_string(resolve, info->go_version);
	meta->askc_version = resolve_string(resolve, ASKANCE_VERSION);
	meta->pie = info->pie;
}

void resolve_begin(struct resolve *resolve)
{
	resolve->info = binary_info(resolve->binary);
	resolve->spec_file = resolve->spec ? base_name(resolve->spec->file) : "";
	resolve->ir = ARENA_NEW(resolve->arena, struct ir);
	schema_strings_init(&resolve->strings, resolve->arena);
	strmap_init(&resolve->comments, resolve->arena);
	arena_init(&resolve->scratch);
	arena_init(&resolve->probe_scratch);
}

void resolve_end(struct resolve *resolve)
{
	arena_deinit(&resolve->scratch);
	arena_deinit(&resolve->probe_scratch);
}

static void publish_strings(struct resolve *resolve)
{
	resolve->ir->schema.strings = resolve->strings.data;
	resolve->ir->schema.strings_size = resolve->strings.size;
}

/* Everything that a mistake of the spec can stop. */
static struct error *check_spec(struct resolve *resolve)
{
	TRY(symbols_number(resolve));
	TRY(bind_functions(resolve));
	TRY(types_collect(resolve));
	tables_name(resolve);
	if (resolve->diags->errors)
		return NULL;
	build_meta(resolve);
	tables_build(resolve);
	TRY(types_build(resolve));
	dynamic_build(resolve);
	contexts_build(resolve);
	publish_strings(resolve);
	if (resolve->diags->errors)
		return NULL;
	return tables_validate(resolve);
}

static struct error *build_tables(struct resolve *resolve)
{
	ranges_build(resolve);
	TRY(availability_build(resolve));
	TRY(symbols_build(resolve));
	TRY(layout_build(resolve));
	publish_strings(resolve);
	return NULL;
}

static struct error *run(struct resolve *resolve)
{
	TRY(check_spec(resolve));
	return resolve->diags->errors ? NULL : build_tables(resolve);
}

struct error *resolve(struct arena *arena, const struct spec *spec, struct binary *binary,
		      struct diagnostics *diags, struct ir **ret)
{
	struct resolve resolve = {.arena = arena, .spec = spec, .binary = binary, .diags = diags};
	struct error *error;

	resolve_begin(&resolve);
	error = run(&resolve);
	resolve_end(&resolve);
	if (!error && !diags->errors)
		*ret = resolve.ir;
	return error;
}
