/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From text to a tree of nodes with places, over libyaml's events.
 *
 * libyaml's own document API is not used: it loses the quoting style, resolves
 * duplicate keys silently and puts no bound on anything. What is bounded here: size,
 * nesting (events are counted, so libyaml never goes deeper than we do), and the
 * number of nodes. An alias is the node of its anchor, not a copy, but it counts as
 * everything below that, so ten lines of aliases to aliases do not become a billion
 * nodes for the readers.
 *
 * YAML that does not parse ends the reading: what would follow from half a tree are
 * complaints about things that are there. Everything else is reported and gone past.
 */
#include "spec_int.h"

#include <yaml.h>

#include "place.h"
#include "spec_utf8.h"

struct builder {
	struct arena *arena;
	struct diagnostics *diags;
	struct place_map places;
	yaml_parser_t parser;
	struct strmap anchors; /* name -> node; 0 while that node is being built */
	uint32_t nodes;
	bool failed; /* stop: it has been reported */
};

#define cleanup_event __attribute__((cleanup(yaml_event_delete)))

static struct diagnostic *fail(struct builder *b, const char *code, struct source_span span,
			       const char *message)
{
	b->failed = true;
	return diagnostics_add(b->diags, SEVERITY_ERROR, code, span, "%s", message);
}

static struct source_span span_of(const struct builder *b, const yaml_event_t *event)
{
	return place_span(&b->places, place_offset(&b->places, event->start_mark.index),
			  place_offset(&b->places, event->end_mark.index));
}

/* libyaml's words, and what they mostly mean. */
static void report_syntax(struct builder *b)
{
	const yaml_parser_t *parser = &b->parser;
	size_t at = place_offset(&b->places, parser->problem_mark.index);
	struct source_span span;
	struct diagnostic *diag;
	char c;

	if (parser->error == YAML_MEMORY_ERROR)
		base_out_of_memory();
	if (parser->error == YAML_READER_ERROR)
		at = parser->problem_offset < b->places.length ? parser->problem_offset
							       : b->places.length;
	/* What is never closed is noticed at the end of the file: the mistake is where it opens. */
	if (parser->context && !b->places.text[at])
		at = place_offset(&b->places, parser->context_mark.index);
	c = b->places.text[at];
	span = place_span(&b->places, at, at + 1);
	b->failed = true;
	diag = diagnostics_add(b->diags, SEVERITY_ERROR, "syntax", span, "not YAML: %s",
			       parser->problem ? parser->problem : "unreadable");
	if (parser->context && parser->context_mark.index != parser->problem_mark.index)
		diagnostic_note(b->diags, diag, "%s that begins on line %zu", parser->context,
				parser->context_mark.line + 1);
	if (c == '\t')
		diagnostic_note(b->diags, diag, "YAML is indented with spaces, not with tabs");
	else if (c && strchr("@`%*&|>!", c))
		diagnostic_note(b->diags, diag, "put a text that begins with `%c` in quotes", c);
	else if (c == '[' || c == ']')
		diagnostic_note(b->diags, diag,
				"inside { } and [ ], a text with brackets must be in quotes");
}

static bool next_event(struct builder *b, yaml_event_t *event)
{
	if (yaml_parser_parse(&b->parser, event))
		return true;
	report_syntax(b);
	return false;
}

static struct spec_node *new_node(struct builder *b, enum spec_node_kind kind,
				  const yaml_event_t *event)
{
	struct spec_node *node = ARENA_NEW(b->arena, struct spec_node);

	node->kind = kind;
	node->span = span_of(b, event);
	node->weight = 1;
	return node;
}

/* Counts nodes, those that an alias stands for included. */
static bool count_nodes(struct builder *b, uint32_t n, struct source_span span)
{
	if (n > SPEC_MAX_NODES - b->nodes) {
		struct diagnostic *diag = fail(b, "too-large", span, "the spec has too many nodes");

		diagnostic_note(b->diags, diag,
				"at most %d keys and values, an alias counting as all it names",
				SPEC_MAX_NODES);
		return false;
	}
	b->nodes += n;
	return true;
}

static bool check_nesting(struct builder *b, uint32_t depth, struct source_span span)
{
	if (depth <= SPEC_MAX_NESTING)
		return true;
	fail(b, "too-deep", span, "lists and mappings are nested too deeply");
	return false;
}

/*
 * A text whose bytes in the file are its bytes as a value can be pointed into. Its
 * span leaves the quotes out.
 */
