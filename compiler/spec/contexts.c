/* SPDX-License-Identifier: BSD-2-Clause */
/* `contexts`: columns made of chains of context.Context. */
#include "spec_int.h"

static const struct spec_key context_keys[] = {
	{"key", spec_read_sql_name, offsetof(struct spec_context, key), 0},
	{"value", spec_read_sql_name, offsetof(struct spec_context, value), 0},
	{"as", spec_read_sql_name, offsetof(struct spec_context, as), 0},
};

/* true when the context says what it looks for, and a column can be named. */
static bool name_column(struct spec_reader *reader, struct spec_context *context)
{
	const struct spec_text *type = context->key.text ? &context->key : &context->value;

	if (!type->text) {
		spec_error(reader, context->span, "missing-key",
			   "a context needs a `key`, a `value`, or both");
		return false;
	}
	context->column =
		context->as.text ? context->as.text : spec_table_name(reader->arena, type->text);
	if (*context->column)
		return true;
	spec_error(reader, type->span, "missing-key",
		   "no column name can be made of `%s`: give one with `as:`",
		   spec_quote(reader->arena, type->text));
	return false;
}

void spec_read_contexts(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec *spec = ret;

	if (!spec_is_list(reader, value))
		return;
	if (value->items.length > SPEC_MAX_CONTEXTS)
		spec_error(reader, value->items.data[SPEC_MAX_CONTEXTS]->span, "out-of-range",
			   "a spec has at most %d contexts", SPEC_MAX_CONTEXTS);
	for (size_t i = 0; i < value->items.length && i < SPEC_MAX_CONTEXTS; i++) {
		const struct spec_node *item = value->items.data[i];
		struct spec_context context = {.span = item->span};
		size_t errors = reader->diags->errors;

		spec_read_mapping(reader, item, "a context", context_keys, ARRAY_SIZE(context_keys),
				  &context);
		/* what has a wrong key or value does not lack it */
		if (reader->diags->errors == errors && name_column(reader, &context))
			*VEC_PUSH(reader->arena, &spec->contexts) = context;
		else
			reader->columns_incomplete = true;
	}
}
