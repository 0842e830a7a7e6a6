#include "protocol/ws.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/utf8.h"
#include "protocol/ws_frame.h"
#include "protocol/ws_message.h"

/* What is being read. Our own Close does not change it: `queue.is_closed` says that.
 *
 *   UPGRADING -> BETWEEN_FRAMES   read_answer
 *   BETWEEN_FRAMES -> IN_DATA     begin_frame
 *   BETWEEN_FRAMES -> IN_CONTROL  begin_frame
 *   IN_DATA -> BETWEEN_FRAMES     read_data
 *   IN_CONTROL -> BETWEEN_FRAMES  read_control
 *   any -> ENDED                  give_refusal, take_close, report_failure
 *
 * UPGRADING       the request is in the output, no frame may be sent (WS-09)
 * BETWEEN_FRAMES  the next byte begins a frame; a message may be open
 * IN_DATA         `left` bytes of the payload are to come
 * IN_CONTROL      the payload is read when all of it is there
 * ENDED           the last event has been given out
 */
enum state { UPGRADING, BETWEEN_FRAMES, IN_DATA, IN_CONTROL, ENDED };

enum { MINUTE_MS = 60 * 1000 };

struct ws {
    enum state state;
    enum ws_status failure; /* to be reported next */
    bool is_open;           /* frames may be sent and received */
    bool is_finished;       /* the stream has ended */

    struct ws_handshake handshake;
    struct ws_queue queue;
    struct bytes input; /* received, not yet read */

    bool has_frame; /* the first one was seen */
    struct ws_frame_header header;
    uint64_t left;
    struct ws_message message;
    bool is_message_given; /* the caller has it, until the next ws_next() */
    uint8_t control[WS_FRAME_MAX_CONTROL + 1];

    size_t max_controls_per_minute;
    size_t controls_this_minute;
    uint64_t minute_began_ms;
    uint64_t now_ms;
};

void ws_config_init(struct ws_config *config, ws_random_fn *random, void *random_user)
{
    *config = (struct ws_config){
        .random = random,
        .random_user = random_user,
        .max_frame = WS_MAX_FRAME,
        .max_message = WS_MAX_MESSAGE,
        .max_fragments = WS_MAX_FRAGMENTS,
        .max_output = WS_MAX_OUTPUT,
        .max_controls_per_minute = WS_MAX_CONTROLS_PER_MINUTE,
    };
}

struct ws *ws_new(const struct ws_config *config, const struct ws_request *request)
{
    uint8_t random[WS_HANDSHAKE_RANDOM_SIZE];
    struct ws *ws = calloc(1, sizeof *ws);
    if (ws == NULL)
        return NULL;
    ws->max_controls_per_minute = config->max_controls_per_minute;
    /* What stays unread between two feeds is less than a control frame. */
    bytes_init(&ws->input, WS_MAX_FEED + WS_FRAME_MAX_HEADER + WS_FRAME_MAX_CONTROL);
    ws_message_init(&ws->message, config->max_frame, config->max_message,
                    config->max_fragments);
    ws_queue_init(&ws->queue, config->max_output, config->random, config->random_user);
    if (!config->random(config->random_user, random, sizeof random) ||
        !ws_handshake_init(&ws->handshake, request, random, &ws->queue.bytes)) {
        ws_free(ws);
        return NULL;
    }
    return ws;
}

void ws_free(struct ws *ws)
{
    if (ws == NULL)
        return;
    ws_handshake_clear(&ws->handshake);
    ws_queue_clear(&ws->queue);
    ws_message_clear(&ws->message);
    bytes_clear(&ws->input);
    free(ws);
}

/* Ends the connection with an error, which the next ws_next() reports (WS-65). Only the
 * first one counts. */
static void fail(struct ws *ws, enum ws_status status)
{
    if (ws->failure != WS_OK || ws->state == ENDED)
        return;
    ws->failure = status;
    uint16_t code = ws_status_close_code(status);
    if (ws->is_open && !ws->queue.is_closed && code != 0)
        (void)ws_queue_close(&ws->queue, code);
    ws->is_open = false;
}

