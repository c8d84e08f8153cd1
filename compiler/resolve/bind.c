/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "resolve_int.h"

/*
 * Names meet the binary: a spec function becomes sites (one an instance, out of line
 * or inlined), a capture becomes for each site the variables through which it may be
 * reached there, with the path walked through their types. Of alternatives the first
 * is taken that makes sense at all instances.
 */

/* ---- functions ---- */

static void add_sites(struct resolve *resolve, uint32_t function, const char *name)
{
	size_t count, functions_count;
	const struct binary_instance *instances = binary_instances(resolve->binary, name, &count);
	const struct binary_function *functions =
		binary_functions(resolve->binary, &functions_count);

	for (size_t i = 0; i < count; i++) {
		const struct binary_function *concrete = instances[i].function;
		struct resolve_site *site = VEC_PUSH(resolve->arena, &resolve->sites);

		*site = (struct resolve_site){.function = function,
					      .name = name,
					      .instance = instances[i],
					      .inline_node = ASK_NO_INLINE};
		if (instances[i].inline_index == UINT32_MAX)
			continue;
		site->inline_node =
			resolve->first_node[concrete - functions] + instances[i].inline_index;
		for (uint32_t at = instances[i].inline_index; at != UINT32_MAX;
		     at = concrete->inlines[at].parent)
			site->depth++;
	}
}

static void bind_function(struct resolve *resolve, uint32_t index)
{
	const struct spec_function *spec = &resolve->spec->functions.data[index];
	size_t before = resolve->sites.length, count;
	const char *const *names = binary_function_names(resolve->binary, &count);
	struct diagnostic *diag;

	if (!spec_name_is_pattern(spec->name.text)) {
		add_sites(resolve, index, spec->name.text);
	} else {
		for (size_t i = 0; i < count; i++)
			if (spec_name_matches(spec->name.text, names[i]))
				add_sites(resolve, index, names[i]);
	}
	if (resolve->sites.length > before)
		return;
	diag = diagnostics_add(resolve->diags, SEVERITY_ERROR, "unknown-function", spec->name.span,
			       "the binary has no function %s", spec->name.text);
	diagnostic_suggest(resolve->diags, diag, spec->name.text, names, count);
}

/* ---- captures ---- */

static bool names_variable(const struct spec_path *path, const struct binary_variable *variable)
{
	return (!path->line || path->line == variable->line) &&
	       !strcmp(variable->name, path->variable);
}

/* What one path of a capture has learnt so far, over all sites. */
struct binding {
	struct resolve *resolve;
	struct diagnostics *diags;
	struct resolve_capture *capture;
	const struct spec_path *path;
	const struct resolve_function *function;
	const struct binary_variable *first; /* variable that gave capture->type */
	const char *first_site;
	struct map walked; /* variable's type -> 1: its path is wrong, and that was said */
	bool mismatch;
	bool found;
};

static bool is_instantiation(const char *function)
{
	return strchr(function, '[');
}

/* Notes one more type. Instantiations of a generic function may differ; else one name has one type.
 */
static void check_type(struct binding *binding, const struct resolve_site *site,
		       const struct resolve_access *access)
{
	struct resolve_capture *capture = binding->capture;
	struct diagnostics *diags = binding->diags;
	const struct binary_variable *variable = access->variable;
	struct diagnostic *diag;

	for (size_t i = 0; i < capture->types.length; i++)
		if (capture->types.data[i] == access->type)
			return;
	if (!capture->types.length) {
		binding->first = variable;
		binding->first_site = site->name;
	}
	if (!capture->types.length ||
	    (is_instantiation(site->name) && strcmp(site->name, binding->first_site) != 0)) {
		*VEC_PUSH(binding->resolve->arena, &capture->types) = access->type;
		return;
	}
	if (binding->mismatch)
		return;
	binding->mismatch = true;
	diag = diagnostics_add(diags, SEVERITY_ERROR, "type-mismatch", binding->path->span,
			       "%s has more than one type: %s and %s", binding->path->text,
			       capture->types.data[0]->name, access->type->name);
	diagnostic_note(diags, diag, "%s in %s, declared at line %u", capture->types.data[0]->name,
			binding->first_site, binding->first->line);
	diagnostic_note(diags, diag, "%s in %s, declared at line %u", access->type->name,
			site->name, variable->line);
	if (binding->first->line != variable->line && !strcmp(binding->first_site, site->name))
		diagnostic_note(diags, diag, "%s@%u and %s@%u tell them apart",
				binding->path->variable, binding->first->line,
				binding->path->variable, variable->line);
	else
		diagnostic_note(diags, diag,
				"name the functions one by one, each with its own table");
}

