/* One complete download, hashed as it comes: into memory for a small file, into a partial
 * of the working folder for any other.
 *
 *   service_fetch -> on_head -> on_bytes -> (buffer -> pool: write, hash) -> on_done
 *
 * The loop never writes to the disk: bytes are collected in two buffers, one of which the
 * pool writes and hashes while the other fills; when both are full the transfer pauses.
 *
 * fetch_start() ... `done` exactly once, never inside the start call; then the fetch is
 * gone. fetch_cancel() ends it without. Nothing is verified here: sync/verdict.h does.
 */
#ifndef AGENT_SYNC_FETCH_H
#define AGENT_SYNC_FETCH_H

#include "agent/sync/context.h"
#include "store/store_item.h"

/* What memory takes at most; more than listed is allowed for, up to this (F-99). */
enum { FETCH_SMALL = 256 * 1024, FETCH_MEMORY_MAX = 1024 * 1024 };

struct fetch;

struct fetch_request {
    const char *item_id;
    const char *fresh_url; /* NULL: asked for */
    uint8_t hash_kind;
    int64_t listed_size; /* STORE_UNKNOWN */
    int fd;              /* of the partial, closed by fetch; -1: to memory */
    uint64_t offset;     /* what the partial holds already */
    uint64_t *counted;   /* goes with the bytes that are here, as status shows them */
};

struct fetch_result {
    struct failure failure; /* kind NONE: an answer came, `status` */
    int status;             /* 2xx: the content is complete */
    struct graph_error error;
    bool is_too_large; /* for memory: use a partial */
    uint8_t *content;  /* from memory; taken over by setting it to NULL */
    int64_t size;      /* of the complete content, or what the partial holds */
    struct store_hash hash;
};

typedef void fetch_done_fn(void *user, struct fetch_result *result);

/* Texts are copied. NULL: `failure`; the descriptor is closed. */
struct fetch *fetch_start(const struct sync_context *context,
                          const struct fetch_request *request, fetch_done_fn *done,
                          void *user, struct failure *failure);
void fetch_cancel(struct fetch *fetch);

#endif
