/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading nodes by tables of keys: what every part of a spec has in common. */
#include "spec_int.h"

#define QUOTE_MAX 80

const char *spec_quote(struct arena *arena, const char *text)
{
	size_t length = strlen(text);

	if (length <= QUOTE_MAX)
		return text;
	length = QUOTE_MAX - 3;
	while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return arena_printf(arena, "%.*s...", (int)length, text);
}

/* Nothing, `~` or null, unquoted. */
static bool is_null(const struct spec_node *node)
{
	return node->kind == SPEC_NODE_SCALAR && node->plain &&
	       (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null") ||
		!strcmp(node->text, "Null") || !strcmp(node->text, "NULL"));
}

const char *spec_node_kind_name(const struct spec_node *node)
{
	if (node->kind == SPEC_NODE_LIST)
		return "a list";
	if (node->kind == SPEC_NODE_MAPPING)
		return "a mapping";
	return is_null(node) ? "nothing" : "a text";
}

static void wrong_type(struct spec_reader *reader, const struct spec_node *node, const char *what,
		       const char *wanted)
{
	if (node->kind == SPEC_NODE_BAD)
		return;
	if (!what)
		what = arena_printf(reader->arena, "`%s`", reader->key);
	spec_error(reader, node->span, "wrong-type", "%s must be %s, this is %s", what, wanted,
		   spec_node_kind_name(node));
}

bool spec_is_list(struct spec_reader *reader, const struct spec_node *node)
{
	if (node->kind == SPEC_NODE_LIST)
		return true;
	wrong_type(reader, node, NULL, "a list");
	return false;
}

bool spec_is_text(struct spec_reader *reader, const struct spec_node *node, const char *what)
{
	struct diagnostic *diag;

	if (node->kind == SPEC_NODE_SCALAR && !is_null(node))
		return true;
	if (node->kind != SPEC_NODE_SCALAR || !node->anchor) {
		wrong_type(reader, node, what, "a text");
		return false;
	}
	/* `- &x`: the variable &x in the author's mind, an anchor before nothing in YAML's */
	wrong_type(reader, node, what, "a text");
	diag = &reader->diags->list.data[reader->diags->list.length - 1];
	diagnostic_note(reader->diags, diag,
			"`&%s` is an anchor in YAML: put a text that begins with `&` in quotes",
			spec_quote(reader->arena, node->anchor));
	return false;
}

static const struct spec_key *find_key(const struct spec_key *keys, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

/* Complains, and returns the key that was probably meant, or NULL. */
static const struct spec_key *unknown_key(struct spec_reader *reader, const struct spec_node *key,
					  const char *what, const struct spec_key *keys, size_t n)
{
	cleanup_strbuf struct strbuf list = STRBUF_INIT;
	const char **names = ARENA_ARRAY(reader->arena, const char *, n);
	size_t supported = 0;
	struct diagnostic *diag =
		spec_error(reader, key->span, "unknown-key", "unknown key `%s` in %s",
			   spec_quote(reader->arena, key->text), what);

	for (size_t i = 0; i < n; i++) {
		if (keys[i].flags & (SPEC_KEY_UNSUPPORTED | SPEC_KEY_ELSEWHERE))
			continue;
		names[supported++] = keys[i].name;
		strbuf_printf(&list, "%s`%s`", list.length ? ", " : "", keys[i].name);
	}
	diagnostic_suggest(reader->diags, diag, key->text, names, supported);
	if (diag->suggestions.length)
		return find_key(keys, n, diag->suggestions.data[0]);
	diagnostic_note(reader->diags, diag, "the keys are %s", list.data);
	return NULL;
}

static void read_pair(struct spec_reader *reader, const struct spec_pair *pair, const char *what,
		      const struct spec_key *key, void *ret)
{
	if (key->flags & SPEC_KEY_UNSUPPORTED) {
		spec_error(reader, pair->key->span, "unsupported-key",
			   "`%s` is not supported by this version", key->name);
		return;
	}
	if (key->flags & SPEC_KEY_ELSEWHERE) {
		spec_error(reader, pair->key->span, "unsupported-key",
			   "`%s` holds for the whole spec: it cannot be set for %s", key->name,
			   what);
		return;
	}
	/* what is not there has no place: the key has */
	if (is_null(pair->value) && !pair->value->anchor) {
		if (!(key->flags & SPEC_KEY_MAY_BE_EMPTY))
			spec_error(reader, pair->key->span, "empty-value", "`%s` has no value",
				   key->name);
		return;
	}
	reader->key = key->name;
	key->read(reader, pair->value, (char *)ret + key->offset);
}

void spec_read_mapping(struct spec_reader *reader, const struct spec_node *node, const char *what,
		       const struct spec_key *keys, size_t n, void *ret)
{
	uint64_t seen = 0;

	assert(n <= 64);
	if (node->kind != SPEC_NODE_MAPPING) {
		wrong_type(reader, node, what, "a mapping");
		return;
	}
	for (size_t i = 0; i < node->pairs.length; i++) {
		const struct spec_pair *pair = &node->pairs.data[i];
		const struct spec_key *key = find_key(keys, n, pair->key->text);

		if (key)
			read_pair(reader, pair, what, key, ret);
		else
			key = unknown_key(reader, pair->key, what, keys, n);
		/* a misspelt key is not missing as well */
		if (key)
			seen |= UINT64_C(1) << (key - keys);
	}
	for (size_t i = 0; i < n; i++)
		if ((keys[i].flags & SPEC_KEY_REQUIRED) && !(seen & UINT64_C(1) << i))
			spec_error(reader, node->span, "missing-key", "missing key `%s` in %s",
				   keys[i].name, what);
}

void spec_read_any_text(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_text *text = ret;

	if (spec_is_text(reader, value, NULL))
		*text = (struct spec_text){value->text, value->span, value->exact};
}

void spec_read_text(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	if (!spec_is_text(reader, value, NULL))
		return;
	if (!value->text[strspn(value->text, " \t\r\n")]) {
		spec_error(reader, value->span, "empty-value", "`%s` must not be empty",
			   reader->key);
		return;
	}
	spec_read_any_text(reader, value, ret);
}

/*
 * Any text can be quoted in SQL, but a name with a line end or blanks around it is a
 * slip (a block text, mostly), and one that users could not type.
 */
void spec_read_sql_name(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_text text = {0};
	size_t length;

	spec_read_text(reader, value, &text);
	if (!text.text)
		return;
	length = strlen(text.text);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text.text[i];

		if (c >= 0x20 && c != 0x7f)
			continue;
		spec_error(reader, text.span, "bad-name",
			   "a name must not have control characters");
		return;
	}
	if (text.text[0] == ' ' || text.text[length - 1] == ' ') {
		spec_error(reader, text.span, "bad-name",
			   "a name must not begin or end with a blank");
		return;
	}
	*(struct spec_text *)ret = text;
}

void spec_read_bool(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	bool *result = ret;

	if (value->kind == SPEC_NODE_SCALAR && value->plain && !strcmp(value->text, "true"))
		*result = true;
	else if (value->kind == SPEC_NODE_SCALAR && value->plain && !strcmp(value->text, "false"))
		*result = false;
	else
		wrong_type(reader, value, NULL, "true or false");
}
