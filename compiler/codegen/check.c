/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generated C before it is compiled: libclang parses it from memory for the
 * BPF target. Anything it complains of is an error with its place. Then the size
 * of every shared struct and the offset of every field in layouts.def, as clang
 * lays them out for BPF, must be what the host compiler made of them: a difference
 * would shift every record, and must never ship.
 */
#include "codegen.h"

#include <clang-c/Index.h>
#include <stdlib.h>

#include "abi/state.h"
#include "codegen_int.h"
#include "embedded_headers.h"

struct layout {
	const char *structure, *field;
	size_t offset; /* bytes, by the host compiler */
	bool seen;
};

struct layout_check {
	struct layout *layouts;
	size_t count;
	struct error *error;
};

/* clang's complaints, as one error; NULL when there are none of weight. */
static struct error *complaints(CXTranslationUnit unit)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	unsigned shown = 0;

	for (unsigned i = 0; i < clang_getNumDiagnostics(unit); i++) {
		CXDiagnostic diagnostic = clang_getDiagnostic(unit, i);

		if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Warning && shown < 20) {
			CXString line = clang_formatDiagnostic(
				diagnostic, clang_defaultDiagnosticDisplayOptions());

			strbuf_printf(&text, "%s%s", shown++ ? "\n" : "", clang_getCString(line));
			clang_disposeString(line);
		}
		clang_disposeDiagnostic(diagnostic);
	}
	if (!shown)
		return NULL;
	return error_new(ERROR_HOST, "the generated C does not parse: %s", text.data);
}

static enum CXChildVisitResult visit_field(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct layout_check *check = data;
	CXString field = clang_getCursorSpelling(cursor);
	CXString structure = clang_getCursorSpelling(parent);
	long long bits = clang_Cursor_getOffsetOfField(cursor);

	for (size_t i = 0; i < check->count && !check->error; i++) {
		struct layout *row = &check->layouts[i];

		if (strcmp(row->structure, clang_getCString(structure)) ||
		    strcmp(row->field, clang_getCString(field)))
			continue;
		row->seen = true;
		if (bits < 0 || (uint64_t)bits != row->offset * 8)
			check->error = error_new(
				ERROR_HOST,
				"struct %s: field %s lies at bit %lld for BPF, at byte %zu here",
				row->structure, row->field, bits, row->offset);
	}
	clang_disposeString(field);
	clang_disposeString(structure);
	return check->error ? CXChildVisit_Break : CXChildVisit_Continue;
}

static enum CXChildVisitResult visit_declaration(CXCursor cursor, CXCursor parent,
						 CXClientData data)
{
	struct layout_check *check = data;

	(void)parent;
	if (clang_getCursorKind(cursor) == CXCursor_StructDecl &&
	    clang_isCursorDefinition(cursor))
		clang_visitChildren(cursor, visit_field, check);
	return check->error ? CXChildVisit_Break : CXChildVisit_Continue;
}

static struct error *check_layouts(CXTranslationUnit unit)
{
	struct layout layouts[] = {
#define LAYOUT(structure, field) {#structure, #field, offsetof(struct structure, field), false},
#include "layouts.def"
#undef LAYOUT
	};
	struct layout_check check = {.layouts = layouts, .count = ARRAY_SIZE(layouts)};

	clang_visitChildren(clang_getTranslationUnitCursor(unit), visit_declaration, &check);
	for (size_t i = 0; i < ARRAY_SIZE(layouts) && !check.error; i++)
		if (!layouts[i].seen)
			check.error = error_new(ERROR_HOST,
						"struct %s has no field %s in the generated program",
						layouts[i].structure, layouts[i].field);
	return check.error;
}

struct error *codegen_check(const char *name, const char *source, size_t length)
{
	static const char *const arguments[] = {CODEGEN_FLAGS, "-I/askance/bpf-headers"};
	struct CXUnsavedFile files[64];
	cleanup_arena struct arena arena;
	CXTranslationUnit unit = NULL;
	struct error *error;
	unsigned count = 0;
	CXIndex index;
	const char *main_file;
	enum CXErrorCode code;

	arena_init(&arena);
	main_file = arena_printf(&arena, "/askance/%s.bpf.c", name);
	files[count++] = (struct CXUnsavedFile){main_file, source, length};
	for (const struct embedded_file *file = embedded_headers; file->path; file++) {
		assert(count < ARRAY_SIZE(files));
		files[count++] = (struct CXUnsavedFile){
			arena_printf(&arena, "/askance/%s", file->path), file->data, file->size};
	}
	index = clang_createIndex(0, 0);
	code = clang_parseTranslationUnit2(index, main_file, arguments, ARRAY_SIZE(arguments),
					   files, count, CXTranslationUnit_KeepGoing, &unit);
	if (code != CXError_Success)
		error = error_new(ERROR_HOST, "libclang cannot parse the generated C (error %d)",
				  (int)code);
	else
		error = complaints(unit);
	if (!error)
		error = check_layouts(unit);
	if (unit)
		clang_disposeTranslationUnit(unit);
	clang_disposeIndex(index);
	return error;
}
