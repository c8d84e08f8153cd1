/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "resolve_int.h"

/*
 * PC ranges. The engine looks an ordinary frame up by its return address p and does
 * what the range says; all thinking is done here. For each concrete function that
 * holds sites, p runs over (lo, hi]: it is cut wherever anything may change, each part
 * is evaluated once, and equal neighbours are joined again.
 *
 * The frame is inside the call that ends at p, hence at p - 1: that is where an inlined
 * instance is active, a lexical block entered, a line current. So their bounds [a, b)
 * become [a + 1, b + 1) for p. Locations count at p itself: at p - 1 a register copy
 * that the call destroys often hides the stack slot that holds on.
 *
 * Which variable a name means at p: of those in scope and declared, the innermost.
 * Blocks open at their brace and not at a declaration, so a local variable counts only
 * from the line of its declaration on. On that very line the call may stand on either
 * side of it: then the name means this variable, and it has a value only where its
 * location list says that it is live. A variable in one place for its whole scope has
 * no such list, and garbage lies there before the declaration: no value on that line.
 *
 * The probes of a range are in the order of frames: innermost inlined instance first,
 * then outwards to the function itself; of equals, spec order.
 */

/* ---- cut points ---- */

struct cuts {
	VEC(uint64_t) points;
	uint64_t lo, hi; /* points outside are moved to these */
};

static void cut(struct resolve *resolve, struct cuts *cuts, uint64_t point)
{
	if (point > cuts->lo && point < cuts->hi)
		*VEC_PUSH(resolve->arena, &cuts->points) = point;
}

static void cut_ranges(struct resolve *resolve, struct cuts *cuts,
		       const struct binary_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cut(resolve, cuts, ranges[i].lo + 1);
		cut(resolve, cuts, ranges[i].hi + 1);
	}
}

/* A variable with a declaration in the function. A captured one has the line of its first use. */
static bool is_local(const struct binary_variable *variable)
{
	return !variable->parameter && !variable->result && !variable->closure_offset;
}

static void cut_site(struct resolve *resolve, struct cuts *cuts, const struct resolve_site *site,
		     bool *locals)
{
	const struct binary_function *function = site->instance.function;
	const struct resolve_function *owner = &resolve->functions[site->function];

	if (site->instance.inline_index != UINT32_MAX) {
		const struct binary_inline *node = &function->inlines[site->instance.inline_index];

		cut_ranges(resolve, cuts, node->ranges, node->ranges_count);
	}
	for (size_t c = 0; c < owner->spec->captures.length; c++) {
		for (size_t a = 0; a < site->bindings[c].count; a++) {
			const struct binary_variable *variable =
				site->bindings[c].accesses[a].variable;

			*locals |= is_local(variable);
			cut_ranges(resolve, cuts, variable->scope, variable->scope_count);
			for (size_t i = 0; i < variable->locations_count; i++) {
				cut(resolve, cuts, variable->locations[i].lo);
				cut(resolve, cuts, variable->locations[i].hi);
			}
		}
	}
}

