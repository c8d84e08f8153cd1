// SPDX-License-Identifier: BSD-2-Clause

#include "textflag.h"

// func asmLoop(stop *uint32)
TEXT ·asmLoop(SB), NOSPLIT, $0-8
	MOVQ	stop+0(FP), AX
loop:
	PAUSE
	MOVL	(AX), CX
	TESTL	CX, CX
	JZ	loop
	RET

// func asmFrame(stop *uint32)
TEXT ·asmFrame(SB), NOSPLIT, $64-8
	MOVQ	stop+0(FP), AX
	MOVQ	AX, 8(SP)
loop:
	PUSHQ	AX
	PAUSE
	POPQ	AX
	MOVL	(AX), CX
	TESTL	CX, CX
	JZ	loop
	RET
