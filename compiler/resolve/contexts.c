/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * Contexts: captures that the spec does not write out. Each function with a variable of
 * type context.Context gets a capture for each context of the spec. What is copied there
 * is the interface alone; the engine walks the chain of contexts from it (chains.c), and
 * the decoder looks in the chain for the value.
 */

/* ---- the spec's contexts ---- */

static const char *expression(struct arena *arena, const struct spec_context *context)
{
	const char *key = context->key.text ? context->key.text : "_";

	if (!context->value.text)
		return arena_printf(arena, "context.Value(%s)", key);
	return arena_printf(arena, "context.Value(%s).(%s)", key, context->value.text);
}

/* The first descriptor of that name; NULL: no interface can hold such a type, which was said. */
static const struct binary_descriptor *find_descriptor(struct resolve *resolve,
						       const struct spec_text *name)
{
	size_t count, kept = 0;
	const struct binary_descriptor *all = binary_descriptors(resolve->binary, &count);
	const char **names = ARENA_ARRAY(resolve->arena, const char *, count);
	struct diagnostic *diag;

	for (size_t i = 0; i < count; i++) {
		const struct binary_type *type = all[i].type;
		bool concrete = !type || (type->kind != SCHEMA_KIND_INTERFACE &&
					  type->kind != SCHEMA_KIND_ANY);

		if (!strcmp(all[i].name, name->text)) {
			if (concrete)
				return &all[i];
			diagnostics_add(resolve->diags, SEVERITY_ERROR, "not-concrete", name->span,
					"%s is an interface: no dynamic type is one", name->text);
			return NULL;
		}
		if (concrete)
			names[kept++] = all[i].name;
	}
	diag = diagnostics_add(resolve->diags, SEVERITY_ERROR, "unknown-type", name->span,
			       "no interface of this binary holds a %s: it has no type descriptor",
			       name->text);
	diagnostic_suggest(resolve->diags, diag, name->text, names, kept);
	return NULL;
}

static const struct binary_type *unknown_type(struct arena *arena, const char *name)
{
	struct binary_type *type = ARENA_NEW(arena, struct binary_type);

	type->name = name;
	type->kind = SCHEMA_KIND_UNKNOWN;
	return type;
}

static struct spec_capture capture_of(struct arena *arena, const struct spec_context *context)
{
	struct spec_capture capture = {.span = context->span, .as = context->as};
	struct spec_path path = {.text = expression(arena, context), .span = context->span};

	capture.as.text = context->column;
	if (!context->as.text)
		capture.as.span = context->span;
	*VEC_PUSH(arena, &capture.paths) = path;
	return capture;
}

struct error *contexts_begin(struct resolve *resolve)
{
	const struct spec *spec = resolve->spec;
	struct resolve_contexts *contexts = &resolve->contexts;
	struct arena *arena = resolve->arena;
	size_t count = spec->contexts.length;
	struct spec_capture *captures = ARENA_ARRAY(arena, struct spec_capture, count);

	contexts->rows = ARENA_ARRAY(arena, struct schema_context, count);
	contexts->types = ARENA_ARRAY(arena, const struct binary_type *, count);
	contexts->captures = captures;
	for (size_t i = 0; i < count; i++) {
		const struct spec_context *context = &spec->contexts.data[i];
		const struct binary_descriptor *value = NULL;

		if (context->key.text)
			find_descriptor(resolve, &context->key);
		else
			contexts->any_key |= 1u << i;
		if (context->value.text)
			value = find_descriptor(resolve, &context->value);
		else
			contexts->any_value |= 1u << i;
		contexts->types[i] =
			value && value->type && dynamic_may_be(value->type)
				? value->type
				: unknown_type(arena, context->value.text ? context->value.text
									  : "interface {}");
		captures[i] = capture_of(arena, context);
		contexts->rows[i] = (struct schema_context){
			.expr = resolve_string(resolve, captures[i].paths.data[0].text),
			.column = resolve_string(resolve, context->column),
		};
	}
	return count ? chains_begin(resolve) : NULL;
}

/* ---- functions ---- */

