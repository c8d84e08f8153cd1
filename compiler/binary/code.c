/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <capstone/capstone.h>
#include <stdlib.h>

/*
 * Call sites by disassembly. The return address of a call is the only kind of PC
 * that a caller frame can have, so it is where captures must be available.
 *
 * Capstone 4 does not know every instruction that a Go assembler can write. An
 * unknown one is no reason to guess where the next begins: x86 decodes as
 * something at every byte. The line table knows a boundary, its next row.
 */

#define CALL_REL32 0xe8u

/* The function prologue's call for a larger stack: it has no variables and never parks there. */
static void find_morestack(struct binary *binary)
{
	static const char prefix[] = "runtime.morestack";

	for (size_t i = 0; i < binary->functions.length && !binary->morestack_done; i++) {
		const struct binary_function *function = &binary->functions.data[i];

		if (strncmp(function->name, prefix, sizeof(prefix) - 1) == 0)
			*VEC_PUSH(binary->arena, &binary->morestack) = function->lo;
	}
	binary->morestack_done = true;
}

static bool calls_morestack(const struct binary *binary, const cs_insn *insn)
{
	uint64_t target;
	uint32_t distance;

	if (insn->size != 5 || insn->bytes[0] != CALL_REL32)
		return false;
	memcpy(&distance, insn->bytes + 1, sizeof(distance));
	target = insn->address + insn->size + (uint64_t)(int64_t)(int32_t)distance;
	for (size_t i = 0; i < binary->morestack.length; i++)
		if (binary->morestack.data[i] == target)
			return true;
	return false;
}

/* The first line-table row after `pc`, or `hi`. */
static struct error *next_row(struct binary *binary, uint64_t pc, uint64_t hi, uint64_t *ret)
{
	const struct binary_line *lines;
	size_t count, from = 0, to;

	TRY(binary_lines(binary, &lines, &count));
	to = count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (lines[middle].pc <= pc)
			from = middle + 1;
		else
			to = middle;
	}
	*ret = from < count && lines[from].pc < hi ? lines[from].pc : hi;
	return NULL;
}

struct sites {
	struct binary *binary;
	VEC(uint64_t) found;
};

static struct error *disassemble(struct sites *sites, csh handle, cs_insn *insn, uint64_t lo,
				 uint64_t hi)
{
	struct binary *binary = sites->binary;
	const uint8_t *code = image_loaded(&binary->image, lo, hi - lo);
	const uint8_t *at = code;
	size_t left = hi - lo;
	uint64_t pc = lo;

	if (!code)
		return error_new(ERROR_DAMAGED,
				 "%s: code from 0x%" PRIx64 " to 0x%" PRIx64 " is not in the file",
				 binary->image.path, lo, hi);
	while (left) {
		if (!cs_disasm_iter(handle, &at, &left, &pc, insn)) {
			TRY(next_row(binary, pc, hi, &pc));
			at = code + (pc - lo);
			left = hi - pc;
			continue;
		}
		if ((insn->id == X86_INS_CALL || insn->id == X86_INS_LCALL) &&
		    !calls_morestack(binary, insn))
			*VEC_PUSH(binary->arena, &sites->found) = insn->address + insn->size;
	}
	return NULL;
}

struct error *binary_call_sites(struct binary *binary, uint64_t lo, uint64_t hi,
				const uint64_t **ret, size_t *count)
{
	struct sites sites = {.binary = binary};
	struct error *error;
	cs_insn *insn;
	csh handle;

	if (lo > hi)
		return error_new(ERROR_DAMAGED, "%s: a code range ends before it begins",
				 binary->image.path);
	find_morestack(binary);
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		base_out_of_memory();
	insn = cs_malloc(handle);
	if (!insn)
		base_out_of_memory();
	error = disassemble(&sites, handle, insn, lo, hi);
	cs_free(insn, 1);
	cs_close(&handle);
	if (error)
		return error;
	*ret = sites.found.data;
	*count = sites.found.length;
	return NULL;
}
