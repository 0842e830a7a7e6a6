/* Any packets must give events or an end. The input is a list of messages, each behind two
 * bytes: its size in 15 bits, and one bit that says that it is binary. */
#include <stdlib.h>

#include "protocol/sio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drain(struct sio *sio)
{
    struct sio_event event;
    const char *text = NULL;
    size_t size = 0;
    while (sio_next(sio, &event))
        if (event.name_space.size == 0 || event.attachment_count > SIO_MAX_ATTACHMENTS)
            abort();
    while (sio_output(sio, &text, &size))
        if (size == 0 || text[0] < '0' || text[0] > '3')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sio_config config = {"/z/callback", "q=1", 5, false};
    if (size > 0) {
        config.protocol = data[0] % 2 == 1 ? 4 : 5;
        config.joins_root = data[0] % 4 >= 2;
    }
    struct sio *sio = sio_new(&config);
    if (sio == NULL || sio_join(sio) != SIO_OK)
        abort();
    for (size_t at = 1; at + 2 <= size;) {
        size_t left = size - at - 2;
        size_t wanted = (size_t)(data[at] & 0x7F) << 8 | data[at + 1];
        size_t message_size = wanted < left ? wanted : left;
        if ((data[at] & 0x80) != 0)
            (void)sio_feed_binary(sio, data + at + 2, message_size);
        else
            (void)sio_feed_text(sio, (const char *)data + at + 2, message_size);
        drain(sio);
        at += 2 + message_size;
    }
    (void)sio_leave(sio);
    drain(sio);
    sio_free(sio);
    return 0;
}