/* Goes on when `status` is good. */
static bool passes(struct ws *ws, enum ws_status status)
{
    if (status != WS_OK)
        fail(ws, status);
    return status == WS_OK;
}

static void end(struct ws *ws)
{
    ws->state = ENDED;
    ws->is_open = false;
    bytes_clear(&ws->input);
}

static void report_failure(struct ws *ws, struct ws_event *out)
{
    end(ws);
    out->type = WS_EVENT_CLOSED;
    out->code = 1006;
    out->status = ws->failure;
}

/* Gives out a content that outlives the call; where memory ends, the connection does. */
static void give(struct ws *ws, struct ws_event *out, enum ws_event_type type,
                 struct bytes *content)
{
    const char *text = bytes_text(content);
    if (text == NULL) {
        fail(ws, WS_NO_MEMORY);
        return;
    }
    out->type = type;
    out->data = (const uint8_t *)text;
    out->size = bytes_count(content);
}

static void give_refusal(struct ws *ws, struct ws_event *out)
{
    give(ws, out, WS_EVENT_REFUSED, &ws->handshake.body);
    if (out->type == WS_EVENT_NONE)
        return;
    out->http_status = ws->handshake.head.status;
    out->retry_after = http_head_get(&ws->handshake.head, "Retry-After");
    end(ws);
}

static void open_connection(struct ws *ws, struct ws_event *out)
{
    ws_handshake_clear(&ws->handshake);
    ws->state = BETWEEN_FRAMES;
    ws->is_open = true;
    out->type = WS_EVENT_OPEN;
}

static bool read_answer(struct ws *ws, struct ws_event *out)
{
    size_t used = 0;
    enum ws_handshake_result result = ws_handshake_feed(
        &ws->handshake, bytes_front(&ws->input), bytes_count(&ws->input), &used);
    bytes_consume(&ws->input, used);
    switch (result) {
    case WS_HANDSHAKE_MORE:
        return false;
    case WS_HANDSHAKE_ACCEPTED:
        open_connection(ws, out);
        break;
    case WS_HANDSHAKE_REFUSED:
        give_refusal(ws, out);
        break;
    case WS_HANDSHAKE_BAD_HEAD:
        fail(ws, WS_BAD_HEAD);
        break;
    case WS_HANDSHAKE_BAD_UPGRADE:
        fail(ws, WS_BAD_UPGRADE);
        break;
    }
    return true;
}

static enum ws_status status_of_frame(enum ws_frame_result result)
{
    static const enum ws_status table[] = {
        [WS_FRAME_READY] = WS_OK,
        [WS_FRAME_PARTIAL] = WS_OK,
        [WS_FRAME_MASKED] = WS_MASKED,
        [WS_FRAME_RESERVED_BIT] = WS_RESERVED_BIT,
        [WS_FRAME_BAD_OPCODE] = WS_BAD_OPCODE,
        [WS_FRAME_BAD_SIZE] = WS_BAD_SIZE,
        [WS_FRAME_BAD_FIN] = WS_BAD_CONTROL,
        [WS_FRAME_BAD_CONTROL] = WS_BAD_CONTROL,
    };
    return table[result];
}

/* A server of another Engine.IO generation sends an HTTP answer behind its 101. The first
 * byte of that is an error anyway, so waiting for the others harms nobody. Answers how
 * many bytes look like it; all of "HTTP/1." are proof. */
static size_t count_raw_http(const struct ws *ws)
{
    static const char start[] = "HTTP/1.";
    size_t count = bytes_count(&ws->input);
    size_t size = count < sizeof start - 1 ? count : sizeof start - 1;
    if (ws->has_frame || size == 0 || memcmp(bytes_front(&ws->input), start, size) != 0)
        return 0;
    return size;
}

