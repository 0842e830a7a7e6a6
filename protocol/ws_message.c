#include "protocol/ws_message.h"

/* Room up to this is kept from one message to the next. */
enum { KEPT_CAPACITY = 64 << 10 };

void ws_message_init(struct ws_message *message, size_t max_frame, size_t max_message,
                     size_t max_fragments)
{
    *message = (struct ws_message){.max_frame = max_frame, .max_fragments = max_fragments};
    bytes_init(&message->content, max_message);
}

void ws_message_clear(struct ws_message *message)
{
    bytes_clear(&message->content);
}

static enum ws_status check_limits(const struct ws_message *message,
                                   const struct ws_frame_header *header)
{
    const struct bytes *content = &message->content;
    if (header->payload_size > message->max_frame ||
        header->payload_size > content->limit - bytes_count(content))
        return WS_TOO_BIG;
    return message->fragment_count >= message->max_fragments ? WS_TOO_MANY_FRAGMENTS
                                                             : WS_OK;
}

enum ws_status ws_message_begin_frame(struct ws_message *message,
                                      const struct ws_frame_header *header)
{
    bool is_continuation = header->opcode == WS_OPCODE_CONTINUATION;
    if (is_continuation != message->is_open)
        return WS_BAD_FRAGMENT;
    if (!message->is_open) {
        message->is_open = true;
        message->type = header->opcode;
        message->fragment_count = 0;
        message->utf8 = (struct utf8){0};
    }
    enum ws_status status = message->is_ignored ? WS_OK : check_limits(message, header);
    message->fragment_count++;
    return status;
}

enum ws_status ws_message_append(struct ws_message *message, const uint8_t *bytes,
                                 size_t size)
{
    if (message->is_ignored)
        return WS_OK;
    if (message->type == WS_OPCODE_TEXT && !utf8_feed(&message->utf8, bytes, size))
        return WS_BAD_TEXT;
    return bytes_append(&message->content, bytes, size) ? WS_OK : WS_NO_MEMORY;
}

enum ws_status ws_message_end_frame(struct ws_message *message, bool is_final)
{
    if (!is_final)
        return WS_OK;
    message->is_open = false;
    return message->is_ignored || utf8_is_complete(&message->utf8) ? WS_OK : WS_BAD_TEXT;
}

void ws_message_drop(struct ws_message *message)
{
    bytes_consume(&message->content, bytes_count(&message->content));
    if (message->content.capacity > KEPT_CAPACITY)
        bytes_clear(&message->content);
}