static void bind_site(struct binding *binding, const struct resolve_site *site,
		      struct resolve_binding *ret)
{
	struct arena *arena = binding->resolve->arena;
	VEC(struct resolve_access) accesses = {0};

	for (size_t i = 0; i < site->variables_count; i++) {
		const struct binary_variable *variable = &site->variables[i];
		struct resolve_access access;
		uint64_t ignored;

		if (!names_variable(binding->path, variable))
			continue;
		binding->found = true;
		if (map_get(&binding->walked, (uintptr_t)variable->type, &ignored))
			continue;
		if (!path_access(arena, binding->resolve->binary, binding->diags, binding->path,
				 variable, &access)) {
			map_set(&binding->walked, (uintptr_t)variable->type, 1);
			continue;
		}
		access.unsure = locate_is_unsure(site->instance.function, variable, site->depth);
		access.redact = binding->capture->spec->redact;
		access.flat = &binding->resolve->flat;
		check_type(binding, site, &access);
		*VEC_PUSH(arena, &accesses) = access;
	}
	ret->accesses = accesses.data;
	ret->count = accesses.length;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A few names are told where none is like the one asked for. */
#define NAMES_LISTED 8

static void note_names(struct diagnostics *diags, struct diagnostic *diag, const char *const *names,
		       size_t count)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (!count || count > NAMES_LISTED) {
		diagnostic_note(diags, diag,
				count ? "`askc vars` lists what it has"
				      : "its debug info describes no variables");
		return;
	}
	for (size_t i = 0; i < count; i++)
		strbuf_printf(&text, "%s`%s`", i ? ", " : "", names[i]);
	diagnostic_note(diags, diag, "it has %s", text.data);
}

static void complain_unknown(struct binding *binding, const struct resolve_site *sites,
			     size_t count)
{
	struct resolve *resolve = binding->resolve;
	const struct spec_path *path = binding->path;
	VEC(const char *) names = {0};
	VEC(uint32_t) lines = {0};
	struct diagnostic *diag;
	size_t distinct = 0;

	for (size_t s = 0; s < count; s++) {
		for (size_t i = 0; i < sites[s].variables_count; i++) {
			const struct binary_variable *variable = &sites[s].variables[i];

			*VEC_PUSH(resolve->arena, &names) = variable->name;
			if (!strcmp(variable->name, path->variable))
				*VEC_PUSH(resolve->arena, &lines) = variable->line;
		}
	}
	if (names.length)
		qsort(names.data, names.length, sizeof(names.data[0]), compare_names);
	for (size_t i = 0; i < names.length; i++)
		if (!distinct || strcmp(names.data[distinct - 1], names.data[i]))
			names.data[distinct++] = names.data[i];
	if (path->line && lines.length) {
		diag = diagnostics_add(
			binding->diags, SEVERITY_ERROR, "unknown-variable", path->variable_span,
			"%s has no variable %s declared at line %" PRIu64,
			binding->function->spec->name.text, path->variable, path->line);
		for (size_t i = 0; i < lines.length; i++)
			if (!i || lines.data[i] != lines.data[i - 1])
				diagnostic_note(binding->diags, diag, "one is declared at line %u",
						lines.data[i]);
		return;
	}
	diag = diagnostics_add(binding->diags, SEVERITY_ERROR, "unknown-variable",
			       path->variable_span, "%s has no variable %s",
			       binding->function->spec->name.text, path->variable);
	diagnostic_suggest(binding->diags, diag, path->variable, names.data, distinct);
	if (!diag->suggestions.length)
		note_names(binding->diags, diag, names.data, distinct);
}

static uint64_t set_or(uint64_t value, uint64_t other)
{
	return value == SPEC_UNSET ? other : value;
}

