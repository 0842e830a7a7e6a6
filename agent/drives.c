#include "agent/drives.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/words.h"
#include "protocol/bytes.h"
#include "protocol/graph_reply.h"
#include "protocol/graph_url.h"
#include "protocol/percent.h"
#include "protocol/url.h"

enum {
    DRIVES_MAX_PAGES = 20,
    DRIVES_MAX_LINK = 16 * 1024 + 1,
    DRIVES_MAX_SITES = 200,
    DRIVES_MAX_SEEN = 1024 * 1024
};

/* A walk over all lists. */
struct listing {
    struct ask *ask;
    const struct drives_callbacks *callbacks;
    void *user;
    const char *search;  /* NULL: everything */
    char own[513];       /* id of the own drive: it is listed only once */
    struct bytes seen;   /* ids of sites, each with a newline around it */
    size_t sites;        /* looked into so far */
    const char *site_id; /* while the lists of one are read */
    const char *site_name;
};

static void note(struct listing *listing, const char *what, const char *why)
{
    char text[640];
    (void)snprintf(text, sizeof text, _("%s cannot be listed: %s"), what, why);
    listing->callbacks->on_note(listing->user, text);
}

static void tell(struct listing *listing, const struct drives_entry *entry)
{
    if (listing->search != NULL && strcasestr(entry->name, listing->search) == NULL &&
        strcasestr(entry->place, listing->search) == NULL)
        return;
    listing->callbacks->on_entry(listing->user, entry);
}

/* 403: the sign-in may lack a permission that another one would have. */
static void note_refusal(struct listing *listing, const char *what,
                         const struct ask_answer *answer)
{
    char why[512];
    bool is_denied = answer->status == 403;
    (void)snprintf(why, sizeof why, "%s%s%s", answer->text, is_denied ? ": " : "",
                   is_denied ? _("sign in with agent login --all-drives") : "");
    note(listing, what, why);
}

/* Asks for all pages of a list. Failures become a note; `what` names the list. */
static void each_named(struct listing *listing, const char *path, const char *what,
                       graph_named_fn *each)
{
    char next[DRIVES_MAX_LINK];
    (void)snprintf(next, sizeof next, "%s", path);
    for (int page = 0; page < DRIVES_MAX_PAGES && next[0] != '\0'; page++) {
        struct failure failure = {0};
        struct ask_answer answer;
        if (ask_graph(listing->ask, next, &answer, &failure) != FAILURE_NONE) {
            note(listing, what, failure.text);
            return;
        }
        bool good = answer.status / 100 == 2;
        if (!good)
            note_refusal(listing, what, &answer);
        else if (!graph_named_parse(answer.body, answer.size, next, sizeof next, each,
                                    listing)) {
            note(listing, what, _("the answer is not a list"));
            good = false;
        }
        ask_answer_clear(&answer);
        if (!good)
            return;
    }
}

static enum failure_kind list_own(struct listing *listing, struct failure *failure)
{
    struct drives_found found;
    enum failure_kind kind = drives_resolve(listing->ask, "me", &found, failure);
    if (kind != FAILURE_NONE)
        return kind;
    (void)snprintf(listing->own, sizeof listing->own, "%s", found.id);
    const struct drives_entry entry = {.word = "me",
                                       .kind = "own",
                                       .name =
                                           found.name[0] == '\0' ? "OneDrive" : found.name,
                                       .place = found.owner,
                                       .url = ""};
    tell(listing, &entry);
    return FAILURE_NONE;
}

static void on_drive(void *user, const struct graph_named *drive)
{
    struct listing *listing = user;
    /* A personal account lists hidden system drives here that answer nothing. */
    if (strcmp(drive->id, listing->own) == 0 || strcmp(drive->type, "personal") == 0)
        return;
    char word[DRIVES_WORD_SIZE];
    (void)snprintf(word, sizeof word, "drive:%s", drive->id);
    const struct drives_entry entry = {.word = word,
                                       .kind = "own",
                                       .name = drive->name,
                                       .place = "",
                                       .url = drive->web_url};
    tell(listing, &entry);
}

