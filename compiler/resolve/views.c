/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve_int.h"

/*
 * Views: what `types:` leaves of a struct. The type keeps its row, its name and its size;
 * of its fields only the chosen ones are left, and what they lead to.
 *
 *	types: [{name: main.state, capture: [id, mu.busy, up.id]}]
 *
 *	main.state            {id int; mu  main.mutex, {busy}; up *main.state, {id}}
 *	main.mutex, {busy}    {busy bool}             anonymous: reached by this path alone
 *	*main.state, {id}     a pointer that costs nothing, to
 *	main.state, {id}      {id int}                anonymous
 *
 * A path's last field has its ordinary type, which may be listed itself. What lies on the
 * way to it is cut to what the paths name there, whatever the spec says of its type. The
 * paths of a type make a tree, each node of it one anonymous view, so views end where paths
 * do: a type that leads to itself does so through the last field of a path, and there it is
 * its own row again. Equal parts of equal types are one view.
 *
 * A type is looked up when it is first met, by name: several types may have one.
 */

/* Fields of one path, embedded ones spelt out; what is built from it recurses that deep. */
#define FIELDS_MAX 256

/* What becomes of a field. */
enum choice_how {
	CHOICE_PARTS, /* the fields in `parts` are kept */
	CHOICE_WHOLE,
	CHOICE_REDACTED,
};
struct choice {
	const struct binary_field *field; /* of the struct above; NULL: the listed type itself */
	const struct binary_type *type;	  /* PARTS: the struct that they are fields of */
	enum choice_how how;
	VEC(struct choice *) parts; /* in order of fields */
};

/* ---- the tree of a type's paths ---- */

static struct choice *part_of(struct arena *arena, struct choice *choice,
			      const struct binary_field *field)
{
	struct choice *part;
	size_t at = choice->parts.length;

	while (at && choice->parts.data[at - 1]->field > field)
		at--;
	if (at && choice->parts.data[at - 1]->field == field)
		return choice->parts.data[at - 1];
	part = ARENA_NEW(arena, struct choice);
	part->field = field;
	part->type = field->type;
	while (part->type && part->type->kind == SCHEMA_KIND_POINTER)
		part->type = part->type->elem;
	VEC_PUSH(arena, &choice->parts);
	memmove(choice->parts.data + at + 1, choice->parts.data + at,
		(choice->parts.length - 1 - at) * sizeof(part));
	choice->parts.data[at] = part;
	return part;
}

static bool has_redacted(const struct choice *choice)
{
	for (size_t i = 0; i < choice->parts.length; i++)
		if (has_redacted(choice->parts.data[i]))
			return true;
	return choice->how == CHOICE_REDACTED;
}

/* false: one path shows what another one redacts. */
static bool choose(struct arena *arena, struct choice *choice, const struct resolve_fields *fields,
		   bool redact)
{
	for (size_t i = 0; i < fields->count; i++) {
		bool last = i + 1 == fields->count;

		choice = part_of(arena, choice, fields->data[i]);
		if (choice->how == CHOICE_WHOLE)
			return !redact;
		if (choice->how == CHOICE_REDACTED)
			return last && redact;
		if (!last)
			continue;
		if (redact ? choice->parts.length : has_redacted(choice))
			return false;
		choice->parts.length = 0;
		choice->how = redact ? CHOICE_REDACTED : CHOICE_WHOLE;
	}
	return true;
}

/* Appends "id, mu.busy". */
static void spell(const struct choice *choice, const char *prefix, struct strbuf *out)
{
	for (size_t i = 0; i < choice->parts.length; i++) {
		const struct choice *part = choice->parts.data[i];
		cleanup_strbuf struct strbuf path = STRBUF_INIT;

		strbuf_printf(&path, "%s%s%s", prefix, prefix[0] ? "." : "", part->field->name);
		if (part->how == CHOICE_PARTS)
			spell(part, path.data, out);
		else
			strbuf_printf(out, "%s%s%s", out->length ? ", " : "", path.data,
				      part->how == CHOICE_REDACTED ? " (redacted)" : "");
	}
}