static void set_scalar_place(struct builder *b, struct spec_node *node, const yaml_event_t *event)
{
	size_t from = place_offset(&b->places, event->start_mark.index);
	size_t to = place_offset(&b->places, event->end_mark.index);
	size_t length = event->data.scalar.length;
	yaml_scalar_style_t style = event->data.scalar.style;
	bool quoted = style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		      style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	size_t quote = quoted ? 1 : 0;

	node->plain = style == YAML_PLAIN_SCALAR_STYLE;
	/* an anchor or a tag stands before the text and belongs to its event */
	if (!quoted && !node->plain) {
		node->span = place_span(&b->places, from, from + 1);
		return;
	}
	/* `&x` and no text: the anchor is what there is to see */
	if (to < from + length + 2 * quote || (!length && !quoted && to > from))
		return;
	from = to - length - 2 * quote;
	if (quoted && b->places.text[from] != b->places.text[to - 1])
		return;
	if (length && memcmp(b->places.text + from + quote, event->data.scalar.value, length))
		return;
	if (memchr(event->data.scalar.value, '\n', length))
		return;
	node->span = place_span(&b->places, from + quote, to - quote);
	node->span.end_column = node->span.column + (uint32_t)length; /* with blanks at its end */
	node->exact = node->span.column;
}

static struct spec_node *build_scalar(struct builder *b, const yaml_event_t *event)
{
	struct spec_node *node = new_node(b, SPEC_NODE_SCALAR, event);
	const char *value = (const char *)event->data.scalar.value;

	set_scalar_place(b, node, event);
	node->text = arena_strndup(b->arena, value, event->data.scalar.length);
	if (memchr(value, '\0', event->data.scalar.length)) {
		diagnostics_add(b->diags, SEVERITY_ERROR, "encoding", node->span,
				"a NUL character in a text");
		node->kind = SPEC_NODE_BAD;
	}
	return node;
}

static struct spec_node *build_node(struct builder *b, const yaml_event_t *event, uint32_t depth);

static void adopt(struct spec_node *parent, const struct spec_node *child)
{
	parent->weight += child->weight;
	if (child->height + 1 > parent->height)
		parent->height = child->height + 1;
}

static struct spec_node *build_list(struct builder *b, const yaml_event_t *event, uint32_t depth)
{
	struct spec_node *node = new_node(b, SPEC_NODE_LIST, event);
	size_t start = place_offset(&b->places, event->start_mark.index);

	/* a block list's own mark is its first dash, a flow list's is seen at its end */
	node->span = place_span(&b->places, start, start + 1);
	node->height = 1;
	for (;;) {
		cleanup_event yaml_event_t item = {0};
		struct spec_node *child;

		if (!next_event(b, &item))
			return NULL;
		if (item.type == YAML_SEQUENCE_END_EVENT) {
			if (event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE)
				node->span = place_span(
					&b->places, start,
					place_offset(&b->places, item.end_mark.index));
			return node;
		}
		child = build_node(b, &item, depth + 1);
		if (!child)
			return NULL;
		adopt(node, child);
		*VEC_PUSH(b->arena, &node->items) = child;
	}
}

/* Keeps a pair whose key is a text that is not there yet. */
static void add_pair(struct builder *b, struct spec_node *node, struct strmap *seen,
		     const struct spec_node *key, const struct spec_node *value)
{
	uint64_t line;

	if (key->kind == SPEC_NODE_BAD)
		return;
	if (key->kind != SPEC_NODE_SCALAR) {
		diagnostics_add(b->diags, SEVERITY_ERROR, "wrong-type", key->span,
				"a key must be a text, this is %s", spec_node_kind_name(key));
		return;
	}
	if (strmap_get(seen, key->text, &line)) {
		struct diagnostic *diag =
			diagnostics_add(b->diags, SEVERITY_ERROR, "duplicate-key", key->span,
					"key `%s` is there twice", spec_quote(b->arena, key->text));

		diagnostic_note(b->diags, diag, "the first is on line %" PRIu64, line);
		return;
	}
	strmap_set(seen, key->text, key->span.line);
	*VEC_PUSH(b->arena, &node->pairs) = (struct spec_pair){key, value};
}

static struct spec_node *build_mapping(struct builder *b, const yaml_event_t *event,
				       uint32_t depth)
{
	struct spec_node *node = new_node(b, SPEC_NODE_MAPPING, event);
	bool flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	size_t start = place_offset(&b->places, event->start_mark.index);
	struct strmap seen;
	bool first = true;

	node->height = 1;
	strmap_init(&seen, b->arena);
	for (;;) {
		cleanup_event yaml_event_t key_event = {0};
		cleanup_event yaml_event_t value_event = {0};
		struct spec_node *key, *value;

		if (!next_event(b, &key_event))
			return NULL;
		if (key_event.type == YAML_MAPPING_END_EVENT) {
			if (flow)
				node->span = place_span(
					&b->places, start,
					place_offset(&b->places, key_event.end_mark.index));
			return node;
		}
		key = build_node(b, &key_event, depth + 1);
		if (!key || !next_event(b, &value_event))
			return NULL;
		value = build_node(b, &value_event, depth + 1);
		if (!value)
			return NULL;
		adopt(node, key);
		adopt(node, value);
		/* a block mapping begins with its first key: that is what can be underlined */
		if (first && !flow)
			node->span = key->span;
		first = false;
		add_pair(b, node, &seen, key, value);
	}
}