static bool begin_frame(struct ws *ws)
{
    enum { PROOF = 7 };
    size_t raw_http = count_raw_http(ws);
    if (raw_http == PROOF)
        fail(ws, WS_RAW_HTTP);
    if (raw_http > 0)
        return raw_http == PROOF;
    enum ws_frame_result result =
        ws_frame_decode(bytes_front(&ws->input), bytes_count(&ws->input), &ws->header);
    if (result == WS_FRAME_PARTIAL)
        return false;
    if (!passes(ws, status_of_frame(result)))
        return true;
    ws->has_frame = true;
    bytes_consume(&ws->input, ws->header.header_size);
    ws->left = ws->header.payload_size;
    if (ws->header.opcode >= WS_OPCODE_CLOSE)
        ws->state = IN_CONTROL;
    else if (passes(ws, ws_message_begin_frame(&ws->message, &ws->header)))
        ws->state = IN_DATA;
    return true;
}

static void end_data(struct ws *ws, struct ws_event *out)
{
    struct ws_message *message = &ws->message;
    ws->state = BETWEEN_FRAMES;
    if (!passes(ws, ws_message_end_frame(message, ws->header.is_final)) ||
        !ws->header.is_final || message->is_ignored)
        return;
    ws->is_message_given = true;
    give(ws, out, message->type == WS_OPCODE_TEXT ? WS_EVENT_TEXT : WS_EVENT_BINARY,
         &message->content);
}

static bool read_data(struct ws *ws, struct ws_event *out)
{
    size_t count = bytes_count(&ws->input);
    size_t size = ws->left < count ? (size_t)ws->left : count;
    if (size > 0 &&
        !passes(ws, ws_message_append(&ws->message, bytes_front(&ws->input), size)))
        return true;
    bytes_consume(&ws->input, size);
    ws->left -= size;
    if (ws->left > 0)
        return false;
    end_data(ws, out);
    return true;
}

static bool too_many_controls(struct ws *ws)
{
    if (ws->now_ms - ws->minute_began_ms >= MINUTE_MS) {
        ws->minute_began_ms = ws->now_ms;
        ws->controls_this_minute = 0;
    }
    return ++ws->controls_this_minute > ws->max_controls_per_minute;
}

static void take_ping_or_pong(struct ws *ws, size_t size, struct ws_event *out)
{
    bool is_ping = ws->header.opcode == WS_OPCODE_PING;
    if (ws->queue.is_closed)
        return;
    if (too_many_controls(ws)) {
        fail(ws, WS_TOO_MANY_CONTROLS);
        return;
    }
    if (is_ping && !passes(ws, ws_queue_pong(&ws->queue, ws->control, size)))
        return;
    out->type = is_ping ? WS_EVENT_PING : WS_EVENT_PONG;
    out->data = ws->control;
    out->size = size;
}

