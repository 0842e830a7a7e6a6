#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/cli/add_ask.h"
#include "agent/cli/cmd.h"
#include "agent/cli/output.h"
#include "agent/cli/remote.h"
#include "agent/desktop/bookmark.h"
#include "agent/drives.h"
#include "agent/log.h"
#include "agent/scope.h"
#include "agent/signals.h"
#include "agent/words.h"

/* What is to be registered; plain texts. */
struct wish {
    char folder[PATH_MAX];
    char name[64];
    const char *drive; /* as it was given: one of the five forms, or a web address */
    struct drives_found found; /* its word is that of `drive =` */
};

/* The folder as an absolute path: links resolved where it exists, else in its parent. */
static bool find_folder(const char *word, char *out, size_t out_size)
{
    SCOPED(scope_free) char *real = realpath(word, NULL);
    if (real != NULL)
        return snprintf(out, out_size, "%s", real) < (int)out_size;
    SCOPED(scope_free) char *copy = strdup(word);
    if (copy == NULL || errno != ENOENT)
        return false;
    size_t size = strlen(copy);
    while (size > 1 && copy[size - 1] == '/')
        copy[--size] = '\0';
    char *slash = strrchr(copy, '/');
    const char *base = slash == NULL ? copy : slash + 1;
    if (base[0] == '\0' || strcmp(base, "..") == 0)
        return false;
    if (slash != NULL)
        *slash = '\0';
    char parent[PATH_MAX];
    const char *above = slash == NULL ? "." : (copy[0] == '\0' ? "/" : copy);
    if (!find_folder(above, parent, sizeof parent))
        return false;
    const char *gap = strcmp(parent, "/") == 0 ? "" : "/";
    return snprintf(out, out_size, "%s%s%s", parent, gap, base) < (int)out_size;
}

