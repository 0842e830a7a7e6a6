#include "protocol/channel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/sio.h"

/* OPENING -> JOINING  take_open
 * JOINING -> LIVE     take_joined
 * any     -> OVER     end_with
 *
 * OPENING  nothing but the open packet is expected, within open_timeout_ms
 * JOINING  the namespace has join_timeout_ms to answer; the heartbeat runs
 * LIVE     only the heartbeat has a deadline
 */
enum state { OPENING, JOINING, LIVE, OVER };

struct channel {
    struct channel_config config;
    struct eio *eio;
    struct sio *sio;
    enum state state;
    uint64_t deadline_ms; /* of the state itself; in OPENING and JOINING */
    struct channel_event event;
    bool has_event;
    struct channel_event ending; /* told after `event` */
    bool has_ending;
};

const char *channel_target(const struct channel_url *url, enum channel_variant variant)
{
    return variant == CHANNEL_EIO3 ? url->target_eio3 : url->target;
}

void channel_config_init(struct channel_config *config, enum channel_variant variant)
{
    *config = (struct channel_config){
        .variant = variant,
        .min_ping_interval_ms = 1000,
        .max_ping_interval_ms = 5 * 60 * 1000,
        .min_ping_timeout_ms = 1000,
        .max_ping_timeout_ms = 2 * 60 * 1000,
        .open_timeout_ms = 10 * 1000,
        .join_timeout_ms = 10 * 1000,
    };
}

const char *channel_end_text(enum channel_end end)
{
    static const char *const texts[] = {
        [CHANNEL_NOT_ENDED] = "the channel is up",
        [CHANNEL_OPEN_TIMEOUT] = "the server did not open the session",
        [CHANNEL_JOIN_TIMEOUT] = "the server did not answer for the namespace",
        [CHANNEL_HEARTBEAT_TIMEOUT] = "the server is silent",
        [CHANNEL_REFUSED] = "the server refuses the namespace",
        [CHANNEL_LEFT] = "the server ended the subscription",
        [CHANNEL_CLOSED] = "the server ended the session",
        [CHANNEL_PROTOCOL_ERROR] = "the server broke the protocol",
        [CHANNEL_WRONG_GENERATION] = "the server wants another protocol version",
        [CHANNEL_NO_MEMORY] = "out of memory",
    };
    return texts[end];
}

static struct eio *make_eio(const struct channel_config *config)
{
    struct eio_config eio_config = {
        .generation = config->variant == CHANNEL_EIO3 ? 3 : 4,
        .min_interval_ms = config->min_ping_interval_ms,
        .max_interval_ms = config->max_ping_interval_ms,
        .min_timeout_ms = config->min_ping_timeout_ms,
        .max_timeout_ms = config->max_ping_timeout_ms,
    };
    return eio_new(&eio_config);
}

static struct sio *make_sio(const struct channel_config *config,
                            const struct channel_url *url)
{
    struct sio_config sio_config = {
        .name_space = url->name_space,
        .query = url->query,
        .protocol = config->variant == CHANNEL_EIO3 ? 4 : 5,
        .joins_root = config->variant == CHANNEL_EIO4_ROOT,
    };
    return sio_new(&sio_config);
}

struct channel *channel_new(const struct channel_config *config,
                            const struct channel_url *url, uint64_t now_ms)
{
    struct channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL)
        return NULL;
    channel->config = *config;
    channel->deadline_ms = now_ms + config->open_timeout_ms;
    channel->eio = make_eio(config);
    channel->sio = make_sio(config, url);
    if (channel->eio == NULL || channel->sio == NULL) {
        channel_free(channel);
        return NULL;
    }
    return channel;
}

void channel_free(struct channel *channel)
{
    if (channel == NULL)
        return;
    eio_free(channel->eio);
    sio_free(channel->sio);
    free(channel);
}

