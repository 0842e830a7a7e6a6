/* What an account can mirror: its own drives, those of its groups and sites, folders that
 * others share, each with the word for `agent add --drive`; and where such a word leads.
 *
 * Graph: list drives, memberOf, followed sites, search sites, lists, sharedWithMe, shares.
 */
#ifndef AGENT_DRIVES_H
#define AGENT_DRIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ask.h"
#include "agent/failure.h"

enum { DRIVES_WORD_SIZE = 1100, DRIVES_FOLDER_SIZE = 2048 };

/* A plain value; texts are borrowed for the call. */
struct drives_entry {
    const char *word;  /* what to put behind --drive */
    const char *kind;  /* "own", "group", "library" or "shared" */
    const char *name;  /* of the drive, group, library or folder */
    const char *place; /* owner or site, "" where not known */
    const char *url;   /* its page in the browser, "" where not known */
};

struct drives_callbacks {
    void (*on_entry)(void *user, const struct drives_entry *entry);
    /* A part that could not be listed, and why: not an error. */
    void (*on_note)(void *user, const char *text);
};

/* Lists everything, or with `search` what has that text in its name or place. FAILURE only
 * where not even the own drive can be asked for. */
enum failure_kind drives_list(struct ask *ask, const char *search,
                              const struct drives_callbacks *callbacks, void *user,
                              struct failure *failure);

/* Whether a word is the web address of a library or folder, or a sharing link. */
bool drives_is_address(const char *word);

/* Where a word leads; plain values, cut where they are for people only. */
struct drives_found {
    char word[DRIVES_WORD_SIZE];     /* one of the five forms, for `drive =` */
    char folder[DRIVES_FOLDER_SIZE]; /* inside the drive, for `folders =`; "": all of it */
    char id[513];
    char name[256];
    char owner[256];
    char web_url[1024];
    int64_t children; /* directly in the drive's root or the folder; negative: not known */
    int64_t size;     /* bytes of all that lies in it; negative: not known */
};

/* Looks up one of the five forms, or a web address. FAILURE_CONFIG: there is no such drive
 * or folder; FAILURE_SIGN_IN: this sign-in may not see it. */
enum failure_kind drives_resolve(struct ask *ask, const char *word,
                                 struct drives_found *out, struct failure *failure);

#endif
