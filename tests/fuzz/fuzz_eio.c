/* Any messages must give events or an end. The input is a list of messages, each behind a
 * byte for its size and one whose lowest bit says that it is binary. */
#include <stdlib.h>

#include "protocol/eio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eio_config config = {4, 1000, 300000, 1000, 120000};
    config.generation = size > 0 && data[0] % 2 == 1 ? 3 : 4;
    struct eio *eio = eio_new(&config);
    uint64_t now_ms = 0;
    for (size_t at = 1; eio != NULL && at + 2 <= size;) {
        size_t left = size - at - 2;
        size_t message_size = data[at] < left ? data[at] : left;
        struct eio_event event;
        const char *text = NULL;
        size_t text_size = 0;
        (void)eio_feed(eio, data[at + 1] % 2 == 1, data + at + 2, message_size, now_ms);
        if (eio_next(eio, &event) && event.size > message_size)
            abort();
        now_ms += (uint64_t)data[at + 1] * 500;
        (void)eio_tick(eio, now_ms);
        while (eio_output(eio, &text, &text_size))
            if (text_size == 0 || (text[0] != '2' && text[0] != '3'))
                abort();
        at += 2 + message_size;
    }
    eio_free(eio);
    return 0;
}