static void end_with(struct channel *channel, enum channel_end end, const char *text,
                     size_t size)
{
    if (channel->state == OVER)
        return;
    channel->state = OVER;
    channel->has_ending = true;
    channel->ending = (struct channel_event){
        .type = CHANNEL_EVENT_ENDED,
        .text = text,
        .text_size = size,
        .end = end,
        .next_variant = channel_next_variant(channel->config.variant, end),
    };
}

static void end_with_eio(struct channel *channel, enum eio_status status)
{
    const char *text = eio_status_text(status);
    enum channel_end end = CHANNEL_PROTOCOL_ERROR;
    if (status == EIO_TIMEOUT)
        end = CHANNEL_HEARTBEAT_TIMEOUT;
    if (status == EIO_FULL)
        end = CHANNEL_NO_MEMORY;
    end_with(channel, end, text, strlen(text));
}

static void end_with_sio(struct channel *channel, enum sio_status status)
{
    const char *text = sio_detail(channel->sio);
    enum channel_end end = status == SIO_FULL ? CHANNEL_NO_MEMORY : CHANNEL_PROTOCOL_ERROR;
    end_with(channel, end, text, strlen(text));
}

static void take_open(struct channel *channel, uint64_t now_ms)
{
    enum sio_status status = sio_join(channel->sio);
    channel->state = JOINING;
    channel->deadline_ms = now_ms + channel->config.join_timeout_ms;
    if (status != SIO_OK)
        end_with_sio(channel, status);
}

static void tell(struct channel *channel, enum channel_event_type type,
                 const struct sio_event *event)
{
    channel->has_event = true;
    channel->event = (struct channel_event){
        .type = type,
        .name_space = event->name_space.text,
        .name_space_size = event->name_space.size,
        .text = event->payload.text,
        .text_size = event->payload.size,
        .attachments = event->attachments,
        .attachment_count = event->attachment_count,
    };
}

/* An answer without a sid comes from a server of the older protocol, which expects us to
 * ping whatever the request said. */
static void take_joined(struct channel *channel, const struct sio_event *event)
{
    channel->state = LIVE;
    if (!event->has_sid)
        eio_use_generation(channel->eio, 3);
    tell(channel, CHANNEL_EVENT_LIVE, event);
    channel->event.text = NULL;
    channel->event.text_size = 0;
}

static void take_sio_event(struct channel *channel, const struct sio_event *event)
{
    const struct sio_part *payload = &event->payload;
    switch (event->type) {
    case SIO_EVENT_JOINED:
        take_joined(channel, event);
        break;
    case SIO_EVENT_REFUSED:
        end_with(channel, CHANNEL_REFUSED, payload->text, payload->size);
        break;
    case SIO_EVENT_LEFT:
        end_with(channel, CHANNEL_LEFT, payload->text, payload->size);
        break;
    case SIO_EVENT_MESSAGE:
        tell(channel,
             event->is_notification ? CHANNEL_EVENT_NOTIFICATION : CHANNEL_EVENT_OTHER,
             event);
        break;
    case SIO_EVENT_ACK:
    case SIO_EVENT_NONE:
        break;
    }
}

static void take_message(struct channel *channel, const struct eio_event *message)
{
    enum sio_status status =
        message->type == EIO_EVENT_TEXT
            ? sio_feed_text(channel->sio, (const char *)message->data, message->size)
            : sio_feed_binary(channel->sio, message->data, message->size);
    struct sio_event event;
    if (sio_next(channel->sio, &event))
        take_sio_event(channel, &event);
    if (status != SIO_OK)
        end_with_sio(channel, status);
}

/* Packets of Socket.IO become messages of Engine.IO. */
static void pass_output(struct channel *channel)
{
    const char *text = NULL;
    size_t size = 0;
    while (sio_output(channel->sio, &text, &size)) {
        enum eio_status status = eio_send(channel->eio, text, size);
        if (status != EIO_OK)
            end_with_eio(channel, status);
    }
}