static int compare_points(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static void sort_cuts(struct resolve *resolve, struct cuts *cuts)
{
	size_t distinct = 0;

	*VEC_PUSH(resolve->arena, &cuts->points) = cuts->lo;
	*VEC_PUSH(resolve->arena, &cuts->points) = cuts->hi;
	qsort(cuts->points.data, cuts->points.length, sizeof(uint64_t), compare_points);
	for (size_t i = 0; i < cuts->points.length; i++)
		if (!distinct || cuts->points.data[distinct - 1] != cuts->points.data[i])
			cuts->points.data[distinct++] = cuts->points.data[i];
	cuts->points.length = distinct;
}

/* ---- which variable ---- */

static bool in_ranges(const struct binary_range *ranges, size_t count, uint64_t pc)
{
	for (size_t i = 0; i < count; i++)
		if (ranges[i].lo <= pc && pc < ranges[i].hi)
			return true;
	return false;
}

bool site_active(const struct resolve_site *site, uint64_t pc)
{
	const struct binary_function *function = site->instance.function;
	const struct binary_inline *node;

	if (site->instance.inline_index == UINT32_MAX)
		return function->lo <= pc - 1 && pc - 1 < function->hi;
	node = &function->inlines[site->instance.inline_index];
	return in_ranges(node->ranges, node->ranges_count, pc - 1);
}

enum resolve_standing variable_standing(const struct binary_variable *variable, uint64_t pc,
					uint32_t line)
{
	if (variable->block && !in_ranges(variable->scope, variable->scope_count, pc - 1))
		return RESOLVE_OUT_OF_SCOPE;
	if (!is_local(variable) || !variable->line || !line || line > variable->line)
		return RESOLVE_STANDS;
	if (line < variable->line)
		return RESOLVE_NOT_DECLARED;
	return locate_is_plain(variable) || !locate_at(variable, pc) ? RESOLVE_NOT_SURE
								     : RESOLVE_STANDS;
}

/* Where it is, as far as it stands. */
static const struct binary_location *standing_location(const struct binary_variable *variable,
						       uint64_t pc, enum resolve_standing standing)
{
	return standing == RESOLVE_STANDS ? locate_at(variable, pc) : NULL;
}

/* true when `a` hides `b`. */
static bool hides(const struct binary_variable *a, const struct binary_variable *b)
{
	return a->block != b->block ? a->block > b->block : a->line > b->line;
}

static bool same_program(const struct resolve_program *a, const struct resolve_program *b)
{
	return a->ops_count == b->ops_count && a->gaps_count == b->gaps_count &&
	       !memcmp(a->ops, b->ops, a->ops_count * sizeof(a->ops[0])) &&
	       (!a->gaps_count || !memcmp(a->gaps, b->gaps, a->gaps_count * sizeof(a->gaps[0])));
}

/*
 * The program of one capture at return address `pc`, and the access that it comes
 * from (NULL when there is none). One declaration may have several DIEs: the one that
 * is there counts, and two that are there in different ways contradict each other.
 */
static const struct resolve_access *evaluate(struct resolve *resolve,
					     const struct resolve_binding *binding, uint64_t pc,
					     uint32_t line, struct resolve_program *ret)
{
	const struct resolve_access *best = NULL;
	struct resolve_program other;

	for (size_t i = 0; i < binding->count; i++) {
		const struct resolve_access *access = &binding->accesses[i];
		enum resolve_standing standing = variable_standing(access->variable, pc, line);

		const struct binary_location *location =
			standing_location(access->variable, pc, standing);

		if (standing == RESOLVE_OUT_OF_SCOPE || standing == RESOLVE_NOT_DECLARED ||
		    (best && hides(best->variable, access->variable)))
			continue;
		if (!best || hides(access->variable, best->variable)) {
			best = access;
			locate(&resolve->probe_scratch, best, location, ret);
			continue;
		}
		locate(&resolve->probe_scratch, access, location, &other);
		if (!ret->ops_count && other.ops_count) {
			best = access;
			*ret = other;
		} else if (ret->ops_count && other.ops_count && !same_program(ret, &other)) {
			*ret = (struct resolve_program){.reason = ASK_REASON_PIECES};
		}
	}
	if (!best)
		*ret = (struct resolve_program){.reason = binding->count    ? ASK_REASON_NOT_IN_SCOPE
							  : binding->reason ? binding->reason
									    : ASK_REASON_NO_VARIABLE};
	return best;
}

/* ---- rows ---- */

/* What an op that takes hop `hop` of the path does; NULL: it leads to the variable, on the heap. */
static const char *hop_comment(struct arena *arena, const struct resolve_access *access,
			       const struct resolve_hop *hop)
{
	if (!hop)
		return arena_printf(arena, "follow &%s", access->variable->name);
	switch (hop->kind) {
	case RESOLVE_FOLLOW:
		return arena_printf(arena, "follow %s", hop->name);
	case RESOLVE_INDEX:
		return arena_printf(arena, "%s[%" PRIu64 "], if it is that long", hop->name,
				    hop->index);
	case RESOLVE_ASSERT:
		return arena_printf(arena, "%s.(%s), if it is one", hop->name, hop->type->name);
	}
	return "";
}

static bool is_look(const struct ask_op *op)
{
	return (op->kind == ASK_OP_INDEX || op->kind == ASK_OP_ASSERT) && op->c == ASK_LOOK;
}

/* The dictionary of a generic function: no part of the path. */
static bool is_dictionary(const struct ask_op *op)
{
	return op->kind == ASK_OP_DEREF && op->c == ASK_LOOK;
}

static bool is_register_pointer(const struct ask_op *op)
{
	return op->kind == ASK_OP_REGISTER && !op->c;
}

/* A look is none: the hop is where its other word is followed. */

static const char *register_name(int64_t number)
{
	static const char *const names[ASK_REGS] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
						    "rbp", "rsp", "r8",	 "r9",	"r10", "r11",
						    "r12", "r13", "r14", "r15"};

	return number >= 0 && number < ASK_REGS ? names[number] : "register";
}