/* ---- from the tree to types ---- */

static const struct binary_type *build_part(struct resolve_flat *flat,
					    const struct binary_type *type,
					    const struct choice *part);

static struct resolve_view *build_view(struct resolve_flat *flat, const struct choice *choice,
				       const char *chosen)
{
	struct resolve_view *view = ARENA_NEW(flat->arena, struct resolve_view);
	struct binary_type *shape = ARENA_NEW(flat->arena, struct binary_type);
	size_t count = choice->parts.length;
	struct binary_field *fields = ARENA_ARRAY(flat->arena, struct binary_field, count + 1);
	bool *redacted = ARENA_ARRAY(flat->arena, bool, count + 1);

	for (size_t i = 0; i < count; i++) {
		const struct choice *part = choice->parts.data[i];

		fields[i] = *part->field;
		redacted[i] = part->how == CHOICE_REDACTED;
		if (part->how == CHOICE_PARTS)
			fields[i].type = build_part(flat, part->field->type, part);
	}
	*shape = (struct binary_type){
		.name = choice->type->name,
		.kind = SCHEMA_KIND_STRUCT, /* a part of a time.Time is no time */
		.size = choice->type->size,
		.fields = fields,
		.fields_count = count,
	};
	*view = (struct resolve_view){
		.of = choice->type, .shape = shape, .redacted = redacted, .chosen = chosen};
	return view;
}

/* What a field on the way becomes: a view of its struct, behind the pointers that it has. */
static const struct binary_type *build_part(struct resolve_flat *flat,
					    const struct binary_type *type,
					    const struct choice *part)
{
	cleanup_strbuf struct strbuf key = STRBUF_INIT, chosen = STRBUF_INIT;
	const struct binary_type *ret;
	struct resolve_view *view;
	struct binary_type *pointer;
	struct resolve_role *role;
	uint64_t known;

	spell(part, "", &chosen);
	strbuf_printf(&key, "%p %s", (const void *)type, chosen.data ? chosen.data : "");
	if (strmap_get(&flat->parts, key.data, &known))
		return (const struct binary_type *)(uintptr_t)known;
	if (type->kind == SCHEMA_KIND_POINTER) {
		pointer = arena_copy(flat->arena, type, sizeof(*type));
		pointer->elem = build_part(flat, type->elem, part);
		pointer->runtime_type = pointer->die = 0;
		role = ARENA_NEW(flat->arena, struct resolve_role);
		role->part = RESOLVE_CHOSEN_POINTER;
		map_set(&flat->roles, (uintptr_t)pointer, (uintptr_t)role);
		ret = pointer;
	} else {
		view = build_view(flat, part, arena_strdup(flat->arena, chosen.data));
		map_set(&flat->views, (uintptr_t)view->shape, (uintptr_t)view);
		ret = view->shape;
	}
	strmap_set(&flat->parts, arena_strdup(flat->arena, key.data), (uintptr_t)ret);
	return ret;
}

/* ---- a listed type ---- */

/* A mistake in this choice was told already: of a pattern's types one is enough. */
static bool told(struct resolve_flat *flat, const void *of)
{
	uint64_t ignored;

	if (map_get(&flat->told, (uintptr_t)of, &ignored))
		return true;
	map_set(&flat->told, (uintptr_t)of, 1);
	return false;
}

/* The fields of the first path that the type has; false, and why, when it has none. */
static bool find_fields(struct resolve_flat *flat, const struct spec_capture *spec,
			const struct binary_type *type, struct resolve_fields *ret)
{
	struct resolve *resolve = flat->resolve;
	const char **why = ARENA_ARRAY(flat->arena, const char *, spec->paths.length);
	struct diagnostics *real = resolve->diags, trial;
	struct diagnostic *diag;

	for (size_t p = 0; p < spec->paths.length; p++) {
		diagnostics_init(&trial, flat->arena, real->file, real->text, real->text_length);
		if (path_fields(flat->arena, &trial, &spec->paths.data[p], type, ret))
			return true;
		why[p] = trial.list.data[0].message;
	}
	if (told(flat, spec))
		return false;
	if (spec->paths.length == 1) /* again, to have it told with its place and nearest names */
		return path_fields(flat->arena, real, &spec->paths.data[0], type, ret);
	diag = diagnostics_add(real, SEVERITY_ERROR, "no-alternative", spec->span,
			       "%s has none of these paths", type->name);
	for (size_t p = 0; p < spec->paths.length; p++)
		diagnostic_note(real, diag, "%s: %s", spec->paths.data[p].text, why[p]);
	return false;
}

