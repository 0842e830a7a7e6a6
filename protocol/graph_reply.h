/* Graph's answers other than pages: errors, the notification endpoint, drives, lists.
 *
 * Each function parses one body; it writes its out value only on true. Texts are copied
 * and cut at the size of the field where the field is for people, refused where it is an
 * id. Source: Graph: error resource; subscription; drive; group; site; list.
 */
#ifndef PROTOCOL_GRAPH_REPLY_H
#define PROTOCOL_GRAPH_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Codes that make a difference to us, at any nesting level, most specific wins. */
enum graph_error_code {
    GRAPH_ERROR_OTHER, /* the status decides */
    GRAPH_ERROR_NOT_SUPPORTED,
    GRAPH_ERROR_ITEM_NOT_FOUND,
    GRAPH_ERROR_ACCESS_DENIED,
    GRAPH_ERROR_MALWARE,
    GRAPH_ERROR_RESYNC_APPLY,  /* resyncChangesApplyDifferences, resyncRequired */
    GRAPH_ERROR_RESYNC_UPLOAD, /* resyncChangesUploadDifferences: delete nothing */
    GRAPH_ERROR_INVALID_REQUEST,
    GRAPH_ERROR_THROTTLED,
    GRAPH_ERROR_UNAUTHENTICATED,
};

struct graph_error {
    enum graph_error_code code;
    char code_text[64];  /* the most specific code as sent, printable; "" if none */
    char message[256];   /* for people, printable */
    char request_id[64]; /* for support */
};

/* Reads an error body. Never fails: an unreadable body gives GRAPH_ERROR_OTHER and empty
 * texts (the status decides). At most 4 KiB are looked at. */
void graph_error_parse(const uint8_t *body, size_t size, struct graph_error *out);

struct graph_subscription {
    char url[4097];     /* notificationUrl: secret */
    int64_t expires_ms; /* wall clock, since 1970; GRAPH_UNKNOWN */
};
bool graph_subscription_parse(const uint8_t *body, size_t size,
                              struct graph_subscription *out);

struct graph_drive_info {
    char id[513];
    char type[32]; /* personal, business, documentLibrary */
    char name[256];
    char owner[256];
    char web_url[1024];
    int64_t used; /* bytes; GRAPH_UNKNOWN */
};
bool graph_drive_info_parse(const uint8_t *body, size_t size, struct graph_drive_info *out);

/* Whether two ids of drives, as they came, name the same drive. */
bool graph_same_drive(const char *one, const char *other);

/* One entry of a list of drives, groups, sites or lists. */
struct graph_named {
    char id[513];
    char name[256];
    char web_url[1024];
    char type[32]; /* driveType, list template, or "folder" */
};
typedef void graph_named_fn(void *user, const struct graph_named *named);
/* Calls `each` for every usable entry of `value`; `next` (size GRAPH_URL... 16 KiB + 1)
 * gets the next link or "". False: not a list. */
bool graph_named_parse(const uint8_t *body, size_t size, char *next, size_t next_size,
                       graph_named_fn *each, void *user);

/* A folder or file and where it is. */
struct graph_place {
    char drive_id[513];
    char path[2048]; /* from the drive's root, "" for the root itself */
    bool is_folder;
    int64_t children; /* directly in it; GRAPH_UNKNOWN */
    int64_t size;     /* bytes, with all that lies in it; GRAPH_UNKNOWN */
};
bool graph_place_parse(const uint8_t *body, size_t size, struct graph_place *out);

/* A time such as 2026-10-01T12:00:00.1234567Z (or with an offset), strictly; milliseconds
 * since 1970, or GRAPH_UNKNOWN (F-145). */
int64_t graph_time_parse(const char *text);

#endif