/*
 * What an op does, for the reader of the C. `hops` of this program came before or are
 * it; `behind`: the first of them leads to the variable itself, which is on the heap.
 */
static const char *op_comment(struct resolve *resolve, const struct resolve_access *access,
			      const struct resolve_capture *capture, const struct ask_op *op,
			      size_t hops, bool behind)
{
	const struct binary_variable *variable = access->variable;
	const char *path = capture->path->text;
	struct arena *arena = &resolve->probe_scratch;
	size_t hop = hops - (behind && hops); /* hops of the path so far, this one counted */

	switch ((enum ask_op_kind)op->kind) {
	case ASK_OP_CFA:
		return arena_printf(arena, "%s%s: %s%s at CFA%+lld", behind ? "&" : "",
				    variable->name, behind ? "*" : "", variable->type->name, op->a);
	case ASK_OP_REGISTER:
		return arena_printf(arena, "%s of %s, in the leaf's %s",
				    op->c ? "a part" : "the pointer", variable->name,
				    register_name(op->a));
	case ASK_OP_STATIC:
		return arena_printf(arena, "%s: %s at a fixed address", variable->name,
				    variable->type->name);
	case ASK_OP_DEREF:
	case ASK_OP_INDEX:
	case ASK_OP_ASSERT:
		if (is_dictionary(op))
			return arena_printf(arena, "which has the type of %s", variable->name);
		if (is_look(op))
			return hop_comment(arena, access, &access->hops[0]);
		return hop_comment(arena, access,
				   hop && hop <= access->hops_count ? &access->hops[hop - 1]
								    : NULL);
	case ASK_OP_ADD:
		return arena_printf(arena, "to %s",
				    hop < access->hops_count ? access->hops[hop].name : path);
	case ASK_OP_COPY:
		if (access->redact)
			return arena_printf(arena, "%s: redacted, the length of a %s alone", path,
					    access->type->name);
		if (op->c == access->type->size)
			return arena_printf(arena, "%s: %s, %u bytes", path, access->type->name,
					    op->c);
		return arena_printf(arena, "%s: bytes %u to %u of %s", path, op->b, op->b + op->c,
				    access->type->name);
	}
	return "";
}

/*
 * How many characters of the expression name the pointer that a dereference follows,
 * so that `nil: cs.mu` can be said of it; 0 for a pointer that the spec does not name.
 */
static uint32_t named_part(const struct resolve_access *access,
			   const struct resolve_capture *capture, size_t hops, bool behind)
{
	const char *path = capture->path->text, *name;
	size_t hop = hops - 1 - behind;

	if (hops < 1 + (size_t)behind || hop >= access->hops_count)
		return 0;
	name = access->hops[hop].name;
	return strncmp(path, name, strlen(name)) ? 0 : (uint32_t)strlen(name);
}

