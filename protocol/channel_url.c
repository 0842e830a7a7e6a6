#include "protocol/channel_url.h"

#include <string.h>

#include "protocol/bytes.h"
#include "protocol/sio_packet.h"

/* Room for a URL in which every byte is percent-encoded, and for what we add. */
enum { TEXT_LIMIT = 3 * URL_MAX_NOTIFICATION_SIZE + 64 };

/* RFC 3986, 2: may stand in no URL, though some writers leave them in a query. Controls
 * and the space have not passed url_parse(). */
static const char not_in_request[] = "\"<>\\^`{|}";

/* Ends a namespace (Socket.IO protocol, Packet encoding). */
static const char not_in_namespace[] = ",";

/* Copies a part verbatim, but for the bytes of `refused` and those above ASCII. */
static bool append_part(struct bytes *out, struct url_part part, const char *refused)
{
    bool done = true;
    for (size_t i = 0; done && i < part.size; i++) {
        unsigned char byte = (unsigned char)part.text[i];
        done = byte < 0x80 && strchr(refused, byte) == NULL
                   ? bytes_append_byte(out, byte)
                   : bytes_append_format(out, "%%%02X", byte);
    }
    return done;
}

/* Keys of the query that the client of Engine.IO sets itself. */
static bool is_key_of_ours(struct url_part pair)
{
    static const char *const keys[] = {"EIO", "transport", "sid", "t", "b64"};
    const char *equals = memchr(pair.text, '=', pair.size);
    size_t size = equals == NULL ? pair.size : (size_t)(equals - pair.text);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (size == strlen(keys[i]) && memcmp(pair.text, keys[i], size) == 0)
            return true;
    return false;
}

/* Takes the bytes before the first `&`, and the `&`, off the front of `query`. */
static struct url_part take_pair(struct url_part *query)
{
    const char *end = memchr(query->text, '&', query->size);
    struct url_part pair = {query->text,
                            end == NULL ? query->size : (size_t)(end - query->text)};
    size_t taken = end == NULL ? pair.size : pair.size + 1;
    query->text += taken;
    query->size -= taken;
    return pair;
}

static bool append_target(struct bytes *out, const struct url *url, int generation)
{
    struct url_part query = url->query;
    bool done = bytes_append_text(out, "/socket.io/?");
    while (done && query.size > 0) {
        struct url_part pair = take_pair(&query);
        if (!is_key_of_ours(pair))
            done = append_part(out, pair, not_in_request) && bytes_append_byte(out, '&');
    }
    return done && bytes_append_format(out, "EIO=%d&transport=websocket", generation);
}

static bool append_namespace(struct bytes *out, const struct url *url)
{
    return url->path.size == 0 ? bytes_append_byte(out, '/')
                               : append_part(out, url->path, not_in_namespace);
}

/* The content as a text of its own; NULL without memory. The queue is wiped. */
static char *take_text(struct bytes *bytes, bool is_complete)
{
    const char *text = is_complete ? bytes_text(bytes) : NULL;
    char *copy = text == NULL ? NULL : strdup(text);
    bytes_wipe(bytes);
    return copy;
}

static bool fill_texts(const struct url *url, struct channel_url *out)
{
    struct bytes text;
    bytes_init(&text, TEXT_LIMIT);
    out->target = take_text(&text, append_target(&text, url, 4));
    out->target_eio3 = take_text(&text, append_target(&text, url, 3));
    out->name_space = take_text(&text, append_namespace(&text, url));
    out->query = take_text(&text, append_part(&text, url->query, not_in_namespace));
    return out->target != NULL && out->target_eio3 != NULL && out->name_space != NULL &&
           out->query != NULL;
}

enum url_verdict channel_url_init(const char *text, const struct url_policy *policy,
                                  struct channel_url *out)
{
    struct url url;
    struct channel_url made = {0};
    enum url_verdict verdict = url_parse(text, &url);
    if (verdict == URL_OK && url.size > URL_MAX_NOTIFICATION_SIZE)
        verdict = URL_TOO_LONG;
    if (verdict == URL_OK)
        verdict = url_check(&url, policy);
    if (verdict == URL_OK && !fill_texts(&url, &made))
        verdict = URL_NO_MEMORY;
    else if (verdict == URL_OK && strlen(made.name_space) > SIO_MAX_NAMESPACE)
        verdict = URL_TOO_LONG;
    if (verdict != URL_OK) {
        channel_url_clear(&made);
        return verdict;
    }
    memcpy(made.host, url.host, sizeof made.host);
    made.port = url.port;
    made.is_plain = !url_is_secure(&url);
    *out = made;
    return URL_OK;
}

void channel_url_clear(struct channel_url *url)
{
    bytes_wipe_text(url->target);
    bytes_wipe_text(url->target_eio3);
    bytes_wipe_text(url->name_space);
    bytes_wipe_text(url->query);
    *url = (struct channel_url){0};
}
