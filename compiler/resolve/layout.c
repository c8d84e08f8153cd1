/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "resolve_int.h"

/*
 * Where this binary's Go runtime keeps its things. All of it comes from the binary's
 * own DWARF by member name; no table of versions. Names: Go source runtime/runtime2.go
 * (types g, m, gobuf, stack), runtime/proc.go (allglen, allgptr), runtime/mstats.go.
 */

/* Go's field path -> place in struct ask_layout. To add one: add a row and the abi field. */
static const struct layout_field {
	const char *type, *path;
	size_t place;  /* offsetof in struct ask_layout */
	uint32_t size; /* bytes that the engine reads */
	bool optional; /* not in every Go version */
} fields[] = {
#define FIELD(type, path, name, size, optional)                                                    \
	{                                                                                          \
		type, path, offsetof(struct ask_layout, name), size, optional                      \
	}
	FIELD("runtime.g", "stack.lo", g_stack_lo, 8, false),
	FIELD("runtime.g", "stack.hi", g_stack_hi, 8, false),
	FIELD("runtime.g", "m", g_m, 8, false),
	FIELD("runtime.g", "sched.sp", g_sched_sp, 8, false),
	FIELD("runtime.g", "sched.pc", g_sched_pc, 8, false),
	FIELD("runtime.g", "sched.bp", g_sched_bp, 8, false),
	FIELD("runtime.g", "syscallsp", g_syscallsp, 8, false),
	FIELD("runtime.g", "syscallpc", g_syscallpc, 8, false),
	FIELD("runtime.g", "syscallbp", g_syscallbp, 8, true), /* Go 1.23 */
	FIELD("runtime.g", "atomicstatus", g_atomicstatus, 4, false),
	FIELD("runtime.g", "goid", g_goid, 8, false),
	FIELD("runtime.g", "waitsince", g_waitsince, 8, false),
	FIELD("runtime.g", "waitreason", g_waitreason, 1, false),
	FIELD("runtime.g", "parentGoid", g_parentgoid, 8, true), /* Go 1.21 */
	FIELD("runtime.g", "gopc", g_gopc, 8, false),
	FIELD("runtime.g", "startpc", g_startpc, 8, false),
	FIELD("runtime.g", "labels", g_labels, 8, false),
	FIELD("runtime.m", "procid", m_procid, 8, false),
	FIELD("runtime.m", "curg", m_curg, 8, false),
	FIELD("runtime.m", "g0", m_g0, 8, false),
	FIELD("runtime.m", "gsignal", m_gsignal, 8, false),
	FIELD("runtime.m", "vdsoSP", m_vdsosp, 8, false),
	FIELD("runtime.m", "vdsoPC", m_vdsopc, 8, false),
#undef FIELD
};

const struct binary_type *layout_member(const struct binary_type *type, const char *path,
					uint64_t *offset)
{
	*offset = 0;
	while (type && *path) {
		size_t length = strcspn(path, ".");
		const struct binary_type *found = NULL;

		for (size_t i = 0; i < type->fields_count && !found; i++) {
			const struct binary_field *field = &type->fields[i];

			if (strlen(field->name) == length && !memcmp(field->name, path, length)) {
				*offset += field->offset;
				found = field->type;
			}
		}
		type = found;
		path += length + (path[length] == '.');
	}
	return type;
}

static struct error *no_runtime(const struct resolve *resolve, const char *what)
{
	return error_new(ERROR_TARGET,
			 "%s: its debug info has no %s: not a Go program that askc understands",
			 resolve->info->path, what);
}

static struct error *layout_fields(struct resolve *resolve, struct ask_layout *layout)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct layout_field *field = &fields[i];
		const struct binary_type *outer = binary_type_find(resolve->binary, field->type);
		ask_u32 *place = (ask_u32 *)((char *)layout + field->place);
		const struct binary_type *type;
		uint64_t offset;

		type = outer ? layout_member(outer, field->path, &offset) : NULL;
		if (!type && field->optional) {
			*place = ASK_ABSENT;
			continue;
		}
		if (!type || type->size != field->size || outer->size < field->size ||
		    offset > outer->size - field->size || offset >= UINT16_MAX)
			return no_runtime(resolve, arena_printf(resolve->arena, "%s.%s",
								field->type, field->path));
		*place = (ask_u32)offset;
		if (!strcmp(field->type, "runtime.g") && offset + field->size > layout->g_size)
			layout->g_size = (ask_u32)(offset + field->size + 7) & ~7u;
	}
	return NULL;
}

