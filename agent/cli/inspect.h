/* The inside of `agent inspect`: shared by cmd_inspect.c (which picks the part),
 * inspect_history.c and inspect_item.c. Nobody else includes this.
 *
 * On a terminal a table has the columns that a person looks for, with local times; anywhere
 * else, and as JSON or CSV, it has all columns of the view as they are.
 */
#ifndef AGENT_CLI_INSPECT_H
#define AGENT_CLI_INSPECT_H

#include "agent/cli/cmd.h"
#include "agent/cli/output.h"
#include "store/store_query.h"

/* One look into the state. */
struct inspect {
    const struct cmd_line *line;
    const struct config *config;
    struct store *store;
    struct output *output;
    bool is_for_person; /* a table on a terminal */
};

/* A UTC time of a view as local time, for SQL. */
#define INSPECT_TIME(column) "strftime('%Y-%m-%d %H:%M:%S', " column ", 'localtime')"

/* How late a change was that an event told of: "31 ms", "2.4 s". */
#define INSPECT_LATE                                                                       \
    "case when notified_at is null then null "                                             \
    "when julianday(done_at) - julianday(notified_at) < 1.0 / 86400 "                      \
    "then printf('%d ms', (julianday(done_at) - julianday(notified_at)) * 86400000) "      \
    "else printf('%.1f s', (julianday(done_at) - julianday(notified_at)) * 86400) end"

/* Runs a question; `user` is that of `each`. The answer is an exit code, with the failure
 * already printed. */
int inspect_ask(const struct inspect *inspect, const char *sql,
                const char *const *parameters, int count, store_row_fn *each, void *user);
/* The value of an option, "" where it is not given. */
const char *inspect_option(const struct inspect *inspect, const char *option);

/* Parts; the answer is an exit code. */
int inspect_history(struct inspect *inspect);
int inspect_item(struct inspect *inspect);

#endif