static struct resolve_view *view_of(struct resolve_flat *flat, const struct spec_type *spec,
				    const struct binary_type *type)
{
	cleanup_strbuf struct strbuf chosen = STRBUF_INIT;
	struct diagnostics *diags = flat->resolve->diags;
	struct choice root = {.type = type};

	for (size_t i = 0; i < spec->captures.length; i++) {
		const struct spec_capture *capture = &spec->captures.data[i];
		struct resolve_fields fields;

		if (!find_fields(flat, capture, type, &fields))
			continue;
		if (fields.count > FIELDS_MAX) {
			if (!told(flat, capture))
				diagnostics_add(diags, SEVERITY_ERROR, "path-too-long",
						capture->span,
						"this path has %zu fields: the most is %d",
						fields.count, FIELDS_MAX);
			continue;
		}
		if (choose(flat->arena, &root, &fields, capture->redact) || told(flat, capture))
			continue;
		diagnostics_add(diags, SEVERITY_ERROR, "overlapping-paths", capture->span,
				"one path of %s redacts what another one shows: choose the fields "
				"beside it one by one",
				type->name);
	}
	spell(&root, "", &chosen);
	return build_view(flat, &root,
			  chosen.length ? arena_strdup(flat->arena, chosen.data) : "nothing");
}

/* What the compiler and the linker make for maps and channels: hash<K,V>, map.bucket[K]V. */
static bool is_made(const char *name)
{
	return name[strcspn(name, "<[({. ")] == '<' || !strncmp(name, "map.", 4) ||
	       !strncmp(name, "noalg.", 6);
}

/* The spec of a type, NULL when it is not listed. */
static const struct spec_type *listed(struct resolve_flat *flat, const struct binary_type *type)
{
	const struct spec *spec = flat->resolve->spec;
	const struct spec_type *found = NULL;
	struct diagnostic *diag;
	uint64_t index;

	if (strmap_get(&flat->listed, type->name, &index))
		found = &spec->types.data[index];
	for (size_t i = 0; i < flat->patterns.length; i++) {
		const struct spec_type *pattern = &spec->types.data[flat->patterns.data[i]];

		if (!spec_name_matches(pattern->name.text, type->name))
			continue;
		if (found && !told(flat, pattern)) {
			diag = diagnostics_add(flat->resolve->diags, SEVERITY_ERROR,
					       "duplicate-type", pattern->name.span,
					       "%s is listed twice", type->name);
			diagnostic_note(flat->resolve->diags, diag, "as `%s` on line %u too",
					found->name.text, found->name.span.line);
		}
		found = pattern;
	}
	return found;
}

const struct resolve_view *flat_view(struct resolve_flat *flat, const struct binary_type *type)
{
	const struct spec_type *spec;
	struct resolve_view *view = NULL;
	uint64_t known;

	if (!flat || !flat->resolve || type->kind != SCHEMA_KIND_STRUCT)
		return NULL;
	if (map_get(&flat->views, (uintptr_t)type, &known))
		return (const struct resolve_view *)(uintptr_t)known;
	/* closure objects and parts of listed types are no types of the program: they have neither */
	spec = (type->die || type->runtime_type) && !is_made(type->name) ? listed(flat, type)
									 : NULL;
	if (spec)
		view = view_of(flat, spec, type);
	map_set(&flat->views, (uintptr_t)type, (uintptr_t)view);
	return view;
}

