/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "driver.h"

/* An object with its schema; a generous bound, the schema itself has a tighter one. */
#define OBJECT_MAX ((size_t)2 << 30)
#define SUFFIX ".ask.o"

static struct error *load(struct arena *arena, const char *path, struct objects *objects)
{
	cleanup_free unsigned char *data = NULL;
	struct collect_object object = {.path = path};
	struct schema *schema;

	TRY(file_read(path, OBJECT_MAX, &data, &object.elf_size));
	object.elf = arena_copy(arena, data, object.elf_size);
	TRY(schema_section(path, object.elf, object.elf_size, &object.schema_bytes,
			   &object.schema_size));
	TRY(schema_read(arena, path, object.schema_bytes, object.schema_size, &schema));
	object.schema = schema;
	*VEC_PUSH(arena, &objects->list) = object;
	return NULL;
}

static int is_object(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > strlen(SUFFIX) &&
	       strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

static struct error *load_directory(struct arena *arena, const char *path, struct objects *objects)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_object, alphasort);
	struct error *error = NULL;

	if (count < 0)
		return error_os(ERROR_IO, errno, "%s", path);
	for (int i = 0; i < count; i++) {
		if (!error)
			error = load(arena, arena_printf(arena, "%s/%s", path, entries[i]->d_name),
				     objects);
		free(entries[i]);
	}
	free(entries);
	if (!error && !count)
		return error_new(ERROR_USAGE, "%s: no *" SUFFIX " in this directory", path);
	return error;
}

struct error *objects_load(struct arena *arena, char *const *paths, size_t count,
			   struct objects *ret)
{
	struct objects objects = {0};

	for (size_t i = 0; i < count; i++) {
		struct stat st;

		if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode))
			TRY(load_directory(arena, paths[i], &objects));
		else
			TRY(load(arena, paths[i], &objects));
	}
	*ret = objects;
	return NULL;
}

static bool fits(const struct schema *schema, const struct target_info *info)
{
	const char *go = schema_text(schema, schema->meta.go_build_id);
	const char *gnu = schema_text(schema, schema->meta.gnu_build_id);

	if (go[0])
		return strcmp(go, info->go_build_id) == 0;
	return gnu[0] && strcmp(gnu, info->gnu_build_id) == 0;
}

struct error *objects_find(const struct objects *objects, const struct target_info *info,
			   const struct collect_object **ret)
{
	const struct collect_object *found = NULL;

	for (size_t i = 0; i < objects->list.length; i++) {
		const struct collect_object *object = &objects->list.data[i];

		if (!fits(object->schema, info))
			continue;
		if (found)
			return error_new(ERROR_USAGE, "both %s and %s are for process %d (%s)",
					 found->path, object->path, (int)info->pid, info->name);
		found = object;
	}
	*ret = found;
	return NULL;
}