/* The address of a variable of the runtime. */
static struct error *variable_address(struct resolve *resolve, const char *name, ask_u64 *ret)
{
	const struct binary_global *global = binary_global_find(resolve->binary, name);
	uint64_t address, size;

	if (global) {
		*ret = global->address;
		return NULL;
	}
	if (!binary_symbol(resolve->binary, name, &address, &size))
		return no_runtime(resolve, name);
	*ret = address;
	return NULL;
}

/*
 * The code of a runtime function, as offsets from text. Functions in assembly are
 * subprograms under their plain name; their ELF symbols may end with ".abi0".
 */
static struct error *function_range(struct resolve *resolve, const char *name, ask_u32 *lo,
				    ask_u32 *hi)
{
	size_t count;
	const struct binary_instance *instances = binary_instances(resolve->binary, name, &count);
	const struct binary_info *info = resolve->info;
	uint64_t address = 0, size = 0;

	for (size_t i = 0; i < count && !size; i++) {
		if (instances[i].inline_index != UINT32_MAX)
			continue;
		address = instances[i].function->lo;
		size = instances[i].function->hi - address;
	}
	if (!size && !binary_symbol(resolve->binary, name, &address, &size) &&
	    !binary_symbol(resolve->binary, arena_printf(resolve->arena, "%s.abi0", name), &address,
			   &size))
		return no_runtime(resolve, name);
	if (!size || address < info->text || size > info->text_size ||
	    address - info->text > info->text_size - size)
		return no_runtime(resolve, name);
	*lo = resolve_pc(resolve, address);
	*hi = resolve_pc(resolve, address + size);
	return NULL;
}

/* Rows of .debug_frame within the text; neighbours that say the same are one. */
static struct error *layout_cfi(struct resolve *resolve, struct schema *schema)
{
	const struct binary_info *info = resolve->info;
	const struct binary_cfi *rows;
	VEC(struct ask_cfi) cfi = {0};
	size_t count;

	TRY(binary_cfi(resolve->binary, &rows, &count));
	for (size_t i = 0; i < count; i++) {
		uint64_t pc = rows[i].pc;
		struct ask_cfi *last = cfi.length ? &cfi.data[cfi.length - 1] : NULL;

		if (pc < info->text) { /* holds on into the text unless another row comes first */
			if (i + 1 < count && rows[i + 1].pc <= info->text)
				continue;
			pc = info->text;
		}
		if (pc >= info->text + info->text_size)
			break;
		if (last && last->cfa == rows[i].cfa)
			continue;
		if (last && last->pc == resolve_pc(resolve, pc))
			return error_new(ERROR_DAMAGED, "%s: .debug_frame: two rows for one PC",
					 info->path);
		*VEC_PUSH(resolve->arena, &cfi) =
			(struct ask_cfi){resolve_pc(resolve, pc), rows[i].cfa};
	}
	if (!cfi.length)
		return no_runtime(resolve, "call frame information (.debug_frame)");
	if (cfi.length >= UINT32_MAX)
		return error_new(ERROR_TARGET, "%s: too much .debug_frame", info->path);
	schema->cfi = cfi.data;
	schema->cfi_count = (uint32_t)cfi.length;
	return NULL;
}

static struct error *layout_wait_reasons(struct resolve *resolve, struct schema *schema)
{
	const char *const *names;
	schema_str *reasons;
	size_t count;

	TRY(binary_string_array(resolve->binary, "runtime.waitReasonStrings", &names, &count));
	if (count > UINT8_MAX + 1u) /* g.waitreason is one byte */
		return no_runtime(resolve, "sound runtime.waitReasonStrings");
	reasons = ARENA_ARRAY(resolve->arena, schema_str, count);
	for (size_t i = 0; i < count; i++)
		reasons[i] = resolve_string(resolve, names[i]);
	schema->wait_reasons = reasons;
	schema->wait_reasons_count = (uint32_t)count;
	return NULL;
}