/* The row of limits: `own`, else the spec's, else the defaults. NULL: the spec's. */
uint32_t bind_limits(struct resolve *resolve, const struct spec_limits *own)
{
	static const struct spec_limits unset = {SPEC_UNSET, SPEC_UNSET, SPEC_UNSET, SPEC_UNSET,
						 SPEC_UNSET, SPEC_UNSET, SPEC_UNSET, {0}};
	const struct spec_limits *all = &resolve->spec->limits;
	struct ask_limits row;

	if (!own)
		own = &unset;
	row = (struct ask_limits){
		.depth = (ask_u32)set_or(own->depth, set_or(all->depth, SPEC_DEFAULT_DEPTH)),
		.string = (ask_u32)set_or(own->string, set_or(all->string, SPEC_DEFAULT_STRING)),
		.slice = (ask_u32)set_or(own->slice, set_or(all->slice, SPEC_DEFAULT_SLICE)),
		.map = (ask_u32)set_or(own->map, set_or(all->map, SPEC_DEFAULT_MAP)),
	};
	for (uint32_t i = 0; i < resolve->limits.length; i++)
		if (!memcmp(&resolve->limits.data[i], &row, sizeof(row)))
			return i;
	*VEC_PUSH(resolve->arena, &resolve->limits) = row;
	return (uint32_t)resolve->limits.length - 1;
}

/* The sites of one function, and which of its captures is bound. */
struct bind_sites {
	struct resolve_site *sites;
	size_t count;
	uint32_t capture;
};

/* Binds one path of a capture; mistakes go to `diags`. */
static void bind_path(struct resolve *resolve, const struct resolve_function *function,
		      struct resolve_capture *capture, const struct spec_path *path,
		      const struct bind_sites *sites, struct diagnostics *diags)
{
	struct binding binding = {.resolve = resolve,
				  .diags = diags,
				  .function = function,
				  .capture = capture,
				  .path = path};

	capture->path = path;
	capture->types.length = 0;
	map_init(&binding.walked, resolve->arena);
	for (size_t s = 0; s < sites->count; s++)
		bind_site(&binding, &sites->sites[s], &sites->sites[s].bindings[sites->capture]);
	if (!binding.found && sites->count)
		complain_unknown(&binding, sites->sites, sites->count);
}

/* Of several paths the first that this binary has. */
static void bind_first(struct resolve *resolve, const struct resolve_function *function,
		       struct resolve_capture *capture, const struct bind_sites *sites)
{
	const struct spec_capture *spec = capture->spec;
	const char **why = ARENA_ARRAY(resolve->arena, const char *, spec->paths.length);
	struct diagnostic *diag;

	for (size_t p = 0; p < spec->paths.length; p++) {
		struct diagnostics diags;

		diagnostics_init(&diags, resolve->arena, resolve->diags->file, resolve->diags->text,
				 resolve->diags->text_length);
		bind_path(resolve, function, capture, &spec->paths.data[p], sites, &diags);
		if (!diags.errors)
			return;
		why[p] = diags.list.data[0].message;
	}
	capture->types.length = 0;
	diag = diagnostics_add(resolve->diags, SEVERITY_ERROR, "no-alternative", spec->span,
			       "the binary has none of these paths");
	for (size_t p = 0; p < spec->paths.length; p++)
		diagnostic_note(resolve->diags, diag, "%s: %s", spec->paths.data[p].text, why[p]);
}

/* One type, or one that stands for several and says no more than their names. */
static const struct binary_type *capture_type(struct resolve *resolve,
					      const struct resolve_capture *capture)
{
	cleanup_strbuf struct strbuf names = STRBUF_INIT;
	struct binary_type *type;

	if (capture->types.length <= 1)
		return capture->types.length ? capture->types.data[0] : NULL;
	for (size_t i = 0; i < capture->types.length; i++)
		strbuf_printf(&names, "%s%s", i ? " | " : "", capture->types.data[i]->name);
	type = ARENA_NEW(resolve->arena, struct binary_type);
	type->name = arena_strdup(resolve->arena, names.data);
	type->kind = SCHEMA_KIND_UNKNOWN;
	return type;
}

