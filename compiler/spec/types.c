/* SPDX-License-Identifier: BSD-2-Clause */
/* `types`: what is captured of a type, wherever a value of it is reached. */
#include "spec_int.h"

static const struct spec_key choice_keys[] = {
	{"expr", spec_read_type_paths, 0, SPEC_KEY_REQUIRED},
	{"redact", spec_read_bool, offsetof(struct spec_capture, redact), 0},
};

static void read_choices(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_type *type = ret;

	if (!spec_is_list(reader, value))
		return;
	for (size_t i = 0; i < value->items.length; i++) {
		struct spec_capture capture;

		if (spec_read_capture(reader, value->items.data[i], "a choice", choice_keys,
				      ARRAY_SIZE(choice_keys), &capture))
			*VEC_PUSH(reader->arena, &type->captures) = capture;
	}
}

static const struct spec_key type_keys[] = {
	{"name", spec_read_text, offsetof(struct spec_type, name), SPEC_KEY_REQUIRED},
	{"capture", read_choices, 0, SPEC_KEY_REQUIRED},
};

/* true for the first one of its name. */
static bool is_new(struct spec_reader *reader, struct strmap *names, const struct spec_type *type)
{
	struct diagnostic *diag;
	uint64_t line;

	if (!strmap_get(names, type->name.text, &line)) {
		strmap_set(names, type->name.text, type->name.span.line);
		return true;
	}
	diag = spec_error(reader, type->name.span, "duplicate-type", "type `%s` is there twice",
			  spec_quote(reader->arena, type->name.text));
	diagnostic_note(reader->diags, diag, "the first is on line %" PRIu64, line);
	return false;
}

void spec_read_types(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec *spec = ret;
	struct strmap names;

	if (!spec_is_list(reader, value))
		return;
	strmap_init(&names, reader->arena);
	for (size_t i = 0; i < value->items.length; i++) {
		const struct spec_node *item = value->items.data[i];
		struct spec_type type = {.span = item->span};

		spec_read_mapping(reader, item, "a type", type_keys, ARRAY_SIZE(type_keys), &type);
		if (type.name.text && is_new(reader, &names, &type))
			*VEC_PUSH(reader->arena, &spec->types) = type;
	}
}
