/* Where a word leads. A web address is looked for in three steps, each asking for more
 * rights than the one before: below the own drive, below a library of the site that it
 * names, and as a link that only the service understands. */
#include <stdio.h>
#include <string.h>

#include "agent/drives.h"
#include "agent/net/web_address.h"
#include "agent/words.h"
#include "protocol/graph_page.h"
#include "protocol/graph_reply.h"
#include "protocol/graph_url.h"

enum { FIND_MAX_LINK = 16 * 1024 + 1, FIND_MAX_PAGES = 20 };

static const char not_a_drive[] =
    N_("not a drive: %s: expects me, drive:ID, drive-list:DRIVEID, group:ID, "
       "site:SITEID/list:LISTID, or the web address of a library or folder");

/* 403: the sign-in may lack a permission that another one would have. */
static enum failure_kind class_of(int status)
{
    if (status == 401 || status == 403)
        return FAILURE_SIGN_IN;
    return status >= 500 || status == 429 ? FAILURE_TRANSIENT : FAILURE_CONFIG;
}

static enum failure_kind refuse(const struct ask_answer *answer, const char *word,
                                struct failure *failure)
{
    enum failure_kind kind = class_of(answer->status);
    return failure_set(failure, kind, 93, "no access to the drive %.200s: %s: %s", word,
                       answer->text,
                       kind == FAILURE_SIGN_IN ? _("sign in with agent login --all-drives")
                                               : _("see agent drives"));
}

/* Asks for something that must be there. FAILURE_NONE: `out` is to be cleared. */
static enum failure_kind ask_well(struct ask *ask, const char *path, const char *word,
                                  struct ask_answer *out, struct failure *failure)
{
    enum failure_kind kind = ask_graph(ask, path, out, failure);
    if (kind != FAILURE_NONE || out->status / 100 == 2)
        return kind;
    kind = refuse(out, word, failure);
    ask_answer_clear(out);
    return kind;
}

static void take_drive(struct drives_found *out, const struct graph_drive_info *info)
{
    (void)snprintf(out->id, sizeof out->id, "%s", info->id);
    (void)snprintf(out->name, sizeof out->name, "%s", info->name);
    (void)snprintf(out->owner, sizeof out->owner, "%s", info->owner);
    (void)snprintf(out->web_url, sizeof out->web_url, "%s", info->web_url);
    out->size = info->used;
    out->children = GRAPH_UNKNOWN;
}

static enum failure_kind ask_drive(struct ask *ask, const char *path, const char *word,
                                   struct drives_found *out, struct failure *failure)
{
    struct ask_answer answer;
    enum failure_kind kind = ask_well(ask, path, word, &answer, failure);
    if (kind != FAILURE_NONE)
        return kind;
    struct graph_drive_info info;
    if (graph_drive_info_parse(answer.body, answer.size, &info))
        take_drive(out, &info);
    else
        kind = failure_set(failure, FAILURE_PROTOCOL, 79,
                           "the answer for the drive %.200s is not one", word);
    ask_answer_clear(&answer);
    return kind;
}

static enum failure_kind ask_place(struct ask *ask, const char *path, const char *word,
                                   struct graph_place *out, struct failure *failure)
{
    struct ask_answer answer;
    enum failure_kind kind = ask_well(ask, path, word, &answer, failure);
    if (kind != FAILURE_NONE)
        return kind;
    if (!graph_place_parse(answer.body, answer.size, out))
        kind = failure_set(failure, FAILURE_PROTOCOL, 79,
                           "the answer for %.200s is not a folder's", word);
    else if (!out->is_folder)
        kind = failure_set(failure, FAILURE_CONFIG, 159,
                           "that is a file, and a mirror is of folders: %.200s", word);
    ask_answer_clear(&answer);
    return kind;
}

/* Says how much will come. Only for a folder that was asked for it is an error when there
 * is none. */
static enum failure_kind look(struct ask *ask, const char *word, struct drives_found *out,
                              struct failure *failure)
{
    char path[GRAPH_URL_SIZE];
    struct graph_place place;
    bool is_whole = out->folder[0] == '\0';
    if (!graph_url_place(path, out->id, out->folder))
        return failure_set(failure, FAILURE_CONFIG, 159, "not a folder: %.200s", word);
    enum failure_kind kind = ask_place(ask, path, word, &place, is_whole ? NULL : failure);
    if (kind != FAILURE_NONE)
        return is_whole ? FAILURE_NONE : kind;
    out->children = place.children;
    out->size = place.size;
    return FAILURE_NONE;
}

/* Web addresses. */

struct search {
    const struct web_address *address;
    struct drives_found *found; /* the nearest so far; its id is "" while there is none */
    size_t length;              /* of its own address */
};

