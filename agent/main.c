/* Picks the command; its answer is the exit code. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/cli/cmd.h"
#include "agent/log.h"
#include "agent/program.h"
#include "agent/words.h"

/* A command ends with what was wrong as its answer; its log would say it twice. The agent
 * itself has nothing but the log. */
static void open_log(const struct cmd_line *line)
{
    static const enum log_level levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_INFO,
                                            LOG_LEVEL_DEBUG};
    size_t level = line->verbosity > 2 ? 2 : (size_t)line->verbosity;
    bool is_agent = line->cmd->run == cmd_run;
    const char *name = cmd_value(line, "log-format");
    enum log_format format = LOG_FORMAT_TEXT;
    if (name != NULL && strcmp(name, "json") == 0)
        format = LOG_FORMAT_JSON;
    if (name != NULL && strcmp(name, "journal") == 0)
        format = LOG_FORMAT_JOURNAL;
    log_open(is_agent && level == 0 ? LOG_LEVEL_WARNING : levels[level], format);
}

/* What programs read is the same in every language. */
static bool is_for_programs(const struct cmd_line *line)
{
    const char *format = cmd_value(line, "format");
    return cmd_has(line, "json") || cmd_has(line, "metrics") ||
           line->cmd->run == cmd_monitor ||
           (format != NULL && strcmp(format, "table") != 0);
}

/* Whoever reads a pipe and stops early, as head(1) does, has what was wanted. */
static bool reader_is_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

/* An answer that could not be written was not given. Why not is known no more. */
static int finish(int code)
{
    bool is_written = fflush(stdout) == 0 && ferror(stdout) == 0;
    if (is_written || reader_is_gone())
        return code;
    return cmd_fail_text(FAILURE_RESOURCE,
                         "the answer could not be written whole: make room on its disk, or "
                         "send it elsewhere");
}

int main(int argc, char **argv)
{
    program_open_streams();
    words_open();
    struct cmd_line line;
    struct failure failure = {0};
    if (cmd_parse(argc, (const char *const *)argv, &line, &failure) != FAILURE_NONE)
        return cmd_fail(&failure);
    if (is_for_programs(&line))
        words_use_english();
    open_log(&line);
    return finish(line.cmd->run(&line));
}
