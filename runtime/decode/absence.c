/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

/* Captures without bytes: why there is no value, and values that must not be shown. */

static struct decode_cell text_cell(const char *text)
{
	return (struct decode_cell){.type = DECODE_TEXT, .text = text, .length = strlen(text)};
}

/* Length of an expression up to its n-th type assertion, "x" of x.(T).f; else all of it. */
static size_t before_assertion(const char *text, uint32_t n)
{
	uint32_t depth = 0;
	size_t i;

	for (i = 0; text[i]; i++) {
		if (!depth && text[i] == '.' && text[i + 1] == '(' && !n--)
			break;
		depth += text[i] == '(';
		depth -= text[i] == ')' && depth;
	}
	return i;
}

/*
 * The part of a path that is nil: what the pointer or interface behind operator `op` is
 * called in the expression. An ASK_OP_DEREF or ASK_OP_REGISTER says in `b` how many characters
 * of the expression name it; without that it is some pointer of the path, and no guess.
 */
static const char *nil_part(struct arena *arena, const struct schema *schema,
			    const struct ask_expr *expr, uint32_t op)
{
	const char *text = schema_text(schema, schema->captures[expr->capture].expr);
	const struct ask_op *ops = schema->ops + expr->first_op;
	uint32_t assertions = 0;

	if (op < expr->ops &&
	    (ops[op].kind == ASK_OP_DEREF || ops[op].kind == ASK_OP_REGISTER) && ops[op].b &&
	    ops[op].b <= strlen(text))
		return arena_strndup(arena, text, ops[op].b);
	if (op < expr->ops && ops[op].kind == ASK_OP_ASSERT) {
		for (uint32_t i = 0; i < op; i++)
			assertions += ops[i].kind == ASK_OP_ASSERT;
		return arena_strndup(arena, text, before_assertion(text, assertions));
	}
	return arena_printf(arena, "a pointer in %s", text);
}

static struct decode_cell unavailable(struct arena *arena, const struct schema *schema,
				      const struct ask_value *value)
{
	const struct ask_rtype *rtype = NULL;

	if (value->detail == ASK_REASON_OPTIMIZED_OUT)
		return text_cell("optimized_out");
	if (value->detail == ASK_REASON_DYNAMIC_TYPE && value->extra)
		rtype = rtype_at(schema, value->extra);
	if (rtype)
		return text_cell(arena_printf(arena, "unavailable: dynamic type is %s",
					      schema_text(schema, rtype->name)));
	return text_cell(
		arena_printf(arena, "unavailable: %s", schema_reason_text(value->detail)));
}

struct decode_cell absence_status(struct arena *arena, const struct schema *schema,
				  const struct record *record)
{
	const struct ask_value *value = &record->value;

	switch (record->head.status) {
	case ASK_STATUS_NIL:
		return text_cell(arena_printf(
			arena, "nil: %s",
			nil_part(arena, schema, &schema->exprs[value->expr], value->detail)));
	case ASK_STATUS_READ_FAILED:
		return text_cell("read_failed");
	case ASK_STATUS_UNAVAILABLE:
		return unavailable(arena, schema, value);
	default:
		return text_cell("not_captured: budget");
	}
}

/*
 * Whether the engine read the length of a redacted value. It did where the expression
 * copies just that word, whatever type it gives it; a whole header holds it in its second word.
 */
static bool redacted_length(const struct record *record, uint64_t *ret)
{
	size_t at = record->value.length == 8 ? 0 : 8;

	if (record->head.status != ASK_STATUS_REDACTED || record->value.length < at + 8)
		return false;
	memcpy(ret, record->data + at, sizeof(*ret));
	return true;
}

bool absence_redacted(struct arena *arena, const struct schema *schema,
		      const struct record *record, struct decode_cell cells[3])
{
	const struct schema_capture *capture =
		&schema->captures[schema->exprs[record->value.expr].capture];
	const struct schema_type *type = &schema->types[capture->type];
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	uint16_t status = record->head.status;
	struct json json;
	uint64_t length;

	/* bytes of a redacted capture are never shown, whatever a dump says of them */
	if (status != ASK_STATUS_REDACTED &&
	    !(status == ASK_STATUS_UNAVAILABLE && record->value.detail == ASK_REASON_REDACTED) &&
	    !(capture->flags & SCHEMA_CAPTURE_REDACTED &&
	      (status == ASK_STATUS_OK || status == ASK_STATUS_PARTIAL)))
		return false;
	json_init(&json, &out);
	json_object_begin(&json);
	json_key(&json, "__status");
	json_text(&json, "redacted");
	json_key(&json, "__type");
	json_text(&json, schema_text(schema, type->name));
	if ((type->kind == SCHEMA_KIND_STRING || type->kind == SCHEMA_KIND_SLICE) &&
	    redacted_length(record, &length)) {
		json_key(&json, "len");
		json_int(&json, (int64_t)length);
	}
	json_object_end(&json);
	cells[0] = (struct decode_cell){.type = DECODE_NULL};
	cells[1] = text_cell(arena_strndup(arena, out.data, out.length));
	cells[2] = text_cell("redacted");
	return true;
}