static struct spec_node *build_alias(struct builder *b, const yaml_event_t *event, uint32_t depth)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct spec_node *bad = new_node(b, SPEC_NODE_BAD, event);
	struct spec_node *node;
	struct diagnostic *diag;
	uint64_t found;

	if (!strmap_get(&b->anchors, name, &found)) {
		diag = diagnostics_add(b->diags, SEVERITY_ERROR, "bad-alias", bad->span,
				       "no anchor `&%s` before this alias",
				       spec_quote(b->arena, name));
		diagnostic_note(b->diags, diag, "put a text that begins with `*` in quotes");
		return bad;
	}
	if (!found) {
		diagnostics_add(b->diags, SEVERITY_ERROR, "bad-alias", bad->span,
				"alias `*%s` stands inside the node that it names",
				spec_quote(b->arena, name));
		return bad;
	}
	node = (struct spec_node *)(uintptr_t)found;
	if (!check_nesting(b, depth + node->height, bad->span))
		return NULL;
	/* this event itself has been counted already */
	return count_nodes(b, node->weight - 1, bad->span) ? node : NULL;
}

/* What the start events have in common: tag and anchor. */
static void start_properties(const yaml_event_t *event, const char **tag, const char **anchor)
{
	*tag = NULL;
	*anchor = NULL;
	if (event->type == YAML_SCALAR_EVENT) {
		*tag = (const char *)event->data.scalar.tag;
		*anchor = (const char *)event->data.scalar.anchor;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		*tag = (const char *)event->data.sequence_start.tag;
		*anchor = (const char *)event->data.sequence_start.anchor;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		*tag = (const char *)event->data.mapping_start.tag;
		*anchor = (const char *)event->data.mapping_start.anchor;
	}
}

/* `event` begins a node; `depth` lists and mappings are open around it. NULL: stop. */
static struct spec_node *build_node(struct builder *b, const yaml_event_t *event, uint32_t depth)
{
	struct source_span span = span_of(b, event);
	const char *tag, *anchor;
	struct spec_node *node;

	start_properties(event, &tag, &anchor);
	if (!count_nodes(b, 1, span))
		return NULL;
	if (anchor) {
		anchor = arena_strdup(b->arena, anchor);
		strmap_set(&b->anchors, anchor, 0);
	}
	if (event->type == YAML_ALIAS_EVENT)
		return build_alias(b, event, depth);
	if (event->type == YAML_SCALAR_EVENT) {
		node = build_scalar(b, event);
	} else {
		if (!check_nesting(b, depth + 1, span))
			return NULL;
		node = event->type == YAML_SEQUENCE_START_EVENT ? build_list(b, event, depth)
								: build_mapping(b, event, depth);
	}
	if (!node)
		return NULL;
	if (tag)
		diagnostics_add(b->diags, SEVERITY_ERROR, "unsupported-tag", span,
				"tag `%s`: a spec has no tags", spec_quote(b->arena, tag));
	node->anchor = anchor;
	if (anchor)
		strmap_set(&b->anchors, anchor, (uintptr_t)node);
	return node;
}

/* The characters that YAML allows: the first other one is reported, and its place is exact. */
static bool check_characters(struct builder *b, const char *text, size_t length)
{
	size_t size;

	for (size_t i = 0; i < length; i += size) {
		uint32_t code;

		size = spec_utf8_decode(text + i, length - i, &code);
		if (!size) {
			/* the map takes text before this byte only */
			place_map_init(&b->places, b->arena, text, i);
			fail(b, "encoding", place_span(&b->places, i, i),
			     "the spec is not UTF-8");
			return false;
		}
		if (code == '\t' || code == '\n' || code == '\r' || code == 0x85 ||
		    (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code != 0xfeff &&
						      code != 0xfffe && code != 0xffff))
			continue;
		place_map_init(&b->places, b->arena, text, i);
		fail(b, "encoding", place_span(&b->places, i, i),
		     arena_printf(b->arena, "character U+%04" PRIX32 " may not stand in a spec",
				  code));
		return false;
	}
	return true;
}

static struct spec_node *build_document(struct builder *b)
{
	struct spec_node *root = NULL;

	for (;;) {
		cleanup_event yaml_event_t event = {0};

		if (!next_event(b, &event))
			return NULL;
		switch (event.type) {
		case YAML_STREAM_END_EVENT:
			return root;
		case YAML_DOCUMENT_START_EVENT:
			if (root) {
				fail(b, "multiple-documents", span_of(b, &event),
				     "a second document: a spec is one");
				return NULL;
			}
			break;
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		default:
			root = build_node(b, &event, 0);
			if (!root)
				return NULL;
		}
	}
}

struct spec_node *spec_yaml(struct arena *arena, const char *text, size_t length,
			    struct diagnostics *diags)
{
	struct builder b = {.arena = arena, .diags = diags};
	struct spec_node *root;

	if (!check_characters(&b, text, length))
		return NULL;
	place_map_init(&b.places, arena, text, length);
	strmap_init(&b.anchors, arena);
	if (!yaml_parser_initialize(&b.parser))
		base_out_of_memory();
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, length);
	root = build_document(&b);
	yaml_parser_delete(&b.parser);
	if (!root && !b.failed)
		fail(&b, "empty-spec", (struct source_span){1, 1, 1}, "the spec is empty");
	return b.failed ? NULL : root;
}
