/* A page of a delta query (or of `children`) as a sequence of drive items and one link.
 *
 * Sequence: graph_page_open() over a whole body, graph_page_next() until it answers
 * false, then read the links; graph_page_close(). Items are parsed one at a time, so that
 * memory does not grow with the page.
 *
 * The body is refused as a whole where its shape is not that of a page (F-79, F-122,
 * F-143); an item that cannot be used is delivered with a flaw and holds up nothing else
 * (F-38, F-40, F-41, F-144, F-146).
 *
 * Source: Graph: driveItem delta; driveItem resource type.
 */
#ifndef PROTOCOL_GRAPH_PAGE_H
#define PROTOCOL_GRAPH_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GRAPH_MAX_ID = 512,        /* bytes */
    GRAPH_MAX_NAME = 1024,     /* bytes, in state; what the disk holds is less */
    GRAPH_MAX_TAG = 512,       /* bytes */
    GRAPH_MAX_URL = 16 * 1024, /* bytes */
    GRAPH_MAX_PAGE_ITEMS = 5000,
    GRAPH_MAX_HASH = 32, /* bytes: SHA-256 */
};

#define GRAPH_MAX_BODY      ((size_t)32 * 1024 * 1024)
#define GRAPH_MAX_FILE_SIZE ((int64_t)1 << 50)
/* Stands for a size or a time that is absent or unusable. */
#define GRAPH_UNKNOWN INT64_MIN

enum graph_kind {
    GRAPH_KIND_UNKNOWN, /* no facet that says what it is */
    GRAPH_KIND_FILE,
    GRAPH_KIND_FOLDER,
    GRAPH_KIND_ROOT,    /* the drive's root folder */
    GRAPH_KIND_PACKAGE, /* a notebook or the like: not mirrored */
    GRAPH_KIND_BUNDLE,  /* an album: not mirrored */
    GRAPH_KIND_LINK,    /* remoteItem: a shortcut into another drive: not mirrored */
};

enum graph_hash_kind { /* the order of preference */
                       GRAPH_HASH_NONE,
                       GRAPH_HASH_QUICKXOR, /* 20 bytes */
                       GRAPH_HASH_SHA256,   /* 32 bytes */
                       GRAPH_HASH_SHA1,     /* 20 bytes */
};

/* Why an item cannot be used as it is. Its id is still valid, but for GRAPH_FLAW_ID. */
enum graph_flaw {
    GRAPH_FLAW_NONE,
    GRAPH_FLAW_ID,   /* no usable id: the item cannot even be named (F-146) */
    GRAPH_FLAW_TEXT, /* not valid text: bad UTF-8, lone surrogate, NUL (F-40) */
    GRAPH_FLAW_NAME, /* absent where needed, too long, empty (F-38, F-41) */
    GRAPH_FLAW_SIZE, /* negative, fractional, too large (F-144) */
};

/* A plain value. All pointers are borrowed until the next graph_page_next() or
 * graph_page_close(); NULL where the service sent nothing. */
struct graph_item {
    const char *id;
    const char *name;
    const char *parent_id;
    const char *drive_id;
    const char *etag;
    const char *ctag;
    const char *download_url; /* secret, short-lived */
    const char *mime_type;
    const char *editor; /* display name of who changed it last */
    int64_t size;       /* bytes; GRAPH_UNKNOWN */
    int64_t mtime_ms;   /* fileSystemInfo's, since 1970; GRAPH_UNKNOWN (F-145) */
    enum graph_kind kind;
    enum graph_hash_kind hash_kind;
    uint8_t hash[GRAPH_MAX_HASH];
    enum graph_flaw flaw;
    bool deleted;
    bool malware;
    bool pending_content; /* the service has a queued change of the content */
};

enum graph_page_status {
    GRAPH_PAGE_OK,
    GRAPH_PAGE_BAD_JSON,  /* not JSON, or beyond a limit of failure-model 7 */
    GRAPH_PAGE_BAD_SHAPE, /* no `value` array, neither or both links (F-77, F-79) */
    GRAPH_PAGE_TOO_MANY,  /* more than GRAPH_MAX_PAGE_ITEMS */
    GRAPH_PAGE_NO_MEMORY,
};

struct graph_page;

/* Reads the frame of a page. `body` is borrowed until graph_page_close(). On
 * GRAPH_PAGE_OK `*out` is owned by the caller; else untouched. A page with both links is
 * refused; one with neither is refused unless `links_optional` (a children listing). */
enum graph_page_status graph_page_open(const uint8_t *body, size_t size,
                                       bool links_optional, struct graph_page **out);

/* Takes the next item. False when there is none. */
bool graph_page_next(struct graph_page *page, struct graph_item *out);

/* Number of items of the page. */
size_t graph_page_count(const struct graph_page *page);

/* The link to the next page, or to the next change set: one of them is NULL. Borrowed
 * until graph_page_close(). Opaque: to be requested byte for byte. */
const char *graph_page_next_link(const struct graph_page *page);
const char *graph_page_delta_link(const struct graph_page *page);

void graph_page_close(struct graph_page *page);

/* What a status means, for people. */
const char *graph_page_status_text(enum graph_page_status status);

/* Parses one driveItem body (GET of an item). Only GRAPH_PAGE_OK fills `*out`, whose
 * pointers live until graph_page_close(*owner). */
enum graph_page_status graph_item_parse(const uint8_t *body, size_t size,
                                        struct graph_page **owner, struct graph_item *out);

#endif
