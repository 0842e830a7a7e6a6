#include "agent/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

#include "agent/clock.h"
#include "agent/log_text.h"
#include "agent/words.h"

enum {
    LOG_MAX_TEXT = 2048, /* bytes of one message; longer ones are cut */
    LOG_MAX_LINE = 4096, /* PIPE_BUF: a pipe that polls writable takes it whole */
    LOG_KINDS = 64,      /* message kinds whose rate is remembered at once */
    LOG_BURST = 40,      /* lines of one kind before the rate counts … */
    LOG_REFILL_MS = 4000 /* … and then one in that time: under 1 MiB an hour (F-169) */
};

/* How often one kind of message came lately. */
struct log_kind {
    uintptr_t key;
    uint64_t refilled_ms;
    uint32_t tokens;
    uint32_t suppressed;
};

/* One message on its way out. */
struct log_message {
    enum log_level level;
    int number;
    const char *mirror;
    const char *text; /* redacted and escaped */
};

/* The one process-wide object besides main's (log.h). Used by the loop thread and, for
 * rare warnings, by the pool: a torn counter costs a line, nothing else. */
static struct {
    enum log_level level;
    enum log_format format;
    uint64_t dropped; /* lines that standard error did not take (F-167) */
    struct log_kind kinds[LOG_KINDS];
} the_log = {.level = LOG_LEVEL_WARNING, .format = LOG_FORMAT_TEXT};

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

/* syslog(3) priorities. */
static const int level_priorities[] = {
    [LOG_LEVEL_ERROR] = 3,
    [LOG_LEVEL_WARNING] = 4,
    [LOG_LEVEL_INFO] = 6,
    [LOG_LEVEL_DEBUG] = 7,
};

void log_open(enum log_level level, enum log_format format)
{
    the_log.level = level;
    the_log.format = format;
}

bool log_shows(enum log_level level)
{
    return level <= the_log.level;
}

/* Never blocks: what standard error cannot take at once is dropped and counted. */
static void write_line(const char *line, size_t size)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0 ||
        write(STDERR_FILENO, line, size) != (ssize_t)size)
        the_log.dropped++;
}

static void write_formatted(char *line, size_t capacity, int length)
{
    if (length < 0)
        return;
    size_t size = (size_t)length;
    if (size >= capacity)
        size = capacity - 1;
    line[size] = '\n'; /* in the place of the zero */
    write_line(line, size + 1);
}

static void format_number(int number, char out[16])
{
    out[0] = '\0';
    if (number > 0)
        (void)snprintf(out, 16, "F-%02d", number);
}

static void emit_text(const struct log_message *message, const char *prefix)
{
    char number[16];
    format_number(message->number, number);
    const char *mirror = message->mirror == NULL ? "" : message->mirror;
    char line[LOG_MAX_LINE];
    int length = snprintf(line, sizeof line, "%s%s%s%s %s%s%s", prefix,
                          level_names[message->level], number[0] ? " " : "", number, mirror,
                          mirror[0] ? ": " : "", message->text);
    write_formatted(line, sizeof line, length);
}

