/* A server's records, up to where its certificate would have to be good: the first byte of
 * the input chooses the size of the pieces. Nobody who does not hold a trusted key is ever
 * believed, and there is an end. */
#include <stdlib.h>

#include "protocol/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool take_events(struct tls *tls)
{
    bool is_closed = false;
    for (struct tls_event event; tls_next(tls, &event);) {
        check(event.type == TLS_EVENT_CLOSED && event.status != TLS_OK && !is_closed);
        is_closed = true;
    }
    return is_closed;
}

static void take_output(struct tls *tls)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    while (tls_output(tls, &bytes, &size))
        tls_sent(tls, size);
}

static void run(struct tls_trust *trust, const uint8_t *data, size_t size, size_t step)
{
    struct tls *tls = tls_new(trust, "a.example", NULL);
    bool is_closed = false;
    check(tls != NULL);
    for (size_t at = 0; at < size && !is_closed;) {
        size_t piece = size - at < step ? size - at : step;
        tls_feed(tls, data + at, piece);
        is_closed = take_events(tls);
        take_output(tls);
        at += piece;
    }
    tls_finish(tls);
    check(take_events(tls) != is_closed);
    tls_free(tls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Seeding the generator takes longer than a run. */
    static struct tls_trust *trust;
    if (trust == NULL)
        trust = tls_trust_new();
    if (size > 0 && size <= 1 << 16 && trust != NULL)
        run(trust, data + 1, size - 1, (size_t)data[0] + 1);
    return 0;
}