/*
 * Which variable of a function counts: its first parameter of that type; else the
 * captured or local one that is declared first, with all that hide it.
 */
struct choice {
	const struct binary_variable *variable; /* NULL: it has none */
	size_t parameters; /* that the instance it was found in has; others may lack some */
};

static bool is_parameter(const struct binary_variable *variable)
{
	return variable->parameter && !variable->result;
}

static bool is_earlier(const struct binary_variable *a, const struct binary_variable *b)
{
	if (!a->closure_offset != !b->closure_offset)
		return a->closure_offset;
	return a->block != b->block ? a->block < b->block : a->line < b->line;
}

static void choose(const struct resolve_site *site, struct choice *ret)
{
	const struct binary_variable *first = NULL, *other = NULL;
	size_t parameters = 0;

	for (size_t i = 0; i < site->variables_count; i++) {
		const struct binary_variable *variable = &site->variables[i];

		if (!chains_is_context(variable->type) || variable->result)
			continue;
		if (is_parameter(variable)) {
			first = parameters++ ? first : variable;
			continue;
		}
		if (!other || is_earlier(variable, other))
			other = variable;
	}
	if (parameters > ret->parameters)
		*ret = (struct choice){first, parameters};
	else if (!ret->parameters && other && (!ret->variable || is_earlier(other, ret->variable)))
		ret->variable = other;
}

/* What was chosen for each function name: a pattern stands for many. */
static struct choice *choices_of(struct resolve *resolve, const struct resolve_site *sites,
				 size_t count, struct strmap *names, size_t *ret)
{
	struct choice *choices = ARENA_ARRAY(resolve->arena, struct choice, count);

	*ret = 0;
	strmap_init(names, resolve->arena);
	for (size_t s = 0; s < count; s++) {
		uint64_t known;

		if (!strmap_get(names, sites[s].name, &known)) {
			known = (*ret)++;
			strmap_set(names, sites[s].name, known);
		}
		choose(&sites[s], &choices[known]);
	}
	return choices;
}

void contexts_function(struct resolve *resolve, struct resolve_function *function,
		       const struct resolve_site *sites, size_t count)
{
	const struct resolve_contexts *contexts = &resolve->contexts;
	struct spec_function *copy;
	struct choice *choices;
	struct strmap names;
	size_t distinct;
	bool has = false;

	if (!resolve->spec->contexts.length)
		return;
	choices = choices_of(resolve, sites, count, &names, &distinct);
	for (size_t i = 0; i < distinct; i++)
		has |= choices[i].variable != NULL;
	if (!has)
		return;
	resolve->contexts.used = true;
	copy = ARENA_NEW(resolve->arena, struct spec_function);
	*copy = *function->spec;
	memset(&copy->captures, 0, sizeof(copy->captures));
	for (size_t i = 0; i < function->spec->captures.length; i++)
		*VEC_PUSH(resolve->arena, &copy->captures) = function->spec->captures.data[i];
	for (size_t i = 0; i < resolve->spec->contexts.length; i++)
		*VEC_PUSH(resolve->arena, &copy->captures) = contexts->captures[i];
	function->spec = copy;
}

static void bind_site(struct resolve *resolve, const struct resolve_site *site,
		      const struct binary_variable *chosen, struct resolve_binding *ret)
{
	VEC(struct resolve_access) accesses = {0};

	for (size_t i = 0; chosen && i < site->variables_count; i++) {
		const struct binary_variable *variable = &site->variables[i];

		if (!chains_is_context(variable->type) || variable->result ||
		    is_parameter(variable) != is_parameter(chosen) ||
		    strcmp(variable->name, chosen->name) != 0)
			continue;
		*VEC_PUSH(resolve->arena, &accesses) = (struct resolve_access){
			.variable = variable,
			.type = resolve->contexts.chain->type,
			.unsure = locate_is_unsure(site->instance.function, variable, site->depth),
		};
	}
	ret->accesses = accesses.data;
	ret->count = accesses.length;
	ret->reason = chosen ? 0 : ASK_REASON_NO_CONTEXT;
}

