/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec: from YAML to an AST in which every word knows its place.
 *
 * The problem. A spec is written by hand, for a binary its author did not write, and
 * is wrong at first. What makes the tool usable is that *all* mistakes come in one
 * run, each under the word that is wrong and with the word that was meant. So nothing
 * here stops at the first mistake but what cannot be read at all, and nothing is
 * thrown away that a later stage may want to point at.
 *
 * The flow.
 *
 *   text --yaml.c--> nodes --reader.c + tables of keys--> struct spec --check.c--> checked
 *          place.c                functions.c types.c contexts.c tables.c limits.c
 *                                 path.c (paths), regex.c (match)
 *
 *   - yaml.c turns libyaml's events into nodes with byte columns, within bounds.
 *   - Each mapping of the language is one table of struct spec_key: name, how its value
 *     is read, where it goes. Unknown, missing, empty and unsupported keys are all
 *     found by the one reader of such tables. To add a key: a row, a field in spec.h,
 *     and its lines in docs/SPEC.md.
 *   - check.c sees the whole: clashes of names, links.
 *
 * What is wrong is reported and left out of the AST; where that would make something
 * else look wrong, that is not reported (tables_incomplete, columns_incomplete).
 * Names of the binary are not known here: resolve judges them.
 */
#include "spec_int.h"

#include <stdlib.h>

#define SPEC_VERSION "1"

static void read_version(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	(void)ret;
	if (!spec_is_text(reader, value, NULL) || !strcmp(value->text, SPEC_VERSION))
		return;
	spec_error(reader, value->span, "unsupported-version",
		   "version `%s` of the spec language is not known: this askc reads version "
		   SPEC_VERSION, spec_quote(reader->arena, value->text));
}

static bool is_file_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

static bool is_file_name(const char *name)
{
	while (is_file_character(*name))
		name++;
	return !*name;
}

/* The artifact's name becomes the names of files. */
static void read_name(struct spec_reader *reader, const struct spec_node *value, void *ret)
{
	struct spec_text text = {0};

	spec_read_text(reader, value, &text);
	if (!text.text)
		return;
	if (*text.text == '.' || *text.text == '-' || !is_file_name(text.text)) {
		spec_error(reader, text.span, "bad-name",
			   "`%s` cannot be the name of a file: letters, digits, `_`, `-` and `.`, "
			   "beginning with one of the first three",
			   spec_quote(reader->arena, text.text));
		return;
	}
	if (strlen(text.text) > SPEC_MAX_NAME) {
		spec_error(reader, text.span, "bad-name", "this name is longer than %d bytes",
			   SPEC_MAX_NAME);
		return;
	}
	*(struct spec_text *)ret = text;
}

static const struct spec_key spec_keys[] = {
	{"askance", read_version, 0, SPEC_KEY_REQUIRED},
	{"name", read_name, offsetof(struct spec, name), 0},
	{"match", spec_read_match, 0, SPEC_KEY_MAY_BE_EMPTY},
	{"limits", spec_read_limits, offsetof(struct spec, limits), SPEC_KEY_MAY_BE_EMPTY},
	{"functions", spec_read_functions, 0, SPEC_KEY_MAY_BE_EMPTY},
	{"types", spec_read_types, 0, SPEC_KEY_MAY_BE_EMPTY},
	{"contexts", spec_read_contexts, 0, SPEC_KEY_MAY_BE_EMPTY},
	{"tables", spec_read_tables, 0, SPEC_KEY_MAY_BE_EMPTY},
	{"links", spec_read_links, 0, SPEC_KEY_MAY_BE_EMPTY},
	{"modules", NULL, 0, SPEC_KEY_UNSUPPORTED},
	{"globals", NULL, 0, SPEC_KEY_UNSUPPORTED},
	{"process_name", NULL, 0, SPEC_KEY_UNSUPPORTED},
};

/* slow-rpc.ask.yaml -> slow-rpc; what cannot stand in a name becomes "-". */
static const char *name_of_file(struct arena *arena, const char *file)
{
	static const char *const endings[] = {".ask.yaml", ".ask.yml", ".yaml", ".yml"};
	const char *slash = strrchr(file, '/');
	char *name = arena_strdup(arena, slash ? slash + 1 : file);
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		size_t ending = strlen(endings[i]);

		if (length <= ending || strcmp(name + length - ending, endings[i]))
			continue;
		length -= ending;
		name[length] = '\0';
		break;
	}
	if (length > SPEC_MAX_NAME)
		name[SPEC_MAX_NAME] = '\0';
	for (char *p = name; *p; p++)
		if (!is_file_character(*p))
			*p = '-';
	while (*name == '.' || *name == '-')
		name++;
	for (length = strlen(name); length && name[length - 1] == '-'; length--)
		name[length - 1] = '\0';
	return *name ? name : "spec";
}

static void refuse_size(struct diagnostics *diags)
{
	diagnostics_add(diags, SEVERITY_ERROR, "too-large", (struct source_span){0, 0, 0},
			"the spec is larger than %zu MiB", SPEC_MAX_TEXT >> 20);
}

static struct spec *new_spec(struct arena *arena, const char *file, const char *text,
			     size_t length)
{
	struct spec *spec = ARENA_NEW(arena, struct spec);

	spec->file = file;
	spec->text = text;
	spec->text_length = length;
	spec->name.text = name_of_file(arena, file);
	spec->limits = spec_limits_unset();
	return spec;
}

void spec_parse(struct arena *arena, const char *file, const char *text, size_t length,
		struct diagnostics *diags, struct spec **ret)
{
	struct spec_reader reader = {.arena = arena, .diags = diags};
	bool too_large = length > SPEC_MAX_TEXT;
	const struct spec_node *root;

	file = arena_strdup(arena, file);
	/* editors do not count a byte order mark as a column, nor do we */
	if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		length -= 3;
	}
	text = too_large ? "" : arena_strndup(arena, text, length);
	length = too_large ? 0 : length;
	diagnostics_init(diags, arena, file, text, length);
	*ret = reader.spec = new_spec(arena, file, text, length);
	if (too_large) {
		refuse_size(diags);
		return;
	}
	root = spec_yaml(arena, text, length, diags);
	if (root) {
		spec_read_mapping(&reader, root, "the spec", spec_keys, ARRAY_SIZE(spec_keys),
				  reader.spec);
		spec_check(&reader);
	}
}

struct error *spec_read(struct arena *arena, const char *path, struct diagnostics *diags,
			struct spec **ret)
{
	bool is_stdin = !strcmp(path, "-");
	const char *file = is_stdin ? "<stdin>" : arena_strdup(arena, path);
	cleanup_free unsigned char *data = NULL;
	struct error *error;
	size_t size;

	diagnostics_init(diags, arena, file, "", 0);
	error = file_read(is_stdin ? "/dev/stdin" : path, SPEC_MAX_TEXT, &data, &size);
	if (error && error->code == ERROR_DAMAGED) {
		/* the one thing it says that of: more than the limit */
		error_free(error);
		refuse_size(diags);
		*ret = new_spec(arena, file, "", 0);
		return NULL;
	}
	TRY(error);
	spec_parse(arena, file, (const char *)data, size, diags, ret);
	return NULL;
}