const char *views_comment(struct resolve_flat *flat, const struct binary_type *type)
{
	const struct resolve_role *role = flat_role(flat, type);
	const struct binary_type *inner = type;
	const struct resolve_view *view;

	while (role && role->part == RESOLVE_CHOSEN_POINTER) {
		inner = inner->elem;
		role = flat_role(flat, inner);
	}
	view = flat_view(flat, inner);
	return view ? arena_printf(flat->arena, "%s, chosen: %s", type->name, view->chosen)
		    : type->name;
}

/* ---- the spec's list ---- */

static void complain_unknown(struct resolve *resolve, const struct spec_type *spec)
{
	VEC(const char *) near = {0};
	struct diagnostic *diag;
	size_t count;
	const char *const *names = binary_type_names(resolve->binary, &count);

	for (size_t i = 0; i < count; i++)
		if (!is_made(names[i]))
			*VEC_PUSH(resolve->arena, &near) = names[i];
	diag = diagnostics_add(resolve->diags, SEVERITY_ERROR, "unknown-type", spec->name.span,
			       "the binary has no %s %s",
			       spec_name_is_pattern(spec->name.text) ? "struct" : "type",
			       spec->name.text);
	diagnostic_suggest(resolve->diags, diag, spec->name.text, near.data, near.length);
}

/* A type that debug info leaves out, and that has a descriptor nevertheless. */
static const struct binary_type *only_described(struct resolve *resolve, const char *pattern)
{
	size_t count;
	const struct binary_descriptor *all = binary_descriptors(resolve->binary, &count);

	for (size_t i = 0; i < count; i++)
		if (all[i].type && !is_made(all[i].name) && spec_name_matches(pattern, all[i].name))
			return all[i].type;
	return NULL;
}

static void bind_pattern(struct resolve *resolve, const struct spec_type *spec)
{
	size_t count, found = 0;
	const char *const *names = binary_type_names(resolve->binary, &count);

	for (size_t i = 0; i < count; i++) {
		const struct binary_type *type;

		if (is_made(names[i]) || !spec_name_matches(spec->name.text, names[i]))
			continue;
		type = binary_type_find(resolve->binary, names[i]);
		found += type && flat_view(&resolve->flat, type);
	}
	if (!found && !only_described(resolve, spec->name.text))
		complain_unknown(resolve, spec);
}

static void bind_type(struct resolve *resolve, const struct spec_type *spec)
{
	const char *name = spec->name.text;
	const struct binary_type *type =
		is_made(name) ? NULL : binary_type_find(resolve->binary, name);

	if (!type)
		type = only_described(resolve, name);
	if (!type)
		complain_unknown(resolve, spec);
	else if (type->kind == SCHEMA_KIND_TIME)
		diagnostics_add(resolve->diags, SEVERITY_ERROR, "not-a-struct", spec->name.span,
				"%s is shown as a time: it has no fields to choose", name);
	else if (type->kind != SCHEMA_KIND_STRUCT)
		diagnostics_add(resolve->diags, SEVERITY_ERROR, "not-a-struct", spec->name.span,
				"%s is no struct: it has no fields to choose", name);
	else
		flat_view(&resolve->flat, type);
}

void views_bind(struct resolve *resolve)
{
	const struct spec *spec = resolve->spec;
	struct resolve_flat *flat = &resolve->flat;

	flat->resolve = resolve;
	map_init(&flat->views, resolve->arena);
	map_init(&flat->told, resolve->arena);
	strmap_init(&flat->parts, resolve->arena);
	strmap_init(&flat->listed, resolve->arena);
	for (uint32_t i = 0; i < spec->types.length; i++) {
		if (spec_name_is_pattern(spec->types.data[i].name.text))
			*VEC_PUSH(resolve->arena, &flat->patterns) = i;
		else
			strmap_set(&flat->listed, spec->types.data[i].name.text, i);
	}
	for (size_t i = 0; i < spec->types.length; i++) {
		if (spec_name_is_pattern(spec->types.data[i].name.text))
			bind_pattern(resolve, &spec->types.data[i]);
		else
			bind_type(resolve, &spec->types.data[i]);
	}
}
