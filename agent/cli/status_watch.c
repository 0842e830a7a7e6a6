#include "agent/cli/status_watch.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/json_get.h"
#include "agent/cli/remote.h"
#include "agent/cli/status_data.h"
#include "agent/cli/status_screen.h"
#include "agent/cli/terminal.h"
#include "agent/scope.h"
#include "agent/words.h"

enum {
    WATCH_ARRIVALS = 32,
    WATCH_ARRIVAL_SIZE = 512,
    WATCH_HEADING = 2,       /* lines above the changes */
    WATCH_LEAST_ARRIVALS = 3 /* of them are shown, even where the rest has to give way */
};

struct watch {
    const struct cmd_line *line;
    const struct config *config;
    struct terminal *terminal;                         /* NULL: no terminal */
    cJSON *status;                                     /* the last one that came */
    char arrivals[WATCH_ARRIVALS][WATCH_ARRIVAL_SIZE]; /* a ring … */
    uint64_t arrival_count;                            /* … of all that came */
};

static bool has_many_mirrors(const struct watch *watch)
{
    return cJSON_GetArraySize(json_get(watch->status, "mirrors")) > 1;
}

/* A screen in memory. */
struct page {
    char *text;
    size_t size;
};

static unsigned count_lines(const struct page *page)
{
    unsigned lines = 0;
    for (size_t i = 0; i < page->size; i++)
        lines += page->text[i] == '\n' ? 1 : 0;
    return lines;
}

/* The newest first. */
static void print_arrivals(const struct watch *watch, FILE *stream, unsigned room)
{
    uint64_t count =
        watch->arrival_count < WATCH_ARRIVALS ? watch->arrival_count : WATCH_ARRIVALS;
    if (count > 0)
        (void)fprintf(stream, "\n%s\n", _("last changes"));
    for (uint64_t i = 0; i < count && i < room; i++)
        (void)fprintf(stream, "  %s\n",
                      watch->arrivals[(watch->arrival_count - 1 - i) % WATCH_ARRIVALS]);
}

/* Lines that the status took. */
static unsigned print_page(const struct watch *watch, struct page *page, unsigned rows,
                           bool is_brief)
{
    FILE *stream = open_memstream(&page->text, &page->size);
    if (stream == NULL)
        return 0;
    status_print(
        stream, watch->status,
        (struct status_style){.color = cmd_may_color(watch->line), .is_brief = is_brief});
    (void)fflush(stream);
    unsigned lines = count_lines(page);
    unsigned used = lines + WATCH_HEADING;
    print_arrivals(watch, stream,
                   used + WATCH_LEAST_ARRIVALS > rows ? WATCH_LEAST_ARRIVALS : rows - used);
    return fclose(stream) == 0 ? lines : 0;
}

/* Where the whole does not fit, the brief form leaves room for the changes. */
static void show_screen(struct watch *watch)
{
    struct page page = {.text = NULL};
    unsigned rows = 0;
    unsigned columns = 0;
    terminal_size(watch->terminal, &rows, &columns);
    unsigned lines = print_page(watch, &page, rows, false);
    if (lines + WATCH_HEADING + WATCH_LEAST_ARRIVALS > rows) {
        free(page.text);
        page = (struct page){.text = NULL};
        lines = print_page(watch, &page, rows, true);
    }
    if (lines > 0)
        terminal_show(watch->terminal, page.text, page.size);
    free(page.text);
}

static void print_json(const struct watch *watch)
{
    SCOPED(scope_free) char *text = cJSON_PrintUnformatted(watch->status);
    (void)printf("%s\n", text == NULL ? "{}" : text);
}

static void show_status(struct watch *watch)
{
    if (cmd_has(watch->line, "json"))
        print_json(watch);
    else if (watch->terminal != NULL)
        show_screen(watch);
    else
        status_print(stdout, watch->status, (struct status_style){.color = false});
}

static void take_status(struct watch *watch, const cJSON *status)
{
    cJSON_Delete(watch->status);
    watch->status = cJSON_Duplicate(status, true);
    if (watch->status == NULL)
        return;
    status_add_records(watch->status, watch->config);
    show_status(watch);
}

static void take_arrival(struct watch *watch, const cJSON *event)
{
    char *line = watch->arrivals[watch->arrival_count++ % WATCH_ARRIVALS];
    status_format_arrival(event, has_many_mirrors(watch), line, WATCH_ARRIVAL_SIZE);
    if (cmd_has(watch->line, "json"))
        return;
    if (watch->terminal == NULL)
        (void)printf("%s\n", line);
    else if (watch->status != NULL)
        show_screen(watch);
}

static enum remote_next on_line(void *user, const struct cJSON *object, const char *text)
{
    (void)text;
    struct watch *watch = user;
    if (strcmp(json_get_text(object, "event"), "arrival") == 0)
        take_arrival(watch, object);
    else
        take_status(watch, object);
    return fflush(stdout) == 0 ? REMOTE_GO : REMOTE_STOP;
}

static enum remote_next on_wake(void *user)
{
    struct watch *watch = user;
    enum terminal_news news = terminal_news(watch->terminal);
    if (news == TERMINAL_CHANGED && watch->status != NULL)
        show_screen(watch);
    return news == TERMINAL_ENDED ? REMOTE_STOP : REMOTE_GO;
}

int status_watch(const struct cmd_line *line, const struct config *config)
{
    struct watch watch = {.line = line, .config = config};
    struct remote_wait wait = {.on_line = on_line, .user = &watch};
    if (!cmd_has(line, "json"))
        watch.terminal = terminal_enter();
    if (watch.terminal != NULL) {
        wait.on_wake = on_wake;
        wait.wake_fd = terminal_fd(watch.terminal);
    } else {
        cmd_end_on_signals();
    }
    struct remote_answer answer;
    struct failure failure = {0};
    enum failure_kind kind =
        remote_ask(config, remote_request("watch"), &wait, &answer, &failure);
    terminal_leave(watch.terminal);
    cJSON_Delete(watch.status);
    if (kind != FAILURE_NONE)
        return cmd_fail(&failure);
    if (!answer.running)
        return cmd_fail_text(FAILURE_RESOURCE,
                             "no agent is running: nothing to watch: agent run starts one");
    return remote_end(&answer);
}
