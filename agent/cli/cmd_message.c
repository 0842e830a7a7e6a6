/* What all commands share besides their line: configuration and one-line messages. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/cli/cmd.h"
#include "agent/cli/output.h"
#include "agent/log.h"
#include "agent/log_text.h"
#include "agent/nearest.h"
#include "agent/words.h"

/* The one place where a command writes to standard error. */
static void print_line(const char *prefix, const char *text)
{
    char redacted[1024];
    char shown[1024];
    log_redact(text, redacted, sizeof redacted);
    (void)fprintf(stderr, "%s%s\n", prefix, log_escape(redacted, shown, sizeof shown));
}

int cmd_fail(const struct failure *failure)
{
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "%s ", _("error"));
    if (failure->number > 0)
        (void)snprintf(prefix, sizeof prefix, "%s F-%02d ", _("error"), failure->number);
    if (failure->kind != FAILURE_NONE && failure->kind != FAILURE_CANCELLED)
        print_line(prefix, failure->text);
    return failure_exit_code(failure->kind);
}

int cmd_fail_text(enum failure_kind kind, const char *format, ...)
{
    struct failure failure = {.kind = kind};
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(failure.text, sizeof failure.text, words_find(format), arguments) < 0)
        failure.text[0] = '\0';
    va_end(arguments);
    return cmd_fail(&failure);
}

int cmd_fail_mirror(const struct config *config, const char *name)
{
    const char *names[CONFIG_MAX_MIRRORS];
    size_t count = 0;
    for (; count < config->mirror_count && count < CONFIG_MAX_MIRRORS; count++)
        names[count] = config->mirrors[count].name;
    const char *near = nearest_word(name, names, count);
    if (near != NULL)
        return cmd_fail_text(FAILURE_USAGE, "no mirror named %s: did you mean %s?", name,
                             near);
    return cmd_fail_text(FAILURE_USAGE, "no mirror named %s: see agent status", name);
}

void cmd_note(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, words_find(format), arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    print_line("", text);
}

int cmd_exclude(const struct cmd_line *line, const char *one, const char *other)
{
    if (!cmd_has(line, one) || !cmd_has(line, other))
        return 0;
    return cmd_fail_text(FAILURE_USAGE, "--%s and --%s exclude each other: give one", one,
                         other);
}

static void on_end(int number)
{
    (void)number;
    _exit(0); /* each line was flushed when it was printed */
}

void cmd_end_on_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before;
        struct sigaction end = {.sa_handler = on_end};
        /* What a shell has start in the background ignores SIGINT: that stays so. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(numbers[i], &end, NULL);
    }
}

bool cmd_may_color(const struct cmd_line *line)
{
    return output_may_color(stdout) && !cmd_has(line, "no-color");
}

bool cmd_duration(const struct cmd_line *line, const char *option, uint64_t otherwise,
                  uint64_t *out_ms)
{
    const char *value = cmd_value(line, option);
    if (value == NULL) {
        *out_ms = otherwise;
        return true;
    }
    if (config_parse_duration(value, out_ms) && *out_ms > 0)
        return true;
    (void)cmd_fail_text(FAILURE_USAGE,
                        "--%s expects a duration such as 90s, 15m, 1h30m or 7d, not \"%s\"",
                        option, value);
    return false;
}

struct config_places cmd_places(const struct cmd_line *line)
{
    return (struct config_places){.config_file = cmd_value(line, "config"),
                                  .state_dir = cmd_value(line, "state-dir"),
                                  .may_be_missing = line->cmd->comes_first};
}

static void print_error(void *user, const char *text)
{
    bool *printed = user;
    *printed = true;
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "%s F-159 ", _("error"));
    print_line(prefix, text);
}

int cmd_load_config(const struct cmd_line *line, struct config **out)
{
    struct config_places places = cmd_places(line);
    struct failure failure = {0};
    bool printed = false;
    if (config_load(&places, print_error, &printed, out, &failure) == FAILURE_NONE)
        return 0;
    /* The lines of the file have said it; the sum of them adds nothing. */
    return printed ? failure_exit_code(failure.kind) : cmd_fail(&failure);
}

void cmd_release_config(struct config **local)
{
    config_free(*local);
}