/* UTF-8: not the first byte of a character. */
static bool is_within_character(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* The folder's own name in lower case, without what a name may not have. */
static void default_name(const char *folder, char *out, size_t out_size)
{
    const char *at = strrchr(folder, '/') + 1;
    size_t used = 0;
    for (; *at != '\0' && used + 1 < out_size && used < CONFIG_MAX_NAME; at++) {
        out[used] = (char)tolower((unsigned char)*at);
        if (strchr("[];#\"'\\ \t", *at) != NULL || (used == 0 && *at == '-'))
            out[used] = '_';
        used++;
    }
    /* One that was cut within a character ends before it. */
    if (is_within_character(*at)) {
        do
            used--;
        while (used > 0 && is_within_character(out[used]));
    }
    out[used] = '\0';
}

static enum failure_kind check_overlap(const struct config *config, const struct wish *wish,
                                       struct failure *failure)
{
    for (size_t i = 0; i < config->mirror_count; i++) {
        const struct config_mirror *other = &config->mirrors[i];
        int overlap = config_folders_overlap(wish->folder, other->folder);
        if (overlap != 0)
            return failure_set(failure, FAILURE_CONFIG, 96,
                               overlap == 1
                                   ? N_("%s is already the mirror %s, %s: choose a "
                                        "folder of its own")
                                   : N_("%s is inside or around the mirror %s, %s: "
                                        "choose a folder of its own"),
                               wish->folder, other->name, other->folder);
    }
    return FAILURE_NONE;
}

static enum failure_kind check_folder(const struct config *config, const char *word,
                                      struct wish *out, struct failure *failure)
{
    if (!find_folder(word, out->folder, sizeof out->folder))
        return failure_set(failure, FAILURE_CONFIG, 159, "cannot find the folder %s: %s",
                           word, strerror(errno));
    const char *fault = config_folder_fault(config, out->folder);
    if (fault != NULL)
        return failure_set(failure, FAILURE_CONFIG, 159, "%s %s", out->folder, fault);
    if (access(out->folder, F_OK) == 0 && access(out->folder, R_OK | W_OK | X_OK) != 0)
        return failure_set(failure, FAILURE_RESOURCE, 14,
                           "no permission to write in %s: choose another folder",
                           out->folder);
    return check_overlap(config, out, failure);
}

static enum failure_kind check_name(const struct cmd_line *line,
                                    const struct config *config, struct wish *out,
                                    struct failure *failure)
{
    const char *name = cmd_value(line, "name");
    if (name == NULL)
        default_name(out->folder, out->name, sizeof out->name);
    else
        (void)snprintf(out->name, sizeof out->name, "%s", name);
    const char *fault = config_name_fault(name == NULL ? out->name : name);
    if (fault != NULL)
        return failure_set(failure, FAILURE_USAGE, 159, "%s: choose one with --name",
                           fault);
    if (config_find_mirror(config, out->name) != NULL)
        return failure_set(failure, FAILURE_CONFIG, 159,
                           "there is a mirror named %s already: choose another with --name",
                           out->name);
    return FAILURE_NONE;
}

static enum failure_kind check_drive(struct wish *wish, struct failure *failure)
{
    if (drives_is_address(wish->drive))
        return FAILURE_NONE;
    const char *fault = config_drive_fault(wish->drive);
    if (fault != NULL)
        return failure_set(failure, FAILURE_USAGE, 159,
                           "--drive %s, or a web address, not \"%s\"", fault, wish->drive);
    (void)snprintf(wish->found.word, sizeof wish->found.word, "%s", wish->drive);
    return FAILURE_NONE;
}

static enum failure_kind check_wish(const struct cmd_line *line,
                                    const struct config *config, const char *folder,
                                    struct wish *out, struct failure *failure)
{
    enum failure_kind kind = check_folder(config, folder, out, failure);
    if (kind == FAILURE_NONE)
        kind = check_name(line, config, out, failure);
    return kind == FAILURE_NONE ? check_drive(out, failure) : kind;
}

/* Free bytes of the disk that will hold the folder. */
static uint64_t free_bytes(const char *folder)
{
    struct statvfs info;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s", folder);
    while (statvfs(path, &info) != 0) {
        char *slash = strrchr(path, '/');
        if (slash == NULL || slash == path)
            return 0;
        *slash = '\0';
    }
    return (uint64_t)info.f_bavail * info.f_frsize;
}

/* "Documents (Team)", fit for a terminal. */
static const char *name_of(const struct drives_found *found, char *out, size_t out_size)
{
    char text[sizeof found->word + sizeof found->owner + 4];
    bool has_owner = found->owner[0] != '\0';
    (void)snprintf(text, sizeof text, "%s%s%s%s",
                   found->name[0] == '\0' ? found->word : found->name,
                   has_owner ? " (" : "", found->owner, has_owner ? ")" : "");
    return log_escape(text, out, out_size);
}

/* What will come, and whether there is room for it. */
static void tell_found(const struct wish *wish)
{
    char size[32];
    char room[32];
    char name[1024];
    char folder[DRIVES_FOLDER_SIZE];
    const struct drives_found *found = &wish->found;
    uint64_t free = free_bytes(wish->folder);
    (void)name_of(found, name, sizeof name);
    if (found->folder[0] == '\0')
        (void)printf(_("The drive %s:\n"), name);
    else
        (void)printf(_("The folder %s of the drive %s:\n"),
                     log_escape(found->folder, folder, sizeof folder), name);
    if (found->children >= 0)
        (void)printf(words_count("  %" PRId64 " item at its top\n",
                                 "  %" PRId64 " items at its top\n",
                                 (uint64_t)found->children),
                     found->children);
    if (found->size >= 0)
        (void)printf(_("  %s in all; %s are free here\n"),
                     output_bytes((uint64_t)found->size, size), output_bytes(free, room));
    (void)fflush(stdout);
    if (found->size >= 0 && (uint64_t)found->size > free)
        cmd_note("note: there is not enough room: choose a folder on another disk, or name "
                 "some with folders = in the configuration");
}

/* What lies in the folder already stays, whatever it is. */
static void tell_present(const struct wish *wish)
{
    uint64_t count = 0;
    DIR *folder = opendir(wish->folder);
    if (folder == NULL)
        return;
    for (const struct dirent *entry = readdir(folder); entry != NULL;
         entry = readdir(folder))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    (void)closedir(folder);
    if (count > 0)
        (void)printf(words_count("The folder holds %" PRIu64 " entry already: what equals "
                                 "the drive's is taken over, everything else is kept.\n",
                                 "The folder holds %" PRIu64
                                 " entries already: what equals "
                                 "the drive's is taken over, everything else is kept.\n",
                                 count),
                     count);
}

/* Says what will come, where somebody is signed in. Only a drive that is not there is a
 * reason against it: everything else may be better tomorrow. A web address says nothing
 * without the service. */
static enum failure_kind resolve(const struct config *config, struct wish *wish,
                                 struct failure *failure)
{
    struct failure own = {0};
    struct ask *ask = NULL;
    bool must = drives_is_address(wish->drive);
    if (config->client_id == NULL && !must)
        return FAILURE_NONE;
    ask = ask_open(config, &own);
    enum failure_kind kind = own.kind;
    if (ask != NULL)
        kind = drives_resolve(ask, wish->drive, &wish->found, &own);
    ask_close(ask);
    if (kind == FAILURE_CONFIG || (kind != FAILURE_NONE && must)) {
        *failure = own;
        return kind;
    }
    if (kind == FAILURE_NONE)
        tell_found(wish);
    else
        cmd_note("note: the drive was not looked at: %s", own.text);
    return FAILURE_NONE;
}

/* Among the places of the file manager, where the desktop keeps such. */
static void add_bookmark(const char *folder)
{
    struct failure failure = {0};
    bool is_there = false;
    if (bookmark_add(folder, &is_there, &failure) != FAILURE_NONE)
        cmd_note("note: the file manager has no bookmark of it: %s", failure.text);
    else if (is_there)
        (void)printf(_("The file manager has a bookmark of it.\n"));
}

static enum failure_kind register_wish(const struct config *config, const struct wish *wish,
                                       struct failure *failure)
{
    const struct config_addition addition = {.name = wish->name,
                                             .folder = wish->folder,
                                             .drive = wish->found.word,
                                             .only = wish->found.folder};
    return config_add_mirror(config->path, &addition, failure);
}

/* Tells a running agent, or how to begin. */
static int begin(const struct config *config, const struct wish *wish, bool has_bookmark)
{
    int code = 0;
    (void)printf(_("Added the mirror %s: %s <- %s\n"), wish->name, wish->folder,
                 wish->found.word);
    if (has_bookmark)
        add_bookmark(wish->folder);
    struct cJSON *request = remote_request("reload");
    if (request != NULL && remote_tell(config, request, &code))
        return code;
    (void)printf(_("No agent is running: begin with agent sync-now, or agent run.\n"));
    return 0;
}

int cmd_add(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    signals_ignore_broken_pipes();
    struct failure failure = {0};
    struct wish wish = {0};
    struct add_answers answers = {.drive = ""};
    bool asks = line->word_count == 0;
    wish.drive = cmd_value(line, "drive") == NULL ? "me" : cmd_value(line, "drive");
    enum failure_kind kind =
        asks ? add_ask(config, cmd_value(line, "drive"), &answers, &failure) : FAILURE_NONE;
    if (asks)
        wish.drive = answers.drive;
    if (kind == FAILURE_NONE)
        kind = check_wish(line, config, asks ? answers.folder : line->words[0], &wish,
                          &failure);
    if (kind == FAILURE_NONE)
        kind = resolve(config, &wish, &failure);
    if (kind == FAILURE_NONE)
        tell_present(&wish);
    if (kind == FAILURE_NONE && asks && !add_ask_yes(_("Begin?")))
        kind = failure_set(&failure, FAILURE_RESOURCE, 0, "nothing was added");
    if (kind == FAILURE_NONE)
        kind = register_wish(config, &wish, &failure);
    return kind == FAILURE_NONE ? begin(config, &wish, !cmd_has(line, "no-bookmark"))
                                : cmd_fail(&failure);
}
