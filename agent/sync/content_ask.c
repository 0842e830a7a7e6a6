/* The drive is asked about one item. A page of changes may come before the answer does and
 * tell of the item what is newer: then its record says more than the answer, which would
 * even bring back what has been deleted meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "agent/sync/content_parts.h"
#include "agent/sync/listing_store.h"
#include "protocol/graph_url.h"

/* Whether its record is as it was when the question was put. */
static bool is_as_asked(const struct transfer *transfer)
{
    struct store_remote remote;
    const char *etag = transfer->asked_etag;
    if (store_get_remote(transfer->content->context->store, transfer->asked, &remote) !=
            STORE_OK ||
        remote.gone)
        return false;
    if (remote.etag == NULL || etag == NULL)
        return remote.etag == etag;
    return strcmp(remote.etag, etag) == 0;
}

static void on_answer(void *user, const struct service_answer *answer,
                      const struct failure *failure)
{
    struct transfer *transfer = user;
    struct graph_page *owner;
    struct graph_item item;
    transfer->asking = NULL;
    if (failure != NULL) {
        content_trouble(transfer, failure);
        return;
    }
    int status = is_as_asked(transfer) ? answer->status : CONTENT_OUTDATED;
    if (status >= 200 && status < 300 &&
        graph_item_parse(answer->body, answer->size, &owner, &item) == GRAPH_PAGE_OK) {
        (void)listing_store_item(transfer->content->context, &item, false);
        graph_page_close(owner);
    }
    transfer->on_told(transfer, status);
}

bool content_ask(struct transfer *transfer, int64_t key,
                 void (*on_told)(struct transfer *transfer, int status))
{
    const struct sync_context *context = transfer->content->context;
    struct store_remote remote;
    struct failure failure;
    char path[GRAPH_URL_SIZE];
    if (store_get_remote(context->store, key, &remote) != STORE_OK || remote.id == NULL ||
        !graph_url_item(path, context->drive_id, remote.id))
        return false;
    free(transfer->asked_etag);
    transfer->asked_etag = remote.etag == NULL ? NULL : strdup(remote.etag);
    transfer->asked = key;
    transfer->on_told = on_told;
    transfer->stage = TRANSFER_ASKING;
    transfer->asking = service_get(context->service, SERVICE_CLASS_ITEM, path, on_answer,
                                   transfer, &failure);
    if (transfer->asking == NULL)
        content_trouble(transfer, &failure);
    return true;
}