/* WS-59 */
static bool is_legal_close_code(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static void take_close(struct ws *ws, size_t size, struct ws_event *out)
{
    enum { CODE_SIZE = 2, NO_CODE = 1005 };
    unsigned code = size < CODE_SIZE ? 0 : (unsigned)ws->control[0] << 8 | ws->control[1];
    if (size > 0 && !is_legal_close_code(code)) {
        fail(ws, WS_BAD_CLOSE);
        return;
    }
    size_t reason = size < CODE_SIZE ? 0 : CODE_SIZE;
    if (!utf8_is_valid(ws->control + reason, size - reason)) {
        fail(ws, WS_BAD_TEXT);
        return;
    }
    if (!ws->queue.is_closed)
        (void)ws_queue_close(&ws->queue, (uint16_t)code);
    end(ws);
    out->type = WS_EVENT_CLOSED;
    out->clean = true;
    out->code = code == 0 ? NO_CODE : (uint16_t)code;
    out->data = ws->control + reason;
    out->size = size - reason;
}

static bool read_control(struct ws *ws, struct ws_event *out)
{
    size_t size = (size_t)ws->left;
    if (bytes_count(&ws->input) < size)
        return false;
    if (size > 0)
        memcpy(ws->control, bytes_front(&ws->input), size);
    ws->control[size] = 0;
    bytes_consume(&ws->input, size);
    ws->state = BETWEEN_FRAMES;
    if (ws->header.opcode == WS_OPCODE_CLOSE)
        take_close(ws, size, out);
    else
        take_ping_or_pong(ws, size, out);
    return true;
}

/* One step of reading. False when more input is needed. */
static bool advance(struct ws *ws, struct ws_event *out)
{
    switch (ws->state) {
    case UPGRADING:
        return read_answer(ws, out);
    case BETWEEN_FRAMES:
        return begin_frame(ws);
    case IN_DATA:
        return read_data(ws, out);
    case IN_CONTROL:
        return read_control(ws, out);
    case ENDED:
        break;
    }
    return false;
}

/* Nothing more will come: a refusal may go without the rest of its body, everything else
 * was cut (WS-18, WS-63). */
static void end_of_stream(struct ws *ws, struct ws_event *out)
{
    if (ws->state == UPGRADING &&
        ws_handshake_finish(&ws->handshake) == WS_HANDSHAKE_REFUSED)
        give_refusal(ws, out);
    else
        fail(ws, WS_EOF);
}

bool ws_next(struct ws *ws, struct ws_event *out)
{
    struct ws_event event = {.data = (const uint8_t *)""};
    if (ws->is_message_given)
        ws_message_drop(&ws->message);
    ws->is_message_given = false;
    while (ws->failure == WS_OK && event.type == WS_EVENT_NONE && advance(ws, &event)) {
    }
    if (event.type == WS_EVENT_NONE && ws->is_finished && ws->state != ENDED)
        end_of_stream(ws, &event);
    if (event.type == WS_EVENT_NONE && ws->failure != WS_OK && ws->state != ENDED)
        report_failure(ws, &event);
    if (event.type != WS_EVENT_NONE)
        *out = event;
    return event.type != WS_EVENT_NONE;
}

void ws_feed(struct ws *ws, uint64_t now_ms, const uint8_t *bytes, size_t size)
{
    assert(size <= WS_MAX_FEED);
    ws->now_ms = now_ms;
    if (ws->state == ENDED || ws->is_finished)
        return;
    if (!bytes_append(&ws->input, bytes, size))
        fail(ws, WS_NO_MEMORY);
}

void ws_finish(struct ws *ws)
{
    ws->is_finished = true;
}

bool ws_output(const struct ws *ws, const uint8_t **out_data, size_t *out_size)
{
    return ws_queue_output(&ws->queue, out_data, out_size);
}

void ws_sent(struct ws *ws, size_t size)
{
    (void)passes(ws, ws_queue_sent(&ws->queue, size));
}

static enum ws_status send_frame(struct ws *ws, enum ws_opcode opcode, const uint8_t *data,
                                 size_t size)
{
    if (!ws->is_open || ws->queue.is_closed)
        return WS_NOT_OPEN;
    enum ws_status status = ws_queue_frame(&ws->queue, opcode, data, size);
    (void)passes(ws, status);
    return status;
}

enum ws_status ws_send_text(struct ws *ws, const char *text, size_t size)
{
    return send_frame(ws, WS_OPCODE_TEXT, (const uint8_t *)text, size);
}

enum ws_status ws_send_binary(struct ws *ws, const uint8_t *data, size_t size)
{
    return send_frame(ws, WS_OPCODE_BINARY, data, size);
}

enum ws_status ws_send_ping(struct ws *ws, const uint8_t *data, size_t size)
{
    assert(size <= WS_FRAME_MAX_CONTROL);
    return send_frame(ws, WS_OPCODE_PING, data, size);
}

void ws_close(struct ws *ws, uint16_t code)
{
    assert(is_legal_close_code(code));
    if (ws->state == UPGRADING)
        fail(ws, WS_NOT_OPEN);
    if (!ws->is_open || ws->queue.is_closed)
        return;
    ws->message.is_ignored = true;
    (void)passes(ws, ws_queue_close(&ws->queue, code));
}
