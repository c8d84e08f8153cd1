/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode_int.h"

/* Texts that more than one kind of value needs. */

bool text_is_printable(const void *text, size_t length)
{
	const uint8_t *p = text;

	if (!json_is_utf8(text, length))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (p[i] < 0x20 ? p[i] != '\t' && p[i] != '\n' && p[i] != '\r' : p[i] == 0x7f)
			return false;
		/* U+0080 to U+009F, the other control characters */
		if (p[i] == 0xc2 && p[i + 1] < 0xa0)
			return false;
	}
	return true;
}

size_t text_trim(const void *text, size_t length)
{
	const uint8_t *p = text;

	for (size_t back = 1; back <= 3 && back <= length; back++) {
		uint8_t c = p[length - back];
		size_t needs = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if ((c & 0xc0) == 0x80)
			continue;
		return needs > back ? length - back : length;
	}
	return length;
}

void text_hex(struct strbuf *out, const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char *to = strbuf_reserve(out, size * 2);

	for (size_t i = 0; i < size; i++) {
		to[2 * i] = digits[data[i] >> 4];
		to[2 * i + 1] = digits[data[i] & 15];
	}
	strbuf_commit(out, size * 2);
}

/*
 * Proleptic Gregorian calendar, as Go's. 400 years have 146097 days, so the date is
 * found within an era of 400 years that begins on a 1st of March: leap days then
 * come last.
 */
void text_time(struct strbuf *out, int64_t seconds, uint32_t nanoseconds)
{
	const int64_t march_1_of_year_0 = 306; /* days before 0001-01-01 */
	int64_t days = seconds / 86400, second = seconds % 86400, era, year;
	uint32_t day, year_of_era, day_of_year, month;

	if (second < 0) {
		second += 86400;
		days--;
	}
	days += march_1_of_year_0;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day = (uint32_t)(days - era * 146097);
	year_of_era = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153; /* 0 is March */
	year = era * 400 + year_of_era + (month >= 10);
	strbuf_printf(out, "%s%04" PRId64 "-%02u-%02uT%02u:%02u:%02u.%09uZ", year < 0 ? "-" : "",
		      year < 0 ? -year : year, month < 10 ? month + 3 : month - 9,
		      day_of_year - (153 * month + 2) / 5 + 1, (uint32_t)(second / 3600),
		      (uint32_t)(second / 60 % 60), (uint32_t)(second % 60), nanoseconds);
}

/* The words of abi/records.h. */
const char *reason_text(uint32_t reason)
{
	static const char *const texts[] = {
		[ASK_REASON_NONE] = "no reason given",
		[ASK_REASON_OPTIMIZED_OUT] = "the compiler removed the variable",
		[ASK_REASON_NO_LOCATION] = "not live here",
		[ASK_REASON_REGISTER] = "lives in a register",
		[ASK_REASON_PIECES] = "location pieces contradict the type's size or each other",
		[ASK_REASON_UNSUPPORTED] = "a location operator that is not understood",
		[ASK_REASON_RANGE_EDGE] = "interrupted exactly where the location changes",
		[ASK_REASON_NOT_IN_SCOPE] = "not in scope here",
		[ASK_REASON_NO_VARIABLE] = "this inlined instance does not describe the variable",
		[ASK_REASON_SHARED_SLOT] = "another variable may use its stack slot",
	};

	return reason < ARRAY_SIZE(texts) ? texts[reason] : "unknown reason";
}
