#include "agent/net/connection_end.h"

#include <string.h>

#include "agent/net/http_fields.h"
#include "agent/words.h"

void connection_end_of_tls(const char *host, enum tls_status status,
                           struct connection_end *out)
{
    enum failure_kind kind = FAILURE_PROTOCOL;
    int number = 126;
    switch (status) {
    case TLS_OK:
    case TLS_EOF:
    case TLS_NOT_READY:
    case TLS_BROKEN:
    case TLS_OUTPUT_FULL:
        kind = FAILURE_TRANSIENT;
        number = 130;
        break;
    case TLS_REFUSED:
        kind = FAILURE_TRANSIENT; /* as for HTTP: it may be a passing state of the server */
        break;
    case TLS_NO_MEMORY:
    case TLS_NO_RANDOM:
        kind = FAILURE_RESOURCE;
        number = 0;
        break;
    case TLS_EXPIRED:
    case TLS_NOT_YET_VALID:
    case TLS_WRONG_NAME:
    case TLS_UNKNOWN_ISSUER:
    case TLS_REVOKED:
    case TLS_BAD_LIST:
    case TLS_WEAK:
    case TLS_WRONG_USAGE:
    case TLS_BAD_CERTIFICATE:
    case TLS_BAD_PEM:
        break;
    }
    (void)failure_set(&out->failure, kind, number, "%s: %s", host,
                      _(tls_status_text(status)));
}

static bool is_url_over(int status)
{
    return status == 401 || status == 403 || status == 404 || status == 410;
}

static void end_of_refusal(const struct ws_event *event, enum channel_variant variant,
                           int64_t wall_ms, struct connection_end *out)
{
    int status = event->http_status;
    out->url_is_refused = is_url_over(status);
    if (status == 400 && channel_is_wrong_generation(event->data, event->size))
        out->next_variant = channel_next_variant(variant, CHANNEL_WRONG_GENERATION);
    (void)failure_set(&out->failure, FAILURE_TRANSIENT, out->url_is_refused ? 136 : 137,
                      "the notification server answers with status %d", status);
    out->failure.retry_after_ms = http_parse_retry_after(event->retry_after, wall_ms);
}

/* F-xx of an end without a Close frame: cut off, refused at the door, or nonsense. */
static int number_of(enum ws_status status)
{
    if (status == WS_EOF)
        return 130;
    bool is_handshake =
        status == WS_BAD_HEAD || status == WS_BAD_UPGRADE || status == WS_RAW_HTTP;
    return is_handshake ? 137 : 141;
}

void connection_end_of_ws(const struct ws_event *event, enum channel_variant variant,
                          int64_t wall_ms, struct connection_end *out)
{
    out->next_variant = variant;
    if (event->type == WS_EVENT_REFUSED) {
        end_of_refusal(event, variant, wall_ms, out);
        return;
    }
    if (event->status == WS_RAW_HTTP)
        out->next_variant = channel_next_variant(variant, CHANNEL_WRONG_GENERATION);
    if (event->clean)
        (void)failure_set(&out->failure, FAILURE_TRANSIENT, 136,
                          "the notification server closed the connection (code %u)",
                          (unsigned)event->code);
    else
        (void)failure_set(&out->failure, FAILURE_TRANSIENT, number_of(event->status),
                          "the notification connection ended: %s",
                          _(ws_status_text(event->status)));
}

/* Cut at the border of a character. */
static void keep_detail(const struct channel_event *event, struct connection_end *out)
{
    size_t size = event->text_size;
    if (event->text == NULL)
        return;
    if (size >= sizeof out->detail)
        size = sizeof out->detail - 1;
    while (size > 0 && size < event->text_size && (event->text[size] & 0xC0) == 0x80)
        size--;
    memcpy(out->detail, event->text, size);
    out->detail[size] = '\0';
}

void connection_end_of_channel(const struct channel_event *event,
                               struct connection_end *out)
{
    int number = event->end == CHANNEL_HEARTBEAT_TIMEOUT ? 129
                 : event->end == CHANNEL_REFUSED         ? 136
                                                         : 137;
    out->next_variant = event->next_variant;
    out->url_is_refused = event->end == CHANNEL_REFUSED;
    keep_detail(event, out);
    (void)failure_set(
        &out->failure,
        event->end == CHANNEL_NO_MEMORY ? FAILURE_RESOURCE : FAILURE_TRANSIENT, number,
        "the notification channel ended: %s", _(channel_end_text(event->end)));
}
