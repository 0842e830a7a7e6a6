/* Any messages must give events and at most one end, which is last. The input is a byte
 * that picks the variant, then messages as lines: `*` in front makes one binary, `@` lets
 * a second pass for each character of the line. */
#include <stdlib.h>
#include <string.h>

#include "protocol/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct play {
    struct channel *channel;
    uint64_t now_ms;
    bool is_over;
    size_t live_count;
};

static void drain(struct play *play)
{
    struct channel_event event;
    struct channel_message message;
    while (channel_next(play->channel, &event)) {
        play->live_count += event.type == CHANNEL_EVENT_LIVE;
        if (play->is_over || play->live_count > 1)
            abort();
        play->is_over = event.type == CHANNEL_EVENT_ENDED;
    }
    while (channel_output(play->channel, &message))
        if (message.size == 0 || message.is_binary)
            abort();
    if (play->is_over && channel_deadline(play->channel) != UINT64_MAX)
        abort();
}

static void take_line(struct play *play, const uint8_t *line, size_t size)
{
    struct channel_message message = {line, size, size > 0 && line[0] == '*'};
    if (size > 0 && line[0] == '@') {
        play->now_ms += size * 1000;
        channel_tick(play->channel, play->now_ms);
    } else {
        message.data += message.is_binary;
        message.size -= message.is_binary;
        channel_feed(play->channel, &message, play->now_ms);
    }
    drain(play);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct channel_url url = {.name_space = (char[]){"/n"}, .query = (char[]){"q=1"}};
    struct channel_config config;
    channel_config_init(&config, (enum channel_variant)(size > 0 ? data[0] % 3 : 0));
    struct play play = {.channel = channel_new(&config, &url, 0)};
    if (play.channel == NULL)
        return 0;
    for (size_t at = 1; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t line_size = end == NULL ? size - at : (size_t)(end - data) - at;
        take_line(&play, data + at, line_size);
        at += line_size + 1;
    }
    channel_leave(play.channel);
    drain(&play);
    channel_free(play.channel);
    return 0;
}