static void emit_json(const struct log_message *message)
{
    int64_t now = clock_wall_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm utc = {0};
    char when[32] = "";
    if (gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
    char text[LOG_MAX_TEXT + LOG_MAX_TEXT / 2];
    char mirror[256];
    log_json_text(message->text, text, sizeof text);
    log_json_text(message->mirror == NULL ? "" : message->mirror, mirror, sizeof mirror);
    char line[LOG_MAX_LINE];
    int length = snprintf(line, sizeof line,
                          "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"number\":%d,"
                          "\"mirror\":%s,\"text\":%s}",
                          when, (int)(now % 1000), level_names[message->level],
                          message->number, message->mirror == NULL ? "null" : mirror, text);
    write_formatted(line, sizeof line, length);
}

#ifdef HAVE_SYSTEMD
static void emit_journal(const struct log_message *message)
{
    char number[16];
    format_number(message->number, number);
    int sent = sd_journal_send(
        "MESSAGE=%s%s%s", number, number[0] ? " " : "", message->text, "PRIORITY=%d",
        level_priorities[message->level], "DRIVE_AGENT_NUMBER=%d", message->number,
        "DRIVE_AGENT_MIRROR=%s", message->mirror == NULL ? "" : message->mirror, NULL);
    if (sent < 0)
        the_log.dropped++;
}
#else
/* systemd reads the level from the prefix of a line on standard error. */
static void emit_journal(const struct log_message *message)
{
    char prefix[8];
    (void)snprintf(prefix, sizeof prefix, "<%d>", level_priorities[message->level]);
    emit_text(message, prefix);
}
#endif

static void emit(enum log_level level, int number, const char *mirror, const char *raw)
{
    char redacted[LOG_MAX_TEXT];
    char text[LOG_MAX_TEXT];
    char name[128];
    log_redact(raw, redacted, sizeof redacted);
    struct log_message message = {
        .level = level,
        .number = number,
        .mirror = mirror == NULL ? NULL : log_escape(mirror, name, sizeof name),
        .text = log_escape(redacted, text, sizeof text),
    };
    switch (the_log.format) {
    case LOG_FORMAT_TEXT:
        emit_text(&message, "");
        break;
    case LOG_FORMAT_JSON:
        emit_json(&message);
        break;
    case LOG_FORMAT_JOURNAL:
        emit_journal(&message);
        break;
    }
}

/* Whether a line of this kind may go out now; `*out_suppressed` is the number that was
 * held back since the last one. */
static bool take_token(uintptr_t key, uint32_t *out_suppressed)
{
    uint64_t now = clock_now_ms();
    struct log_kind *kind = &the_log.kinds[(key >> 3) % LOG_KINDS];
    if (kind->key != key)
        *kind = (struct log_kind){.key = key, .refilled_ms = now, .tokens = LOG_BURST};
    uint64_t earned = (now - kind->refilled_ms) / LOG_REFILL_MS;
    if (earned > 0) {
        kind->refilled_ms += earned * LOG_REFILL_MS;
        uint64_t tokens = kind->tokens + earned;
        kind->tokens = tokens > LOG_BURST ? LOG_BURST : (uint32_t)tokens;
    }
    if (kind->tokens == 0) {
        kind->suppressed++;
        return false;
    }
    kind->tokens--;
    *out_suppressed = kind->suppressed;
    kind->suppressed = 0;
    return true;
}

static void submit(const struct log_message *message, uintptr_t key)
{
    uint32_t suppressed = 0;
    /* A person who asked for debug wants every line. */
    bool limited = the_log.level < LOG_LEVEL_DEBUG;
    if (limited && !take_token(key, &suppressed))
        return;
    char note[160];
    if (suppressed > 0) {
        (void)snprintf(note, sizeof note,
                       words_count("a message like the next came once more",
                                   "a message like the next came %" PRIu32 " times more",
                                   suppressed),
                       suppressed);
        emit(message->level, 0, message->mirror, note);
    }
    if (the_log.dropped > 0) {
        (void)snprintf(note, sizeof note,
                       words_count("%" PRIu64 " line of the log was lost",
                                   "%" PRIu64 " lines of the log were lost",
                                   the_log.dropped),
                       the_log.dropped);
        the_log.dropped = 0;
        emit(LOG_LEVEL_WARNING, 167, NULL, note);
    }
    emit(message->level, message->number, message->mirror, message->text);
}

void log_line(enum log_level level, int number, const char *mirror, const char *format, ...)
{
    if (!log_shows(level))
        return;
    char text[LOG_MAX_TEXT];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, words_find(format), arguments);
    va_end(arguments);
    if (length < 0)
        return;
    struct log_message message = {level, number, mirror, text};
    /* The format is the kind: one call in the source, one rate. */
    submit(&message, (uintptr_t)format);
}

void log_failure(const char *mirror, const struct failure *failure)
{
    static const enum log_level levels[] = {
        [FAILURE_NONE] = LOG_LEVEL_DEBUG,     [FAILURE_TRANSIENT] = LOG_LEVEL_WARNING,
        [FAILURE_ITEM] = LOG_LEVEL_WARNING,   [FAILURE_RESOURCE] = LOG_LEVEL_ERROR,
        [FAILURE_SIGN_IN] = LOG_LEVEL_ERROR,  [FAILURE_GUARD] = LOG_LEVEL_ERROR,
        [FAILURE_CONFIG] = LOG_LEVEL_ERROR,   [FAILURE_PROTOCOL] = LOG_LEVEL_WARNING,
        [FAILURE_INTERNAL] = LOG_LEVEL_ERROR, [FAILURE_USAGE] = LOG_LEVEL_ERROR,
        [FAILURE_HELD] = LOG_LEVEL_ERROR,     [FAILURE_CANCELLED] = LOG_LEVEL_DEBUG,
    };
    if (failure->kind == FAILURE_NONE || failure->kind == FAILURE_CANCELLED)
        return;
    if (!log_shows(levels[failure->kind]))
        return;
    struct log_message message = {levels[failure->kind], failure->number, mirror,
                                  failure->text};
    /* Class and number make the kind; shifted so that kinds fall into different places. */
    uintptr_t key = ((uintptr_t)failure->number * 16 + (uintptr_t)failure->kind) << 3;
    submit(&message, key);
}
