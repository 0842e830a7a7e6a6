/* What wants a person, as desktop notifications, and what comes of their actions (config:
 * [desktop] notifications). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent_parts.h"
#include "agent/log.h"
#include "agent/program.h"
#include "agent/words.h"

enum { NOTICE_TEXT = 512, NOTICE_ANOTHER_DRIVE = 64, NOTICE_ROOT_DELETED = 89 };

/* All that holds now; a notice borrows the text of its own place. */
struct notices {
    struct notify_notice list[NOTIFY_MAX_NOTICES];
    char texts[NOTIFY_MAX_NOTICES][NOTICE_TEXT];
    size_t count;
};

/* Where the text of the next notice goes; NULL: enough of them. */
static char *add(struct notices *notices, const struct notify_notice *notice)
{
    if (notices->count == NOTIFY_MAX_NOTICES)
        return NULL;
    size_t at = notices->count++;
    notices->list[at] = *notice;
    notices->list[at].body = notices->texts[at];
    return notices->texts[at];
}

static void add_failure(struct notices *notices, const struct notify_notice *notice,
                        const struct failure *failure)
{
    char *text = add(notices, notice);
    if (text != NULL)
        (void)snprintf(text, NOTICE_TEXT, "%.64s%s%.400s", notice->subject,
                       notice->subject[0] == '\0' ? "" : ": ", failure->text);
}

static void add_sign_in(struct notices *notices, const struct agent *agent)
{
    const struct notify_notice notice = {.condition = NOTIFY_SIGN_IN,
                                         .subject = "",
                                         .summary = _("Please sign in again"),
                                         .stays = true,
                                         .actions = {{"sign-in", _("Sign in")}}};
    if (agent->sign_in.kind != FAILURE_NONE)
        add_failure(notices, &notice, &agent->sign_in);
}

static void add_deletions(struct notices *notices, const char *name, uint64_t count)
{
    const struct notify_notice notice = {
        .condition = NOTIFY_BIG_DELETION,
        .subject = name,
        .summary = _("Many files were deleted on the drive"),
        .stays = true,
        .actions = {{"approve", _("Delete here too")}, {"refuse", _("Keep the files")}}
    };
    char *text = add(notices, &notice);
    if (text != NULL)
        (void)snprintf(
            text, NOTICE_TEXT,
            words_count("%s: %" PRIu64 " deletion waits for your word: agent approve",
                        "%s: %" PRIu64 " deletions wait for your word: agent approve",
                        count),
            name, count);
}

/* A folder that may be the right one can be confirmed; another drive's cannot. */
static void add_folder(struct notices *notices, const char *name,
                       const struct failure *failure)
{
    struct notify_notice notice = {.condition = NOTIFY_FOLDER,
                                   .subject = name,
                                   .summary = _("The folder is not as it was left"),
                                   .stays = true};
    if (failure->number != NOTICE_ANOTHER_DRIVE && failure->number != NOTICE_ROOT_DELETED)
        notice.actions[0] = (struct notify_action){"approve", _("It is the right folder")};
    add_failure(notices, &notice, failure);
}

static void add_disk(struct notices *notices, const char *name,
                     const struct failure *failure)
{
    const struct notify_notice notice = {.condition = NOTIFY_DISK,
                                         .subject = name,
                                         .summary = _("Files cannot be written"),
                                         .stays = true,
                                         .actions = {{"show", _("Show the folder")}}};
    add_failure(notices, &notice, failure);
}

static void add_conflicts(struct notices *notices, const char *name, uint64_t count)
{
    const struct notify_notice notice = {.condition = NOTIFY_CONFLICT,
                                         .subject = name,
                                         .summary = _("Edited on both sides"),
                                         .actions = {{"show", _("Show the folder")}}};
    char *text = add(notices, &notice);
    if (text != NULL)
        (void)snprintf(
            text, NOTICE_TEXT,
            words_count("%s: %" PRIu64 " of your versions was kept beside the drive's: "
                        "agent inspect conflicts",
                        "%s: %" PRIu64 " of your versions were kept beside the drive's: "
                        "agent inspect conflicts",
                        count),
            name, count);
}

static void look_at_mirror(const struct mirror *mirror, struct notices *notices)
{
    const struct mirror_status *status = mirror_status(mirror);
    const char *name = mirror_name(mirror);
    if (status->held_deletions > 0)
        add_deletions(notices, name, status->held_deletions);
    else if (status->state == MIRROR_GUARDED)
        add_folder(notices, name, &status->failure);
    if (status->failure.kind == FAILURE_RESOURCE)
        add_disk(notices, name, &status->failure);
    if (status->conflicts > 0)
        add_conflicts(notices, name, status->conflicts);
}

void agent_notices_update(struct agent *agent)
{
    struct notices notices = {.count = 0};
    add_sign_in(&notices, agent);
    for (size_t i = 0; i < agent->assembly.mirror_count; i++)
        look_at_mirror(agent->assembly.mirrors[i].mirror, &notices);
    surroundings_tell(agent->surroundings, notices.list, notices.count);
}

/* The sign-in is a program of its own: it waits for the browser, and tells us when it has
 * the tokens. */
static void sign_in(struct agent *agent)
{
    const struct config *config = agent->assembly.config;
    char self[PATH_MAX];
    if (!program_path(self))
        return;
    const char *const words[] = {self,         "login",       "--browser",       "--config",
                                 config->path, "--state-dir", config->state_dir, NULL};
    launch_program(surroundings_launch(agent->surroundings), words);
}

void agent_notices_action(void *user, enum notify_condition condition, const char *subject,
                          const char *key)
{
    struct agent *agent = user;
    const struct assembly_mirror *slot = assembly_find(&agent->assembly, subject);
    log_line(LOG_LEVEL_INFO, 0, slot == NULL ? NULL : subject, "a person chose: %s", key);
    if (condition == NOTIFY_SIGN_IN)
        sign_in(agent);
    else if (slot != NULL && strcmp(key, "show") == 0)
        launch_folder(surroundings_launch(agent->surroundings), slot->entry->folder);
    else if (slot != NULL && strcmp(key, "approve") == 0)
        (void)mirror_approve(slot->mirror);
    else if (slot != NULL && strcmp(key, "refuse") == 0)
        (void)mirror_refuse(slot->mirror);
}