static bool is_hop(const struct ask_op *op)
{
	if (is_look(op) || is_dictionary(op))
		return false;
	return op->kind == ASK_OP_DEREF || op->kind == ASK_OP_INDEX || op->kind == ASK_OP_ASSERT ||
	       is_register_pointer(op);
}

/* true when the variable itself is reached through a pointer in the frame. */
static bool is_behind_pointer(const struct resolve_access *access,
			      const struct resolve_program *program)
{
	size_t hops = 0;

	for (uint32_t i = 0; i < program->ops_count; i++)
		hops += is_hop(&program->ops[i]);
	return hops > access->hops_count;
}

static uint32_t add_ops(struct resolve *resolve, const struct resolve_access *access,
			const struct resolve_capture *capture,
			const struct resolve_program *program)
{
	struct resolve_op ops[ASK_MAX_OPS];
	bool behind = access && is_behind_pointer(access, program);
	size_t hops = 0, looked = 0; /* looked: 1, the first hop was a look alone */

	for (uint32_t i = 0; i < program->ops_count; i++) {
		if (program->ops[i].kind == ASK_OP_CFA)
			hops = looked;
		looked |= is_look(&program->ops[i]) && access->hops[0].direct;
		hops += is_hop(&program->ops[i]);
		ops[i] = (struct resolve_op){
			.op = program->ops[i],
			.comment = resolve_comment(
				resolve,
				i + 1 < program->ops_count && is_dictionary(&program->ops[i + 1])
					? "the dictionary that the call was made with"
					: op_comment(resolve, access, capture, &program->ops[i],
						     hops, behind)),
		};
		if (access && !is_dictionary(&ops[i].op) &&
		    (ops[i].op.kind == ASK_OP_DEREF || is_register_pointer(&ops[i].op)))
			ops[i].op.b = named_part(access, capture, hops, behind);
	}
	return pool_add(&resolve->ops, ops, program->ops_count);
}

/* The expression of one capture of one site at `pc`. */
static void make_expr(struct resolve *resolve, const struct resolve_site *site, uint32_t index,
		      uint64_t pc, uint32_t line, struct resolve_expr *ret)
{
	uint32_t number = resolve->functions[site->function].first_capture + index;
	const struct resolve_capture *capture = &resolve->captures.data[number];
	struct resolve_program program;
	const struct resolve_access *access =
		evaluate(resolve, &site->bindings[index], pc, line, &program);
	const struct binary_type *type = access		    ? access->type
					 : capture->context ? capture->types.data[0]
							    : capture->type;

	memset(ret, 0, sizeof(*ret));
	ret->row = (struct ask_expr){
		.capture = number,
		.type = types_index(resolve, type),
		.size = (ask_u32)type->size,
		.first_op = add_ops(resolve, access, capture, &program),
		.ops = program.ops_count,
		.limits = (ask_u16)capture->limits,
		.reason = (ask_u16)program.reason,
	};
	ret->comment = capture->comment;
	ret->first_gap = pool_add(&resolve->gaps, program.gaps, program.gaps_count);
	ret->gaps = program.gaps_count;
}

static const char *probe_comment(struct resolve *resolve, const struct resolve_site *site)
{
	if (site->inline_node == ASK_NO_INLINE)
		return resolve_comment(resolve, site->name);
	return resolve_comment(resolve, arena_printf(&resolve->probe_scratch, "%s (inlined in %s)",
						     site->name, site->instance.function->name));
}

