/* What the guard lets pass cJSON can read; elements lie inside their array in order; a
 * blanked element is one that passes (F-40, F-122, F-143). */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json_guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_blank(const char *text, const struct json_item *item)
{
    char *copy = malloc(item->size);
    if (copy == NULL)
        return;
    memcpy(copy, text + item->offset, item->size);
    enum json_verdict verdict = json_guard_blank(copy, item->size, &json_limits_graph);
    check(verdict == JSON_OK);
    /* Two faulty keys of one size become the same key. */
    verdict = json_guard_check(copy, item->size, &json_limits_graph);
    check(verdict == JSON_OK || verdict == JSON_DUPLICATE_KEY);
    free(copy);
}

static void check_items(const char *text, size_t size, const char *member)
{
    struct json_items items;
    if (json_guard_items(text, size, member, &json_limits_graph, &items) != JSON_OK)
        return;
    size_t at = items.array_offset;
    for (size_t i = 0; i < items.count; i++) {
        check(items.list[i].offset > at && items.list[i].size > 0);
        at = items.list[i].offset + items.list[i].size;
        check_blank(text, &items.list[i]);
    }
    check(items.count == 0 || at < items.array_offset + items.array_size);
    check(items.array_offset + items.array_size <= size);
    json_items_clear(&items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    if (json_guard_check(text, size, &json_limits_graph) == JSON_OK) {
        cJSON *json = cJSON_ParseWithLength(text, size);
        check(json != NULL);
        cJSON_Delete(json);
    }
    check_items(text, size, "value");
    check_items(text, size, NULL);
    return 0;
}