void contexts_bind(struct resolve *resolve, struct resolve_capture *capture, uint32_t context,
		   uint32_t index, struct resolve_site *sites, size_t count)
{
	struct strmap names;
	size_t distinct;
	struct choice *choices = choices_of(resolve, sites, count, &names, &distinct);

	capture->context = &resolve->spec->contexts.data[context];
	capture->type = resolve->contexts.types[context];
	*VEC_PUSH(resolve->arena, &capture->types) = resolve->contexts.chain->type;
	for (size_t s = 0; s < count; s++) {
		uint64_t choice = 0;

		strmap_get(&names, sites[s].name, &choice);
		bind_site(resolve, &sites[s], choices[choice].variable, &sites[s].bindings[index]);
	}
}

/* ---- types and rows ---- */

const struct binary_type *const *contexts_types(struct resolve *resolve)
{
	struct resolve_contexts *contexts = &resolve->contexts;
	VEC(const struct binary_type *) types = {0};
	const struct binary_type *const *all = NULL;
	size_t count = 0;

	if (contexts->used) {
		chains_find(resolve);
		all = binary_runtime_types(resolve->binary, &count);
	}
	for (size_t i = 0; contexts->used && i < contexts->views.length; i++) {
		const struct resolve_chain *view = contexts->views.data[i];
		struct resolve_pointers *rows = ARENA_NEW(resolve->arena, struct resolve_pointers);

		*rows = view->pointers;
		map_set(&resolve->flat.memo, (uintptr_t)view->type, (uintptr_t)rows);
		*VEC_PUSH(resolve->arena, &types) = view->type;
	}
	for (size_t i = 0; i < contexts->links.length; i++)
		if (contexts->links.data[i].values && contexts->links.data[i].descriptor->type)
			*VEC_PUSH(resolve->arena, &types) =
				contexts->links.data[i].descriptor->type;
	for (size_t i = 0; contexts->any_value && i < count; i++)
		if (dynamic_may_be(all[i]))
			*VEC_PUSH(resolve->arena, &types) = all[i];
	*VEC_PUSH(resolve->arena, &types) = NULL;
	return types.data;
}

/* What a row says, for the reader of the C. */
static const char *comment(struct resolve *resolve, const struct resolve_link *link)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const struct spec *spec = resolve->spec;

	strbuf_puts(&text, link->descriptor->name);
	if (link->view)
		strbuf_puts(&text, link->view == resolve->contexts.value
					   ? ": goes on, and holds a value"
					   : ": goes on");
	if (link->flags & ASK_CONTEXT_END)
		strbuf_puts(&text, ": the end");
	for (size_t i = 0; i < spec->contexts.length; i++) {
		if (link->keys & 1u << i)
			strbuf_printf(&text, ", key of %s", spec->contexts.data[i].column);
		if (link->values & 1u << i)
			strbuf_printf(&text, ", value of %s", spec->contexts.data[i].column);
	}
	return arena_strdup(resolve->arena, text.data);
}

void contexts_build(struct resolve *resolve)
{
	struct resolve_contexts *contexts = &resolve->contexts;
	struct schema *schema = &resolve->ir->schema;
	size_t count = contexts->links.length;
	struct ask_context_type *rows = ARENA_ARRAY(resolve->arena, struct ask_context_type, count);
	const char **comments = ARENA_ARRAY(resolve->arena, const char *, count);

	for (size_t i = 0; i < count; i++) {
		const struct resolve_link *link = &contexts->links.data[i];

		rows[i] = (struct ask_context_type){
			.offset = (ask_u32)link->descriptor->offset,
			.view = link->view ? types_index(resolve, link->view->type) : 0,
			.skip = (ask_u32)link->skip,
			.keys = link->keys,
			.values = link->values,
			.flags = link->flags,
		};
		comments[i] = comment(resolve, link);
	}
	for (size_t i = 0; i < resolve->spec->contexts.length; i++)
		contexts->rows[i].type = types_index(resolve, contexts->types[i]);
	schema->context_types = rows;
	schema->context_types_count = (uint32_t)count;
	schema->contexts = contexts->rows;
	schema->contexts_count = (uint32_t)resolve->spec->contexts.length;
	resolve->ir->context_comments = comments;
}