static void make_probe(struct resolve *resolve, const struct resolve_site *site, uint64_t pc,
		       uint32_t line, struct resolve_probe *ret)
{
	uint32_t count = (uint32_t)resolve->functions[site->function].spec->captures.length;
	struct resolve_expr *exprs =
		ARENA_ARRAY(&resolve->probe_scratch, struct resolve_expr, count);

	for (uint32_t c = 0; c < count; c++)
		make_expr(resolve, site, c, pc, line, &exprs[c]);
	memset(ret, 0, sizeof(*ret));
	ret->row = (struct ask_probe){
		.function = site->function,
		.inline_node = site->inline_node,
		.first_expr = pool_add(&resolve->exprs, exprs, count),
		.exprs = count,
	};
	ret->comment = probe_comment(resolve, site);
}

/* ---- one concrete function ---- */

struct group {
	const struct resolve_site *sites;
	size_t count;
	const struct binary_function *function;
	struct resolve_rows rows;
	size_t first_range; /* ranges of this function begin here */
};

static void add_range(struct resolve *resolve, struct group *group, uint64_t lo, uint64_t hi,
		      uint32_t first_probe, uint32_t probes)
{
	size_t count = resolve->ranges.length;
	struct ask_range *last =
		count > group->first_range ? &resolve->ranges.data[count - 1] : NULL;

	if (last && last->hi == resolve_pc(resolve, lo) && last->first_probe == first_probe &&
	    last->probes == probes) {
		last->hi = resolve_pc(resolve, hi);
		return;
	}
	*VEC_PUSH(resolve->arena, &resolve->ranges) = (struct ask_range){
		resolve_pc(resolve, lo), resolve_pc(resolve, hi), first_probe, probes};
}

/* Evaluates one part, in which nothing changes, at its first PC. */
static void build_part(struct resolve *resolve, struct group *group, uint64_t lo, uint64_t hi)
{
	struct resolve_probe *probes;
	uint32_t count = 0;

	arena_reset(&resolve->probe_scratch);
	probes = ARENA_ARRAY(&resolve->probe_scratch, struct resolve_probe, group->count);
	for (size_t i = 0; i < group->count; i++) {
		const struct resolve_site *site = &group->sites[i];
		uint32_t line;

		if (!site_active(site, lo))
			continue;
		line = symbols_frame_line(resolve, group->function, &group->rows,
					  site->instance.inline_index, lo - 1, NULL);
		make_probe(resolve, site, lo, line, &probes[count++]);
	}
	if (count)
		add_range(resolve, group, lo, hi, pool_add(&resolve->probes, probes, count), count);
}

static void build_group(struct resolve *resolve, struct group *group)
{
	const struct binary_function *function = group->function;
	struct cuts cuts = {.lo = function->lo + 1, .hi = function->hi + 1};
	bool locals = false;

	symbols_rows(resolve, function, &group->rows);
	for (size_t i = 0; i < group->count; i++)
		cut_site(resolve, &cuts, &group->sites[i], &locals);
	if (locals) /* whether they are declared depends on the line */
		for (size_t i = 0; i < group->rows.rows.length; i++)
			cut(resolve, &cuts, resolve->info->text + group->rows.rows.data[i].pc + 1);
	sort_cuts(resolve, &cuts);
	group->first_range = resolve->ranges.length;
	for (size_t i = 0; i + 1 < cuts.points.length; i++)
		build_part(resolve, group, cuts.points.data[i], cuts.points.data[i + 1]);
	if (resolve->ranges.length == group->first_range)
		return;
	for (size_t i = group->first_range; i < resolve->ranges.length; i++) {
		uint32_t lo = resolve_pc(resolve, function->lo);

		*VEC_PUSH(resolve->arena, &resolve->range_comments) = arena_printf(
			resolve->arena, "%s+0x%x .. +0x%x", function->name,
			resolve->ranges.data[i].lo - lo, resolve->ranges.data[i].hi - lo);
	}
	*VEC_PUSH(resolve->arena, &resolve->addresses) =
		(struct ir_address){function->name, resolve_pc(resolve, function->lo),
				    resolve_pc(resolve, function->hi)};
}

