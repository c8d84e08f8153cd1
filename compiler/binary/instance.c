/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <stdlib.h>

/*
 * Instances by name: where each function's code is, out of line and inlined. Built
 * at first use, in two passes over the functions: names are numbered and counted,
 * then instances are dealt into their name's run.
 *
 * Method wrappers that the compiler makes (DW_AT_trampoline) stay functions, so
 * that PCs in them have a name, but they are no instances: nobody wrote them. What
 * is inlined into a wrapper is one, as its variables are the user's.
 */

struct entry {
	const char *name;
	uint32_t number;
};

struct names {
	struct binary *binary;
	struct arena scratch;
	struct strmap numbers; /* name -> number in order of appearance */
	VEC(struct entry) entries;
	VEC(uint32_t) counts; /* by number */
};

static void count_name(struct names *names, const char *name)
{
	uint64_t number;

	if (!strmap_get(&names->numbers, name, &number)) {
		number = names->entries.length;
		strmap_set(&names->numbers, name, number);
		*VEC_PUSH(&names->scratch, &names->entries) =
			(struct entry){name, (uint32_t)number};
		*VEC_PUSH(&names->scratch, &names->counts) = 0;
	}
	names->counts.data[number]++;
}

static bool is_trampoline(const struct binary *binary, const struct binary_function *function)
{
	uint64_t one;

	return map_get(&binary->trampolines, function->die, &one);
}

static void each_instance(struct names *names, const struct binary_function *function,
			  void (*call)(struct names *, const char *,
				       const struct binary_instance *))
{
	struct binary_instance instance = {.function = function, .inline_index = UINT32_MAX};

	if (!is_trampoline(names->binary, function) && function->name[0])
		call(names, function->name, &instance);
	for (uint32_t i = 0; i < function->inlines_count; i++) {
		instance.inline_index = i;
		if (function->inlines[i].name[0] && function->inlines[i].ranges_count)
			call(names, function->inlines[i].name, &instance);
	}
}

static void count_instance(struct names *names, const char *name,
			   const struct binary_instance *instance)
{
	(void)instance;
	count_name(names, name);
}

/* counts[number] is where the next instance of this name goes. */
static void deal_instance(struct names *names, const char *name,
			  const struct binary_instance *instance)
{
	struct binary_instance *instances = (struct binary_instance *)names->binary->instances;
	uint64_t number;

	if (strmap_get(&names->numbers, name, &number))
		instances[names->counts.data[number]++] = *instance;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static uint64_t address_of(const struct binary_instance *instance)
{
	if (instance->inline_index == UINT32_MAX)
		return instance->function->lo;
	return instance->function->inlines[instance->inline_index].ranges[0].lo;
}

static int by_address(const void *a, const void *b)
{
	const struct binary_instance *x = a, *y = b;
	uint64_t left = address_of(x), right = address_of(y);

	if (left != right)
		return left < right ? -1 : 1;
	/* An outer instance before what is inlined at its very start. */
	return (x->inline_index + 1u) < (y->inline_index + 1u) ? -1
							       : x->inline_index != y->inline_index;
}

static void build(struct binary *binary, struct names *names)
{
	struct arena *arena = binary->arena;
	struct binary_instance *instances;
	const char **sorted;
	uint32_t *first;
	uint32_t total = 0;
	size_t count;

	for (size_t i = 0; i < binary->functions.length; i++)
		each_instance(names, &binary->functions.data[i], count_instance);
	count = names->entries.length;
	if (count)
		qsort(names->entries.data, count, sizeof(*names->entries.data), by_name);
	sorted = ARENA_ARRAY(arena, const char *, count);
	first = ARENA_ARRAY(arena, uint32_t, count + 1);
	for (size_t i = 0; i < count; i++) {
		uint32_t *here = &names->counts.data[names->entries.data[i].number];

		sorted[i] = names->entries.data[i].name;
		strmap_set(&binary->instance_index, sorted[i], i);
		first[i] = total;
		total += *here;
		*here = first[i];
	}
	first[count] = total;
	instances = ARENA_ARRAY(arena, struct binary_instance, total);
	binary->instances = instances;
	for (size_t i = 0; i < binary->functions.length; i++)
		each_instance(names, &binary->functions.data[i], deal_instance);
	for (size_t i = 0; i < count; i++)
		qsort(instances + first[i], first[i + 1] - first[i], sizeof(*instances),
		      by_address);
	binary->instance_names = sorted;
	binary->instance_names_count = count;
	binary->instance_first = first;
	binary->instances_done = true;
}

static void prepare(struct binary *binary)
{
	struct names names = {.binary = binary};

	if (binary->instances_done)
		return;
	strmap_init(&names.numbers, &names.scratch);
	build(binary, &names);
	arena_deinit(&names.scratch);
}

const struct binary_instance *binary_instances(struct binary *binary, const char *name,
					       size_t *count)
{
	uint64_t index;

	prepare(binary);
	*count = 0;
	if (!strmap_get(&binary->instance_index, name, &index))
		return NULL;
	*count = binary->instance_first[index + 1] - binary->instance_first[index];
	return binary->instances + binary->instance_first[index];
}

const char *const *binary_function_names(struct binary *binary, size_t *count)
{
	prepare(binary);
	*count = binary->instance_names_count;
	return binary->instance_names;
}
