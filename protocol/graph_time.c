#include "protocol/graph_page.h"
#include "protocol/graph_reply.h"

/* Reads exactly `count` digits. */
static bool take_digits(const char **text, int count, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        char digit = (*text)[i];
        if (digit < '0' || digit > '9')
            return false;
        value = value * 10 + (digit - '0');
    }
    *text += count;
    *out = value;
    return true;
}

static bool take(const char **text, char expected)
{
    if (**text != expected)
        return false;
    (*text)++;
    return true;
}

/* Days since 1970-01-01 of the Gregorian calendar. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(const char **text, int64_t *out_days)
{
    int year = 0;
    int month = 0;
    int day = 0;
    if (!take_digits(text, 4, &year) || !take(text, '-') || !take_digits(text, 2, &month) ||
        !take(text, '-') || !take_digits(text, 2, &day) || !take(text, 'T'))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *out_days = days_from_civil(year, month, day);
    return true;
}

static bool take_time(const char **text, int64_t *out_ms)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!take_digits(text, 2, &hour) || !take(text, ':') ||
        !take_digits(text, 2, &minute) || !take(text, ':') ||
        !take_digits(text, 2, &second))
        return false;
    /* 60 is a leap second: it counts as the next one. */
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t milliseconds = 0;
    if (take(text, '.')) {
        int scale = 100;
        int digits = 0;
        for (; **text >= '0' && **text <= '9' && digits < 9; (*text)++, digits++) {
            milliseconds += (int64_t)(**text - '0') * scale;
            scale /= 10;
        }
        if (digits == 0)
            return false;
    }
    *out_ms = (((int64_t)hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
    return true;
}

/* "Z", or an offset such as +02:00. A time without a zone is none (F-145). */
static bool take_zone(const char **text, int64_t *out_offset_ms)
{
    *out_offset_ms = 0;
    if (take(text, 'Z'))
        return true;
    int sign = **text == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    if ((!take(text, '+') && !take(text, '-')) || !take_digits(text, 2, &hours) ||
        !take(text, ':') || !take_digits(text, 2, &minutes) || hours > 14 || minutes > 59)
        return false;
    *out_offset_ms = sign * ((int64_t)hours * 60 + minutes) * 60000;
    return true;
}

int64_t graph_time_parse(const char *text)
{
    static const int64_t day_ms = 86400000;
    int64_t days = 0;
    int64_t time_ms = 0;
    int64_t offset_ms = 0;
    if (text == NULL || !take_date(&text, &days) || !take_time(&text, &time_ms) ||
        !take_zone(&text, &offset_ms) || *text != 0)
        return GRAPH_UNKNOWN;
    int64_t value = days * day_ms + time_ms - offset_ms;
    /* 1970 … 2200: outside it says nothing about a file (failure-model 7). */
    int64_t end = days_from_civil(2200, 1, 1) * day_ms;
    return value < 0 || value >= end ? GRAPH_UNKNOWN : value;
}