static void on_library(void *user, const struct graph_named *drive)
{
    struct search *search = user;
    char folder[DRIVES_FOLDER_SIZE];
    size_t length = strlen(drive->web_url);
    if (length <= search->length ||
        !web_address_below(search->address, drive->web_url, folder, sizeof folder))
        return;
    search->length = length;
    (void)snprintf(search->found->id, sizeof search->found->id, "%s", drive->id);
    (void)snprintf(search->found->folder, sizeof search->found->folder, "%s", folder);
}

static enum failure_kind find_library(struct ask *ask, const char *word,
                                      const struct web_address *address,
                                      struct drives_found *out, struct failure *failure)
{
    char next[FIND_MAX_LINK];
    struct ask_answer answer;
    struct search search = {.address = address, .found = out};
    (void)snprintf(next, sizeof next, "%s/drives?$select=id,name,webUrl", address->site);
    for (int page = 0; page < FIND_MAX_PAGES && next[0] != '\0'; page++) {
        enum failure_kind kind = ask_well(ask, next, word, &answer, failure);
        if (kind != FAILURE_NONE)
            return kind;
        bool is_list = graph_named_parse(answer.body, answer.size, next, sizeof next,
                                         on_library, &search);
        ask_answer_clear(&answer);
        if (!is_list)
            break;
    }
    if (out->id[0] == '\0')
        return failure_set(failure, FAILURE_CONFIG, 159,
                           "no library of that site is at %.200s: see agent drives", word);
    return FAILURE_NONE;
}

/* The library or folder that the address itself names, in a drive that is not the own. */
static enum failure_kind find_elsewhere(struct ask *ask, const char *word,
                                        const struct web_address *address,
                                        struct drives_found *out, struct failure *failure)
{
    char path[GRAPH_URL_SIZE];
    struct graph_place place;
    if (!address->is_share && address->path[0] != '\0')
        return find_library(ask, word, address, out, failure);
    if (!address->is_share) {
        (void)snprintf(path, sizeof path, "%s/drive", address->site);
        return ask_drive(ask, path, word, out, failure);
    }
    if (!graph_url_share(path, word))
        return failure_set(failure, FAILURE_CONFIG, 159, "the address is too long");
    enum failure_kind kind = ask_place(ask, path, word, &place, failure);
    if (kind != FAILURE_NONE)
        return kind;
    (void)snprintf(out->id, sizeof out->id, "%s", place.drive_id);
    (void)snprintf(out->folder, sizeof out->folder, "%s", place.path);
    return FAILURE_NONE;
}

/* Fills `word` and `folder`. */
static enum failure_kind find_address(struct ask *ask, const char *word,
                                      struct drives_found *out, struct failure *failure)
{
    struct web_address address;
    struct drives_found own = {.id = ""};
    if (!web_address_parse(word, &address))
        return failure_set(failure, FAILURE_CONFIG, 159, not_a_drive, word);
    bool has_own = ask_drive(ask, "/me/drive", word, &own, NULL) == FAILURE_NONE;
    bool is_own = has_own && !address.is_share &&
                  web_address_below(&address, own.web_url, out->folder, sizeof out->folder);
    if (!is_own) {
        enum failure_kind kind = find_elsewhere(ask, word, &address, out, failure);
        if (kind != FAILURE_NONE)
            return kind;
        is_own = has_own && strcmp(own.id, out->id) == 0;
    }
    (void)snprintf(out->word, sizeof out->word, "%s%s",
                   is_own ? "me" : "drive:", is_own ? "" : out->id);
    return FAILURE_NONE;
}

bool drives_is_address(const char *word)
{
    return strncmp(word, "https://", strlen("https://")) == 0;
}

enum failure_kind drives_resolve(struct ask *ask, const char *word,
                                 struct drives_found *out, struct failure *failure)
{
    struct drives_found found = {.folder = ""};
    struct graph_drive drive;
    char path[GRAPH_URL_SIZE];
    enum failure_kind kind = FAILURE_NONE;
    if (drives_is_address(word))
        kind = find_address(ask, word, &found, failure);
    else
        (void)snprintf(found.word, sizeof found.word, "%s", word);
    if (kind != FAILURE_NONE)
        return kind;
    if (!graph_drive_parse(found.word, &drive) || !graph_url_drive(path, &drive))
        return failure_set(failure, FAILURE_CONFIG, 159, not_a_drive, word);
    kind = ask_drive(ask, path, word, &found, failure);
    if (kind == FAILURE_NONE)
        kind = look(ask, word, &found, failure);
    if (kind == FAILURE_NONE)
        *out = found;
    return kind;
}