static void bind_capture(struct resolve *resolve, const struct resolve_function *function,
			 const struct bind_sites *sites)
{
	const struct spec_capture *spec = &function->spec->captures.data[sites->capture];
	bool is_context = sites->capture >= function->own_captures;
	struct resolve_capture *capture = VEC_PUSH(resolve->arena, &resolve->captures);

	capture->spec = spec;
	capture->limits = bind_limits(resolve, is_context ? NULL : &spec->limits);
	capture->depth = resolve->limits.data[capture->limits].depth;
	if (!spec->paths.length)
		return;
	capture->path = &spec->paths.data[0];
	capture->column = spec->as.text
				  ? spec->as.text
				  : spec_column_name(resolve->arena, spec->paths.data[0].text);
	if (is_context)
		contexts_bind(resolve, capture, sites->capture - function->own_captures,
			      sites->capture, sites->sites, sites->count);
	else if (spec->paths.length == 1)
		bind_path(resolve, function, capture, &spec->paths.data[0], sites, resolve->diags);
	else
		bind_first(resolve, function, capture, sites);
	if (!is_context)
		capture->type = capture_type(resolve, capture);
	if (capture->type)
		capture->comment = resolve_comment(
			resolve,
			arena_printf(resolve->arena, "%s:%u %s %s%s", resolve->spec_file,
				     capture->path->span.line, capture->path->text,
				     capture->type->name, spec->redact ? ", redacted" : ""));
}

/* ---- all of them ---- */

static int compare_sites(const void *left, const void *right)
{
	const struct resolve_site *a = left, *b = right;

	if (a->instance.function->lo != b->instance.function->lo)
		return a->instance.function->lo < b->instance.function->lo ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth > b->depth ? -1 : 1;
	if (a->function != b->function)
		return a->function < b->function ? -1 : 1;
	if (a->instance.inline_index != b->instance.inline_index)
		return a->instance.inline_index < b->instance.inline_index ? -1 : 1;
	return 0;
}

/* Only of these the compiler says that they are never assigned to: see binary/registers.c. */
static bool is_copy_in_closure(const struct binary_variable *variable)
{
	return variable->closure_offset && variable->closure_type == variable->type;
}

/* Where the registers of a running leaf hold a variable for certain, its locations say so now. */
static struct error *certify_registers(struct resolve *resolve, struct resolve_site *site)
{
	const struct binary_function *function = site->instance.function;
	const struct binary_instruction *code = NULL;
	struct binary_variable *variables;
	size_t count = 0;

	if (site->instance.inline_index != UINT32_MAX)
		return NULL;
	variables = arena_copy(resolve->arena, site->variables,
			       site->variables_count * sizeof(*variables));
	for (size_t i = 0; i < site->variables_count; i++) {
		if (!is_copy_in_closure(&variables[i]))
			continue;
		if (!code)
			TRY(binary_instructions(resolve->binary, function->lo, function->hi, &code,
						&count));
		registers_certify(resolve->arena, code, count, &variables[i]);
	}
	site->variables = variables;
	return NULL;
}

struct error *bind_functions(struct resolve *resolve)
{
	const struct spec *spec = resolve->spec;

	resolve->functions =
		ARENA_ARRAY(resolve->arena, struct resolve_function, spec->functions.length);
	bind_limits(resolve, NULL); /* row 0: the spec's own */
	TRY(contexts_begin(resolve));
	for (uint32_t i = 0; i < spec->functions.length; i++) {
		struct resolve_function *function = &resolve->functions[i];
		size_t first = resolve->sites.length;

		function->spec = &spec->functions.data[i];
		function->first_capture = (uint32_t)resolve->captures.length;
		bind_function(resolve, i);
		for (size_t s = first; s < resolve->sites.length; s++) {
			struct resolve_site *site = &resolve->sites.data[s];

			TRY(binary_variables(resolve->binary, &site->instance, &site->variables,
					     &site->variables_count));
			TRY(certify_registers(resolve, site));
		}
		function->own_captures = (uint32_t)function->spec->captures.length;
		contexts_function(resolve, function, resolve->sites.data + first,
				  resolve->sites.length - first);
		for (size_t s = first; s < resolve->sites.length; s++)
			resolve->sites.data[s].bindings =
				ARENA_ARRAY(resolve->arena, struct resolve_binding,
					    function->spec->captures.length);
		for (uint32_t c = 0; c < function->spec->captures.length; c++) {
			const struct bind_sites sites = {resolve->sites.data + first,
							 resolve->sites.length - first, c};

			bind_capture(resolve, function, &sites);
		}
	}
	if (resolve->sites.length)
		qsort(resolve->sites.data, resolve->sites.length, sizeof(resolve->sites.data[0]),
		      compare_sites);
	return NULL;
}
