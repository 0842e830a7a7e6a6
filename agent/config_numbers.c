/* Durations, sizes, rates and counts of the configuration and of the command line. */
#include <string.h>

#include "agent/config_values.h"
#include "agent/words.h"

enum { MINUTES_OF_A_DAY = 24 * 60 };

/* Decimal digits at `*text`, which moves behind them. False: none, or too many. */
static bool read_digits(const char **text, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = *text;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (at == *text)
        return false;
    *text = at;
    *out = value;
    return true;
}

static bool multiply(uint64_t value, uint64_t factor, uint64_t *out)
{
    if (value > UINT64_MAX / factor)
        return false;
    *out = value * factor;
    return true;
}

static bool read_time_unit(const char **text, uint64_t *out_ms)
{
    static const struct {
        const char *name; /* "ms" before "m" */
        uint64_t ms;
    } units[] = {
        {"ms",  1        },
        {"s",   1000     },
        {"min", 60000    },
        {"m",   60000    },
        {"h",   3600000  },
        {"d",   86400000 },
        {"w",   604800000}
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t size = strlen(units[i].name);
        if (strncmp(*text, units[i].name, size) == 0) {
            *text += size;
            *out_ms = units[i].ms;
            return true;
        }
    }
    return false;
}

bool config_parse_duration(const char *text, uint64_t *out_ms)
{
    uint64_t sum = 0;
    do {
        uint64_t count = 0;
        uint64_t unit = 0;
        uint64_t part = 0;
        if (!read_digits(&text, &count) || !read_time_unit(&text, &unit) ||
            !multiply(count, unit, &part) || part > UINT64_MAX - sum)
            return false;
        sum += part;
    } while (*text != '\0');
    *out_ms = sum;
    return true;
}

/* A size up to a blank or the end: digits, then maybe K, M, G or T. */
static bool read_size(const char **text, uint64_t *out)
{
    static const char suffixes[] = "KMGTkmgt";
    uint64_t value = 0;
    if (!read_digits(text, &value))
        return false;
    const char *known = **text == '\0' ? NULL : strchr(suffixes, **text);
    if (known != NULL) {
        uint64_t power = (uint64_t)(known - suffixes) % (sizeof suffixes / 2) + 1;
        if (!multiply(value, UINT64_C(1) << (10 * power), &value))
            return false;
        (*text)++;
    }
    if (**text != '\0' && **text != ' ' && **text != '\t')
        return false;
    *out = value;
    return true;
}

bool config_parse_size(const char *text, uint64_t *out_bytes)
{
    uint64_t value = 0;
    if (!read_size(&text, &value) || *text != '\0')
        return false;
    *out_bytes = value;
    return true;
}

/* "HH:MM" */
static bool read_minute(const char **text, uint16_t *out)
{
    uint64_t hour = 0;
    uint64_t minute = 0;
    if (!read_digits(text, &hour) || **text != ':')
        return false;
    (*text)++;
    if (!read_digits(text, &minute) || minute > 59 || hour > 24 ||
        (hour == 24 && minute > 0))
        return false;
    *out = (uint16_t)((hour * 60 + minute) % MINUTES_OF_A_DAY);
    return true;
}

/* "08:00-18:00=2M" */
static bool read_rule(const char **text, struct config_rate *out)
{
    struct config_rate rate = {0};
    if (!read_minute(text, &rate.from_minute) || **text != '-')
        return false;
    (*text)++;
    if (!read_minute(text, &rate.to_minute) || **text != '=')
        return false;
    (*text)++;
    if (!read_size(text, &rate.bytes_per_second))
        return false;
    *out = rate;
    return true;
}

const char *config_set_rates(void *field, const char *value)
{
    static const char expects[] =
        N_("expects bytes a second (0 for no limit, suffixes K, M, G), or by the clock: "
           "08:00-18:00=2M 18:00-08:00=0 (8 rules at most)");
    struct config *config = field;
    struct config_rate rates[CONFIG_MAX_RULES] = {0};
    size_t count = 0;
    if (config_parse_size(value, &rates[0].bytes_per_second)) {
        count = rates[0].bytes_per_second > 0 ? 1 : 0;
    } else {
        for (value += strspn(value, " \t"); *value != '\0'; value += strspn(value, " \t")) {
            if (count == CONFIG_MAX_RULES || !read_rule(&value, &rates[count]))
                return _(expects);
            count++;
        }
        if (count == 0)
            return _(expects);
    }
    memcpy(config->rates, rates, sizeof rates);
    config->rate_count = count;
    return NULL;
}

uint64_t config_rate_at(const struct config *config, unsigned minute_of_day)
{
    for (size_t i = 0; i < config->rate_count; i++) {
        const struct config_rate *rate = &config->rates[i];
        bool after = minute_of_day >= rate->from_minute;
        bool before = minute_of_day < rate->to_minute;
        /* A rule over midnight holds on both sides of it. */
        bool holds =
            rate->from_minute < rate->to_minute ? after && before : after || before;
        if (rate->from_minute == rate->to_minute || holds)
            return rate->bytes_per_second;
    }
    return 0;
}

const char *config_set_transfers(void *field, const char *value)
{
    int *target = field;
    uint64_t number = 0;
    if (!read_digits(&value, &number) || *value != '\0' || number < 1 || number > 256)
        return _("expects a number from 1 to 256");
    *target = (int)number;
    return NULL;
}

const char *config_set_count(void *field, const char *value)
{
    uint64_t *target = field;
    uint64_t number = 0;
    if (!read_digits(&value, &number) || *value != '\0' || number > INT64_MAX)
        return _("expects a number");
    *target = number;
    return NULL;
}

const char *config_set_interval(void *field, const char *value)
{
    static const uint64_t longest = UINT64_C(366) * 86400000;
    uint64_t *target = field;
    uint64_t ms = 0;
    if (!config_parse_duration(value, &ms) || ms < 1000 || ms > longest)
        return _("expects a duration from 1s to 366d, such as 90s, 15m, 1h30m or 7d");
    *target = ms;
    return NULL;
}
