/* SPDX-License-Identifier: BSD-2-Clause */
#include "dump_int.h"

static void put_count(struct strbuf *out, uint64_t count, const char *one, const char *more)
{
	strbuf_printf(out, "%" PRIu64 " %s", count, count == 1 ? one : more);
}

/* "5 of 9 goroutines and the pointers of 3 values" */
static void put_losses(struct strbuf *out, uint64_t goroutines, uint64_t all, uint64_t values)
{
	if (goroutines && all)
		strbuf_printf(out, "%" PRIu64 " of %" PRIu64 " goroutines", goroutines, all);
	else if (goroutines)
		put_count(out, goroutines, "goroutine", "goroutines");
	if (goroutines && values)
		strbuf_puts(out, " and ");
	if (values)
		strbuf_puts(out, "what ");
	if (values)
		put_count(out, values, "value points to", "values point to");
}

bool dump_describe_losses(const struct dump_statistics *s, struct strbuf *ret)
{
	uint64_t goroutines = s->dropped_goroutines, values = s->dropped_pointees;
	uint64_t late_goroutines = s->deadline_goroutines, late_values = s->deadline_values;

	if (!goroutines && !values)
		return false;
	/* A dump may say anything. */
	late_goroutines = late_goroutines < goroutines ? late_goroutines : goroutines;
	late_values = late_values < values ? late_values : values;
	goroutines -= late_goroutines;
	values -= late_values;
	if (late_goroutines || late_values) {
		put_losses(ret, late_goroutines, s->listed_goroutines, late_values);
		strbuf_printf(ret, " were left out, for the pause had reached --max-pause (%g ms): "
				   "allow more, or capture less",
			      (double)s->max_pause_ns / 1e6);
	}
	if ((late_goroutines || late_values) && (goroutines || values))
		strbuf_puts(ret, "; ");
	if (goroutines || values) {
		put_losses(ret, goroutines, s->listed_goroutines, values);
		strbuf_puts(ret, " were dropped");
		if (values)
			strbuf_puts(ret, " for want of room: allow a larger --buffer, or capture less");
	}
	return true;
}