void channel_feed(struct channel *channel, const struct channel_message *message,
                  uint64_t now_ms)
{
    struct eio_event event = {0};
    assert(!channel->has_event);
    if (channel->state == OVER)
        return;
    enum eio_status status =
        eio_feed(channel->eio, message->is_binary, message->data, message->size, now_ms);
    if (status != EIO_OK) {
        end_with_eio(channel, status);
        return;
    }
    (void)eio_next(channel->eio, &event);
    switch (event.type) {
    case EIO_EVENT_NONE:
        break;
    case EIO_EVENT_OPEN:
        take_open(channel, now_ms);
        break;
    case EIO_EVENT_TEXT:
    case EIO_EVENT_BINARY:
        take_message(channel, &event);
        break;
    case EIO_EVENT_CLOSE:
        end_with(channel, CHANNEL_CLOSED, NULL, 0);
        break;
    }
    pass_output(channel);
}

bool channel_next(struct channel *channel, struct channel_event *out)
{
    if (channel->has_event) {
        channel->has_event = false;
        *out = channel->event;
        return true;
    }
    if (channel->has_ending) {
        channel->has_ending = false;
        *out = channel->ending;
        return true;
    }
    return false;
}

bool channel_output(struct channel *channel, struct channel_message *out)
{
    const char *text = NULL;
    size_t size = 0;
    if (!eio_output(channel->eio, &text, &size))
        return false;
    *out = (struct channel_message){.data = (const uint8_t *)text, .size = size};
    return true;
}

uint64_t channel_deadline(const struct channel *channel)
{
    uint64_t heartbeat_ms = eio_deadline(channel->eio);
    if (channel->state == OVER)
        return UINT64_MAX;
    if (channel->state == LIVE || heartbeat_ms < channel->deadline_ms)
        return heartbeat_ms;
    return channel->deadline_ms;
}

void channel_tick(struct channel *channel, uint64_t now_ms)
{
    if (channel->state == OVER)
        return;
    enum eio_status status = eio_tick(channel->eio, now_ms);
    if (status != EIO_OK)
        end_with_eio(channel, status);
    else if (channel->state == OPENING && now_ms >= channel->deadline_ms)
        end_with(channel, CHANNEL_OPEN_TIMEOUT, NULL, 0);
    else if (channel->state == JOINING && now_ms >= channel->deadline_ms)
        end_with(channel, CHANNEL_JOIN_TIMEOUT, NULL, 0);
}

const struct eio_heartbeat *channel_heartbeat(const struct channel *channel)
{
    return eio_heartbeat(channel->eio);
}

void channel_leave(struct channel *channel)
{
    if (channel->state != LIVE)
        return;
    enum sio_status status = sio_leave(channel->sio);
    if (status != SIO_OK)
        end_with_sio(channel, status);
    pass_output(channel);
}

enum channel_variant channel_next_variant(enum channel_variant variant,
                                          enum channel_end end)
{
    static const enum channel_variant after_silence[] = {
        [CHANNEL_EIO4] = CHANNEL_EIO4_ROOT,
        [CHANNEL_EIO4_ROOT] = CHANNEL_EIO3,
        [CHANNEL_EIO3] = CHANNEL_EIO4,
    };
    if (end == CHANNEL_JOIN_TIMEOUT)
        return after_silence[variant];
    if (end == CHANNEL_WRONG_GENERATION)
        return variant == CHANNEL_EIO3 ? CHANNEL_EIO4 : CHANNEL_EIO3;
    return variant;
}

bool channel_is_wrong_generation(const uint8_t *body, size_t size)
{
    static const char wanted[] = "Unsupported protocol version";
    size_t wanted_size = sizeof wanted - 1;
    for (size_t i = 0; i + wanted_size <= size; i++)
        if (memcmp(body + i, wanted, wanted_size) == 0)
            return true;
    return false;
}
