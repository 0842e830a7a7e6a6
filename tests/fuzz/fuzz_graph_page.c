/* Any body must give a page, or a status: no crash, no read past the end. */
#include <stddef.h>
#include <stdint.h>

#include "protocol/graph_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct graph_page *page = NULL;
    struct graph_item item;
    if (graph_page_open(data, size, true, &page) == GRAPH_PAGE_OK) {
        while (graph_page_next(page, &item))
            if (item.flaw != GRAPH_FLAW_ID && item.id[0] == 0)
                __builtin_trap();
        graph_page_close(page);
    }
    if (graph_item_parse(data, size, &page, &item) == GRAPH_PAGE_OK)
        graph_page_close(page);
    return 0;
}