/* runtime.memstats.last_gc_unix, when this version has it. */
static uint64_t last_gc(struct resolve *resolve)
{
	const struct binary_global *stats = binary_global_find(resolve->binary, "runtime.memstats");
	const struct binary_type *type;
	uint64_t offset;

	if (!stats || !stats->type)
		return 0;
	type = layout_member(stats->type, "last_gc_unix", &offset);
	return type && type->size == 8 ? stats->address + offset : 0;
}

/*
 * Type descriptors, and how an interface's itab leads to one. Go source: runtime/runtime2.go,
 * itab._type; from Go 1.22 on internal/abi/iface.go, ITab.Type.
 */
static struct error *layout_dynamic(struct resolve *resolve, struct ask_layout *layout)
{
	static const struct {
		const char *type, *path;
	} itabs[] = {{"internal/abi.ITab", "Type"}, {"runtime.itab", "_type"}};

	layout->types_lo = resolve->info->types;
	layout->types_size = resolve->info->types_size;
	layout->itab_type = ASK_ABSENT;
	for (size_t i = 0; i < ARRAY_SIZE(itabs) && layout->itab_type == ASK_ABSENT; i++) {
		const struct binary_type *itab = binary_type_find(resolve->binary, itabs[i].type);
		uint64_t offset;
		const struct binary_type *type =
			itab ? layout_member(itab, itabs[i].path, &offset) : NULL;

		if (type && type->size == 8 && offset < UINT16_MAX)
			layout->itab_type = (ask_u32)offset;
	}
	if (layout->itab_type == ASK_ABSENT)
		return no_runtime(resolve, "internal/abi.ITab.Type");
	layout->funcval_type =
		resolve->has_funcs ? types_index(resolve, resolve->funcval) : ASK_ABSENT;
	layout->labels_type = resolve->labels ? types_index(resolve, resolve->labels) : ASK_ABSENT;
	layout->labels_limits = resolve->labels_limits;
	layout->rtypes = resolve->ir->schema.rtypes_count;
	layout->closures = resolve->ir->schema.closures_count;
	layout->context_types = resolve->ir->schema.context_types_count;
	layout->any_key = resolve->contexts.any_key;
	layout->any_value = resolve->contexts.any_value;
	return NULL;
}

/* Where a member lies; false when this version of Go has none of that name and size. */
static bool member_offset(struct resolve *resolve, const char *name, const char *path,
			  uint32_t size, ask_u32 *ret)
{
	const struct binary_type *outer = binary_type_find(resolve->binary, name), *type;
	uint64_t offset;

	type = outer ? layout_member(outer, path, &offset) : NULL;
	if (!type || type->size != size || outer->size < size || offset > outer->size - size ||
	    offset >= UINT16_MAX)
		return false;
	*ret = (ask_u32)offset;
	return true;
}

/* A member that is a pointer, or from Go 1.26 on a struct (maybeTraceablePtr) that holds one. */
static bool pointer_offset(struct resolve *resolve, const char *name, const char *path,
			   ask_u32 *ret)
{
	static const char *const ways[] = {"%s", "%s.vu", "%s.maybeTraceablePtr.vu"};
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(ways) && !found; i++)
		found = member_offset(resolve, name, arena_printf(resolve->arena, ways[i], path), 8,
				      ret);
	return found;
}

/* The versions whose runtime was read for it: see engine/replay.h. */
static bool is_known_version(const char *version)
{
	const char *minor = strstr(version, "go1.");
	long number = minor ? strtol(minor + 4, NULL, 10) : 0;

	return number >= 20 && number <= 26;
}

/*
 * What tells that a goroutine has not run meanwhile. A program in which something of it is not
 * found, or is not what we know, does without.
 */
