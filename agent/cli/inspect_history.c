/* `agent inspect history`: what was done, filtered, and on request as it goes on. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/cli/inspect.h"
#include "agent/clock.h"

enum { HISTORY_FOLLOW_S = 1 };

/* What has been printed: rows come again while following, and several may bear the same
 * time, so those are counted, not compared. */
struct history {
    struct inspect *inspect;
    char last[40];  /* time of the newest row printed */
    uint64_t equal; /* rows printed with that very time */
    uint64_t skip;  /* of these, still to be passed over */
};

/* The last column is the time as the view has it; it is for us alone. */
static bool on_row(void *user, int count, const char *const *names,
                   const char *const *values, const char *types)
{
    struct history *history = user;
    const char *when = values[count - 1] == NULL ? "" : values[count - 1];
    if (history->skip > 0 && strcmp(when, history->last) == 0) {
        history->skip--;
        return true;
    }
    history->equal = strcmp(when, history->last) == 0 ? history->equal + 1 : 1;
    (void)snprintf(history->last, sizeof history->last, "%s", when);
    return output_row(history->inspect->output, count - 1, names, values, types);
}

#define COLUMNS "select *, \"when\" as at from "
/* For people: local time, and how late a change was that an event told of. */
#define COLUMNS_FOR_PERSON                                                                 \
    "select " INSPECT_TIME("\"when\"") " as \"when\", mirror, operation, path, bytes, "    \
                                       "\"trigger\", " INSPECT_LATE " as late, "           \
                                       "\"when\" as at from "
#define FILTER                                                                             \
    "v_history where (?1 = '' or mirror = ?1) and (?2 = '' or operation = ?2) and "        \
    "(?3 = '' or path glob ?3 or path glob ?3 || '/*') and "
#define SINCE                                                                              \
    "(?4 = '0' or \"when\" >= strftime('%Y-%m-%dT%H:%M:%fZ', "                             \
    "cast(?4 as integer) / 1000.0, 'unixepoch')) "
/* The newest rows are wanted, in the order in which they came. */
#define NEWEST(columns)                                                                    \
    columns "(select * from " FILTER SINCE                                                 \
            "order by \"when\" desc limit cast(?5 as integer)) order by at"
#define LATER(columns) columns FILTER "\"when\" >= ?4 order by at"

int inspect_history(struct inspect *inspect)
{
    uint64_t since_ms = 0;
    if (!cmd_duration(inspect->line, "since", 0, &since_ms))
        return failure_exit_code(FAILURE_USAGE);
    char from[32];
    int64_t wall = since_ms == 0 ? 0 : clock_wall_ms() - (int64_t)since_ms;
    (void)snprintf(from, sizeof from, "%lld", (long long)wall);
    const char *limit = inspect_option(inspect, "limit");
    const char *parameters[] = {
        inspect_option(inspect, "mirror"), inspect_option(inspect, "operation"),
        inspect_option(inspect, "path"), from, limit[0] == '\0' ? "-1" : limit};
    struct history history = {.inspect = inspect};
    bool is_for_person = inspect->is_for_person;
    int code =
        inspect_ask(inspect, is_for_person ? NEWEST(COLUMNS_FOR_PERSON) : NEWEST(COLUMNS),
                    parameters, 5, on_row, &history);
    if (cmd_has(inspect->line, "follow"))
        cmd_end_on_signals();
    while (code == 0 && cmd_has(inspect->line, "follow")) {
        output_flush(inspect->output);
        if (ferror(stdout))
            return 0;
        (void)sleep(HISTORY_FOLLOW_S);
        history.skip = history.equal;
        parameters[3] = history.last;
        code =
            inspect_ask(inspect, is_for_person ? LATER(COLUMNS_FOR_PERSON) : LATER(COLUMNS),
                        parameters, 4, on_row, &history);
    }
    return code;
}
