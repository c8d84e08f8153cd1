/* SPDX-License-Identifier: BSD-2-Clause */
#include "tables_int.h"

/* What is left of a text. */
struct cursor {
	const char *at, *end;
};

/* Exactly `digits` digits as a number in [lo, hi]. */
static bool number(struct cursor *in, int digits, int lo, int hi, int *ret)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		if (in->at == in->end || *in->at < '0' || *in->at > '9')
			return false;
		value = value * 10 + (*in->at++ - '0');
	}
	*ret = value;
	return value >= lo && value <= hi;
}

static bool one_of(struct cursor *in, const char *set, char *ret)
{
	if (in->at == in->end || !*in->at || !strchr(set, *in->at))
		return false;
	*ret = *in->at++;
	return true;
}

/* Digits after the point, of which nine count. */
static bool fraction(struct cursor *in, int64_t *ret)
{
	const char *start = in->at;
	int64_t ns = 0;
	int digits = 0;

	for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++)
		if (digits < 9) {
			ns = ns * 10 + (*in->at - '0');
			digits++;
		}
	for (; digits < 9; digits++)
		ns *= 10;
	*ret = ns;
	return in->at > start;
}

static bool zone(struct cursor *in, int *minutes)
{
	char sign;
	int hour, minute;

	if (!one_of(in, "Zz+-", &sign))
		return false;
	*minutes = 0;
	if (sign == 'Z' || sign == 'z')
		return true;
	if (!number(in, 2, 0, 23, &hour) || !one_of(in, ":", &(char){0}) ||
	    !number(in, 2, 0, 59, &minute))
		return false;
	*minutes = (hour * 60 + minute) * (sign == '-' ? -1 : 1);
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01 in the Gregorian calendar, years counted from March. */
static int64_t days(int year, int month, int day)
{
	int64_t y = year - (month <= 2), m = (month + 9) % 12;

	return y * 365 + (y >= 0 ? y / 4 - y / 100 + y / 400 : -1) + (153 * m + 2) / 5 + day - 1 -
	       719468;
}

bool tables_parse_rfc3339(const char *text, size_t length, int64_t *ret, bool *in_range)
{
	struct cursor in = {text, text + length};
	int year, month, day, hour, minute, second, offset;
	int64_t seconds, nanos = 0, ns;
	char c;

	if (!number(&in, 4, 0, 9999, &year) || !one_of(&in, "-", &c) ||
	    !number(&in, 2, 1, 12, &month) || !one_of(&in, "-", &c) ||
	    !number(&in, 2, 1, days_in_month(year, month), &day) || !one_of(&in, "Tt ", &c) ||
	    !number(&in, 2, 0, 23, &hour) || !one_of(&in, ":", &c) ||
	    !number(&in, 2, 0, 59, &minute) || !one_of(&in, ":", &c) ||
	    !number(&in, 2, 0, 60, &second)) /* 60: a leap second */
		return false;
	if (in.at < in.end && *in.at == '.') {
		in.at++;
		if (!fraction(&in, &nanos))
			return false;
	}
	if (!zone(&in, &offset) || in.at != in.end)
		return false;
	seconds = ((days(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second;
	/* before 1970 the nanoseconds count up from a negative second: only the sum must fit */
	if (seconds < 0 && nanos) {
		seconds++;
		nanos -= 1000000000;
	}
	*in_range = !__builtin_mul_overflow(seconds, 1000000000, &ns) &&
		    !__builtin_add_overflow(ns, nanos, &ns);
	if (*in_range)
		*ret = ns;
	return true;
}
