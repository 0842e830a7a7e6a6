/* Any body of any answer must be read or refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/graph_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *user, const struct graph_named *named)
{
    (void)user;
    (void)named;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct graph_error error;
    struct graph_subscription subscription;
    struct graph_drive_info drive;
    char next[256];
    graph_error_parse(data, size, &error);
    (void)graph_subscription_parse(data, size, &subscription);
    (void)graph_drive_info_parse(data, size, &drive);
    (void)graph_named_parse(data, size, next, sizeof next, ignore, NULL);
    char *text = malloc(size + 1);
    if (text != NULL) {
        memcpy(text, data, size);
        text[size] = 0;
        (void)graph_time_parse(text);
    }
    free(text);
    return 0;
}