static void layout_parked(struct resolve *resolve, struct ask_layout *layout)
{
	const struct binary_global *sched = binary_global_find(resolve->binary, "runtime.sched");
	const struct binary_type *type;
	ask_u32 lo, hi, seq, lockedm, waiting;
	uint64_t offset;
	struct error *error;

	layout->g_trackingseq = layout->g_lockedm = layout->g_waiting = ASK_ABSENT;
	if (!is_known_version(resolve->info->go_version))
		return;
	type = sched && sched->type ? layout_member(sched->type, "timeToRun", &offset) : NULL;
	if (!type || !type->size || type->size % 8 || type->size > ASK_TIME_TO_RUN_MAX ||
	    !member_offset(resolve, "runtime.g", "trackingSeq", 1, &seq) || seq >= layout->g_size ||
	    !member_offset(resolve, "runtime.g", "lockedm", 8, &lockedm) ||
	    lockedm + 8 > layout->g_size ||
	    !member_offset(resolve, "runtime.g", "waiting", 8, &waiting) ||
	    waiting + 8 > layout->g_size ||
	    !pointer_offset(resolve, "runtime.sudog", "elem", &layout->sudog_elem) ||
	    !pointer_offset(resolve, "runtime.sudog", "c", &layout->sudog_c) ||
	    !member_offset(resolve, "runtime.sudog", "waitlink", 8, &layout->sudog_waitlink) ||
	    !member_offset(resolve, "runtime.hchan", "elemsize", 2, &layout->hchan_elemsize))
		return;
	if (layout->sudog_elem > ASK_SUDOG_MAX - 8 || layout->sudog_c > ASK_SUDOG_MAX - 8 ||
	    layout->sudog_waitlink > ASK_SUDOG_MAX - 8) {
		layout->sudog_elem = layout->sudog_c = layout->sudog_waitlink = 0;
		return;
	}
	error = function_range(resolve, "runtime.gopark", &lo, &hi);
	if (error) {
		error_free(error);
		return;
	}
	layout->g_trackingseq = seq;
	layout->g_lockedm = lockedm;
	layout->g_waiting = waiting;
	layout->gopark_lo = lo;
	layout->gopark_hi = hi;
	layout->time_to_run = sched->address + offset;
	layout->time_to_run_size = (ask_u32)type->size;
}

struct error *layout_build(struct resolve *resolve)
{
	struct schema *schema = &resolve->ir->schema;
	struct ask_layout *layout = &schema->layout;
	const struct spec_limits *limits = &resolve->spec->limits;

	layout->text = resolve->info->text;
	layout->text_size = resolve->info->text_size;
	TRY(layout_fields(resolve, layout));
	TRY(variable_address(resolve, "runtime.allglen", &layout->allglen));
	TRY(variable_address(resolve, "runtime.allgptr", &layout->allgptr));
	TRY(function_range(resolve, "runtime.goexit", &layout->goexit_lo, &layout->goexit_hi));
	TRY(function_range(resolve, "runtime.sigpanic", &layout->sigpanic_lo,
			   &layout->sigpanic_hi));
	TRY(function_range(resolve, "runtime.sigpanic0", &layout->sigpanic0_lo,
			   &layout->sigpanic0_hi));
	TRY(function_range(resolve, "runtime.asyncPreempt", &layout->asyncpreempt_lo,
			   &layout->asyncpreempt_hi));
	TRY(function_range(resolve, "gogo", &layout->gogo_lo, &layout->gogo_hi));
	layout_parked(resolve, layout);
	layout->tls_g = (ask_u32)(int32_t)resolve->info->tls_g;
	TRY(layout_cfi(resolve, schema));
	TRY(layout_wait_reasons(resolve, schema));
	schema->meta.memstats_last_gc = last_gc(resolve);
	layout->frames_leaf = (ask_u32)(limits->frames_leaf == SPEC_UNSET ? SPEC_DEFAULT_FRAMES_LEAF
									  : limits->frames_leaf);
	layout->frames_root = (ask_u32)(limits->frames_root == SPEC_UNSET ? SPEC_DEFAULT_FRAMES_ROOT
									  : limits->frames_root);
	schema->meta.bytes_limit = limits->bytes == SPEC_UNSET ? SPEC_DEFAULT_BYTES : limits->bytes;
	TRY(layout_dynamic(resolve, layout));
	layout->ranges = schema->ranges_count;
	layout->probes = schema->probes_count;
	layout->exprs = schema->exprs_count;
	layout->ops = schema->ops_count;
	layout->types = schema->engine_types_count;
	layout->pointers = schema->pointers_count;
	layout->spans = schema->spans_count;
	layout->limits = schema->limits_count;
	layout->cfi_rows = schema->cfi_count;
	return NULL;
}
