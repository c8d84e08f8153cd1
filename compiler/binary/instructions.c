/* SPDX-License-Identifier: BSD-2-Clause */
#include "binary_int.h"

#include <capstone/capstone.h>

/*
 * What instructions do to general registers, and where control goes. To say too much is
 * harmless, to say too little is not. What Capstone 4 tells of operands is not complete for
 * every extension, so only the usual instructions of compiled Go are taken at their
 * word; any other one may write all registers that it names, and some that it does not.
 */

#define AX 1u
#define DX 2u
#define CX 4u
#define BX 8u
#define SI 0x10u
#define DI 0x20u
#define ALL 0xffffu

/* The bit of a general register or a part of one, 0 for others. DWARF numbers: System V ABI, AMD64. */
static uint16_t register_bit(unsigned reg)
{
	static const uint16_t rows[][5] = {
		{X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH},
		{X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH},
		{X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH},
		{X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
		{X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL},
		{X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL},
		{X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL},
		{X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL},
		{X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B},
		{X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B},
		{X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B},
		{X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B},
		{X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B},
		{X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B},
		{X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B},
		{X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B},
	};

	if (reg == X86_REG_INVALID)
		return 0;
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++)
		for (size_t i = 0; i < ARRAY_SIZE(rows[r]); i++)
			if (rows[r][i] == reg)
				return (uint16_t)(1u << r);
	return 0;
}

/* Instructions that write their first operand and nothing else. */
static bool writes_first(const cs_insn *insn)
{
	switch (insn->id) {
	case X86_INS_IMUL:
		return insn->detail->x86.op_count > 1;
	case X86_INS_MOV:
	case X86_INS_MOVABS:
	case X86_INS_MOVZX:
	case X86_INS_MOVSX:
	case X86_INS_MOVSXD:
	case X86_INS_LEA:
	case X86_INS_ADD:
	case X86_INS_SUB:
	case X86_INS_AND:
	case X86_INS_OR:
	case X86_INS_XOR:
	case X86_INS_SHL:
	case X86_INS_SHR:
	case X86_INS_SAR:
	case X86_INS_ROL:
	case X86_INS_ROR:
	case X86_INS_INC:
	case X86_INS_DEC:
	case X86_INS_NEG:
	case X86_INS_NOT:
		return true;
	default:
		return false;
	}
}

/* Instructions that write no general register. */
static bool writes_none(const cs_insn *insn)
{
	switch (insn->id) {
	case X86_INS_CMP:
	case X86_INS_TEST:
	case X86_INS_BT:
	case X86_INS_NOP:
		return true;
	default:
		return false;
	}
}

/* What an instruction of no kind that is known may write, beside what Capstone says of it. */
static uint16_t may_write(const cs_insn *insn)
{
	const cs_x86 *x86 = &insn->detail->x86;
	uint16_t writes = 0;

	for (uint8_t i = 0; i < x86->op_count; i++)
		if (x86->operands[i].type == X86_OP_REG)
			writes |= register_bit(x86->operands[i].reg);
	if (x86->op_count < 2 || x86->prefix[0] || strstr(insn->mnemonic, "xchg"))
		writes |= AX | DX | CX | BX | SI | DI;
	/* string instructions, whose operands are in memory */
	if (x86->op_count == 2 && x86->operands[0].type != X86_OP_REG &&
	    x86->operands[1].type != X86_OP_REG)
		writes |= AX | CX | SI | DI;
	return writes;
}

static void set_writes(csh handle, const cs_insn *insn, struct binary_instruction *ret)
{
	const cs_x86 *x86 = &insn->detail->x86;
	cs_regs read, written;
	uint8_t reads_count, count;

	if (cs_regs_access(handle, insn, read, &reads_count, written, &count) != CS_ERR_OK) {
		ret->writes = ALL;
		return;
	}
	for (uint8_t i = 0; i < count; i++)
		ret->writes |= register_bit(written[i]);
	ret->plain = writes_first(insn);
	if (ret->plain && x86->op_count && x86->operands[0].type == X86_OP_REG)
		ret->writes |= register_bit(x86->operands[0].reg);
	else if (!ret->plain && !ret->target && !ret->ends && !writes_none(insn))
		ret->writes |= may_write(insn);
}

static bool in_group(csh handle, const cs_insn *insn, unsigned group)
{
	return cs_insn_group(handle, insn, group);
}

static void describe(csh handle, const cs_insn *insn, struct binary_instruction *ret)
{
	const cs_x86 *x86 = &insn->detail->x86;

	*ret = (struct binary_instruction){.pc = insn->address, .size = (uint8_t)insn->size};
	ret->ends = insn->id == X86_INS_JMP || insn->id == X86_INS_LJMP ||
		    insn->id == X86_INS_UD2 || insn->id == X86_INS_INT3 ||
		    insn->id == X86_INS_HLT || in_group(handle, insn, X86_GRP_RET) ||
		    in_group(handle, insn, X86_GRP_IRET);
	if (in_group(handle, insn, X86_GRP_CALL) || in_group(handle, insn, X86_GRP_INT) ||
	    insn->id == X86_INS_SYSCALL || insn->id == X86_INS_SYSENTER) {
		ret->call = true;
		ret->writes = ALL;
		return;
	}
	if (in_group(handle, insn, X86_GRP_JUMP) || insn->id == X86_INS_JMP) {
		if (x86->op_count == 1 && x86->operands[0].type == X86_OP_IMM)
			ret->target = (uint64_t)x86->operands[0].imm;
		ret->unknown = !ret->target;
	}
	set_writes(handle, insn, ret);
}

struct error *binary_instructions(struct binary *binary, uint64_t lo, uint64_t hi,
				  const struct binary_instruction **ret, size_t *count)
{
	const uint8_t *at = lo <= hi ? image_loaded(&binary->image, lo, hi - lo) : NULL;
	VEC(struct binary_instruction) found = {0};
	size_t left = hi - lo;
	uint64_t pc = lo;
	cs_insn *insn;
	csh handle;

	if (!at)
		return error_new(ERROR_DAMAGED,
				 "%s: code from 0x%" PRIx64 " to 0x%" PRIx64 " is not in the file",
				 binary->image.path, lo, hi);
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK ||
	    cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK)
		base_out_of_memory();
	insn = cs_malloc(handle);
	if (!insn)
		base_out_of_memory();
	while (left && cs_disasm_iter(handle, &at, &left, &pc, insn))
		describe(handle, insn, VEC_PUSH(binary->arena, &found));
	if (left) /* where the next one begins is not known either */
		*VEC_PUSH(binary->arena, &found) =
			(struct binary_instruction){.pc = pc, .writes = ALL, .unknown = true};
	cs_free(insn, 1);
	cs_close(&handle);
	*ret = found.data;
	*count = found.length;
	return NULL;
}