static void on_group(void *user, const struct graph_named *group)
{
    struct listing *listing = user;
    char word[DRIVES_WORD_SIZE];
    (void)snprintf(word, sizeof word, "group:%s", group->id);
    struct drives_found found;
    struct failure failure = {0};
    /* A group without a drive (no licence, a security group) is nothing to mirror. */
    if (drives_resolve(listing->ask, word, &found, &failure) != FAILURE_NONE)
        return;
    const struct drives_entry entry = {.word = word,
                                       .kind = "group",
                                       .name = group->name[0] == '\0' ? found.name
                                                                      : group->name,
                                       .place = found.owner,
                                       .url = ""};
    tell(listing, &entry);
}

static void on_list(void *user, const struct graph_named *list)
{
    struct listing *listing = user;
    if (strcmp(list->type, "documentLibrary") != 0)
        return;
    char word[DRIVES_WORD_SIZE];
    (void)snprintf(word, sizeof word, "site:%s/list:%s", listing->site_id, list->id);
    const struct drives_entry entry = {.word = word,
                                       .kind = "library",
                                       .name = list->name,
                                       .place = listing->site_name,
                                       .url = list->web_url};
    tell(listing, &entry);
}

/* Sites come twice where one is both followed and found. */
static bool is_new_site(struct bytes *seen, const char *id)
{
    char line[600];
    (void)snprintf(line, sizeof line, "\n%s\n", id);
    const char *text = bytes_text(seen);
    if (text != NULL && strstr(text, line) != NULL)
        return false;
    return bytes_append_text(seen, line);
}

static void on_site(void *user, const struct graph_named *site)
{
    struct listing *listing = user;
    if (!is_new_site(&listing->seen, site->id) || listing->sites == DRIVES_MAX_SITES)
        return;
    listing->sites++;
    struct bytes path;
    bytes_init(&path, GRAPH_URL_SIZE);
    if (bytes_append_text(&path, "/sites/") &&
        url_append_segment(&path, site->id, strlen(site->id)) &&
        bytes_append_text(&path, "/lists?$select=id,name,displayName,list,webUrl") &&
        bytes_text(&path) != NULL) {
        char what[300];
        (void)snprintf(what, sizeof what, _("the libraries of %s"), site->name);
        listing->site_id = site->id;
        listing->site_name = site->name;
        each_named(listing, bytes_text(&path), what, on_list);
    }
    bytes_clear(&path);
}

/* What others share; a file is nothing to mirror. */
static void on_shared(void *user, const struct graph_named *item)
{
    struct listing *listing = user;
    if (strcmp(item->type, "folder") != 0 || !drives_is_address(item->web_url))
        return;
    const struct drives_entry entry = {.word = item->web_url,
                                       .kind = "shared",
                                       .name = item->name,
                                       .place = "",
                                       .url = item->web_url};
    tell(listing, &entry);
}

/* Sites are found by the service, all of them or by name. */
static void each_found_site(struct listing *listing)
{
    struct bytes path;
    const char *search = listing->search == NULL ? "*" : listing->search;
    bytes_init(&path, GRAPH_URL_SIZE);
    if (bytes_append_text(&path, "/sites?search=") && percent_encode(search, &path) &&
        bytes_text(&path) != NULL)
        each_named(listing, bytes_text(&path), _("the sites you can see"), on_site);
    bytes_clear(&path);
}

enum failure_kind drives_list(struct ask *ask, const char *search,
                              const struct drives_callbacks *callbacks, void *user,
                              struct failure *failure)
{
    struct listing listing = {
        .ask = ask, .callbacks = callbacks, .user = user, .search = search};
    bytes_init(&listing.seen, DRIVES_MAX_SEEN);
    enum failure_kind kind = list_own(&listing, failure);
    if (kind != FAILURE_NONE)
        return kind;
    each_named(&listing, "/me/drives", _("further drives of yours"), on_drive);
    each_named(&listing, "/me/memberOf/microsoft.graph.group?$select=id,displayName",
               _("your groups"), on_group);
    each_named(&listing, "/me/followedSites", _("the sites you follow"), on_site);
    each_found_site(&listing);
    each_named(&listing, "/me/drive/sharedWithMe", _("what others share"), on_shared);
    bytes_clear(&listing.seen);
    return FAILURE_NONE;
}
