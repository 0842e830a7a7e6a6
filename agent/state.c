#include "agent/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/control.h"
#include "agent/log.h"
#include "agent/words.h"
#include "store/store_mirror.h"

enum { STATE_RETRY_MS = 100, STATE_PATIENCE_MS = 10000 };

static const char pause_setting[] = "paused_until";

enum failure_kind state_check_folder(const struct config *config, struct failure *failure)
{
    const char *folder = config->state_dir;
    struct stat info;
    if (stat(folder, &info) != 0) {
        if (errno == ENOENT)
            return FAILURE_NONE;
        return failure_set(failure, FAILURE_RESOURCE, 14,
                           "cannot look at the state folder "
                           "%s: %s",
                           folder, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode))
        return failure_set(failure, FAILURE_RESOURCE, 14,
                           "the state folder is not a folder: %s: choose another with "
                           "--state-dir",
                           folder);
    if (info.st_uid != geteuid())
        return failure_set(failure, FAILURE_RESOURCE, 166,
                           "the state folder belongs to another user: %s: run the agent as "
                           "that user, or choose another with --state-dir",
                           folder);
    if ((info.st_mode & 022) != 0)
        return failure_set(failure, FAILURE_RESOURCE, 15,
                           "others can write to the state folder: %s: chmod 700 it",
                           folder);
    return FAILURE_NONE;
}

static enum failure_kind fail_open(const char *folder, enum store_status status,
                                   const char *text, struct failure *failure)
{
    if (status == STORE_HELD)
        return failure_set(failure, FAILURE_HELD, 160,
                           "another agent is running here (process %" PRId64
                           "): %s: stop it first, or use another --state-dir",
                           store_holder(folder), folder);
    struct failure mapped;
    enum failure_kind kind =
        state_failure(NULL, status, _("cannot open the state"), &mapped);
    return failure_set(failure, kind, mapped.number, "%s: %s%s%s", mapped.text, folder,
                       text[0] == '\0' ? "" : ": ", text);
}

static void tell_opening(const char *folder, const struct store_opening *opening)
{
    if (opening->unclean)
        log_line(LOG_LEVEL_INFO, 1, NULL, "resumed after an interruption");
    if (opening->upgraded_from > 0)
        log_line(LOG_LEVEL_INFO, 66, NULL,
                 "state upgraded from version %d; a copy is kept as %s",
                 opening->upgraded_from, opening->backup);
    if (opening->without_wal)
        log_line(
            LOG_LEVEL_WARNING, 69, NULL,
            "the state lies on a network file system, where it is slower and less safe "
            "in a crash: %s: choose a local folder with --state-dir",
            folder);
}

/* A lock without a socket is a short command that is soon over, or an agent that is just
 * starting: worth a moment. */
static enum store_status open_patiently(const struct config *config, struct store **out,
                                        struct store_opening *opening, char text[256])
{
    static const struct timespec pause = {.tv_nsec = STATE_RETRY_MS * 1000000L};
    uint64_t end = clock_now_ms() + STATE_PATIENCE_MS;
    enum store_status status = store_open(config->state_dir, out, opening, text, 256);
    while (status == STORE_HELD && clock_now_ms() < end &&
           !control_probe(config->socket_path) &&
           !control_probe(config->state_socket_path)) {
        (void)nanosleep(&pause, NULL);
        status = store_open(config->state_dir, out, opening, text, 256);
    }
    return status;
}

enum failure_kind state_open(const struct config *config, struct store **out,
                             struct failure *failure)
{
    const char *folder = config->state_dir;
    enum failure_kind kind = state_check_folder(config, failure);
    if (kind != FAILURE_NONE)
        return kind;
    struct store_opening opening = {0};
    char text[256] = "";
    enum store_status status = open_patiently(config, out, &opening, text);
    /* A disk that fails to read once looks like damage as well (F-06): what is given up has
     * been found damaged twice. */
    if (status == STORE_DAMAGED)
        status = store_open(folder, out, &opening, text, sizeof text);
    if (status == STORE_DAMAGED) {
        char aside[512] = "";
        status = store_set_aside(folder, aside, sizeof aside);
        if (status == STORE_OK) {
            log_line(LOG_LEVEL_ERROR, 61, NULL,
                     "state damaged (%s): it is rebuilt from the drive and the folder; the "
                     "old one is kept as %s",
                     text, aside);
            status = store_open(folder, out, &opening, text, sizeof text);
        }
    }
    if (status != STORE_OK)
        return fail_open(folder, status, text, failure);
    tell_opening(folder, &opening);
    return FAILURE_NONE;
}

struct state_pause state_get_pause(struct store *store)
{
    char text[32];
    struct state_pause pause = {0};
    if (store_get_setting(store, pause_setting, text, sizeof text) != STORE_OK)
        return pause;
    char *end = NULL;
    errno = 0;
    long long until = strtoll(text, &end, 10);
    /* What cannot be read counts as a pause without end: that is the careful side. */
    pause.until_ms = errno == 0 && *end == '\0' && until > 0 ? until : 0;
    pause.paused = pause.until_ms == 0 || pause.until_ms > clock_wall_ms();
    return pause.paused ? pause : (struct state_pause){0};
}

enum store_status state_put_pause(struct store *store, const struct state_pause *pause)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, pause->until_ms);
    return store_put_setting(store, pause_setting, pause->paused ? text : NULL);
}