size_t sites_group(const struct resolve *resolve, size_t first)
{
	const struct resolve_site *sites = resolve->sites.data;
	size_t end = first;

	while (end < resolve->sites.length &&
	       sites[end].instance.function == sites[first].instance.function)
		end++;
	return end;
}

/* ---- tables ---- */

static void finish_exprs(struct resolve *resolve)
{
	struct schema *schema = &resolve->ir->schema;
	uint32_t count = resolve->exprs.count;
	struct ask_expr *rows = ARENA_ARRAY(resolve->arena, struct ask_expr, count);
	const char **comments = ARENA_ARRAY(resolve->arena, const char *, count);
	VEC(struct schema_gap) gaps = {0};

	for (uint32_t i = 0; i < count; i++) {
		const struct resolve_expr *expr = pool_row(&resolve->exprs, i);

		rows[i] = expr->row;
		comments[i] = expr->comment;
		for (uint32_t g = 0; g < expr->gaps; g++) {
			const struct resolve_gap *gap =
				pool_row(&resolve->gaps, expr->first_gap + g);

			*VEC_PUSH(resolve->arena, &gaps) =
				(struct schema_gap){i, gap->offset, gap->size, gap->reason};
		}
	}
	schema->exprs = rows;
	schema->exprs_count = count;
	schema->gaps = gaps.data;
	schema->gaps_count = (uint32_t)gaps.length;
	resolve->ir->expr_comments = comments;
}

static void finish_ops_and_probes(struct resolve *resolve)
{
	struct schema *schema = &resolve->ir->schema;
	struct ask_op *ops = ARENA_ARRAY(resolve->arena, struct ask_op, resolve->ops.count);
	struct ask_probe *probes =
		ARENA_ARRAY(resolve->arena, struct ask_probe, resolve->probes.count);
	const char **op_comments = ARENA_ARRAY(resolve->arena, const char *, resolve->ops.count);
	const char **probe_comments =
		ARENA_ARRAY(resolve->arena, const char *, resolve->probes.count);

	for (uint32_t i = 0; i < resolve->ops.count; i++) {
		const struct resolve_op *row = pool_row(&resolve->ops, i);

		ops[i] = row->op;
		op_comments[i] = row->comment;
	}
	for (uint32_t i = 0; i < resolve->probes.count; i++) {
		const struct resolve_probe *row = pool_row(&resolve->probes, i);

		probes[i] = row->row;
		probe_comments[i] = row->comment;
	}
	schema->ops = ops;
	schema->ops_count = resolve->ops.count;
	schema->probes = probes;
	schema->probes_count = resolve->probes.count;
	resolve->ir->op_comments = op_comments;
	resolve->ir->probe_comments = probe_comments;
}

void ranges_build(struct resolve *resolve)
{
	struct schema *schema = &resolve->ir->schema;

	pool_init(&resolve->ops, resolve->arena, sizeof(struct resolve_op));
	pool_init(&resolve->exprs, resolve->arena, sizeof(struct resolve_expr));
	pool_init(&resolve->gaps, resolve->arena, sizeof(struct resolve_gap));
	pool_init(&resolve->probes, resolve->arena, sizeof(struct resolve_probe));
	for (size_t first = 0; first < resolve->sites.length;) {
		size_t end = sites_group(resolve, first);
		struct group group = {
			.sites = &resolve->sites.data[first],
			.count = end - first,
			.function = resolve->sites.data[first].instance.function,
		};

		build_group(resolve, &group);
		first = end;
	}
	finish_exprs(resolve);
	finish_ops_and_probes(resolve);
	schema->ranges = resolve->ranges.data;
	schema->ranges_count = (uint32_t)resolve->ranges.length;
	schema->limits = resolve->limits.data;
	schema->limits_count = (uint32_t)resolve->limits.length;
	resolve->ir->range_comments = resolve->range_comments.data;
	resolve->ir->addresses = resolve->addresses.data;
	resolve->ir->addresses_count = resolve->addresses.length;
}
