/* A TLS client as a machine over memory: cipher bytes in and out, plain bytes in and out.
 * TLS 1.2 (RFC 5246) and, where mbedTLS has it, 1.3 (RFC 8446); WS-23 to WS-28, F-126.
 *
 * The server is always verified: chain, dates, key usage, revocation where a list was
 * given, strength, and its name against the subjectAltNames of its certificate (RFC 9525:
 * a wildcard only as the whole leftmost label, no common name, an address only against
 * iPAddress). There is no switch against it.
 *
 * Sequence: one tls_trust for the program, filled once; for each connection
 *
 *   tls_new                     the first message waits in tls_output()
 *   loop:
 *     tls_output / tls_sent     write until there is nothing left
 *     tls_feed                  what was read; then
 *     tls_next until false      READY once, DATA, CLOSED last
 *     tls_write                 after READY
 *   tls_finish                  the stream ended; then tls_next until false once more
 *   tls_free                    at any time
 *
 * Errors: whatever goes wrong is the CLOSED event with its status; the output then still
 * has the alert for the server.
 *
 * Limits: cipher bytes waiting in either direction 1 MiB.
 *
 * Everything here belongs to one thread. Certificates are held against the wall clock and
 * randomness is seeded from the system, both by mbedTLS itself.
 */
#ifndef PROTOCOL_TLS_H
#define PROTOCOL_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/tls_status.h"
#include "protocol/tls_trust.h"

/* What a server gave us to resume with; tied to its host and to the trust set as it was
 * when the server was verified, since a resumed server is not verified again. */
struct tls_session;
void tls_session_free(struct tls_session *session);

struct tls;

/* Makes a client for a host name or address literal (IPv6 without brackets). A session
 * for another host or trust set is ignored; it is only read during the call. NULL: no
 * memory, or a host name that cannot be one. */
struct tls *tls_new(struct tls_trust *trust, const char *host,
                    const struct tls_session *session);

/* Takes NULL. */
void tls_free(struct tls *tls);

/* Gives received bytes, which are copied. Ignored after the end. */
void tls_feed(struct tls *tls, const uint8_t *bytes, size_t size);

/* Tells that the stream has ended. */
void tls_finish(struct tls *tls);

enum tls_event_type {
    TLS_EVENT_NONE,
    TLS_EVENT_READY, /* verified; tls_write() may be called */
    TLS_EVENT_DATA,
    TLS_EVENT_CLOSED, /* the last one */
};

struct tls_event {
    enum tls_event_type type;
    const uint8_t *data; /* DATA: plain bytes, never NULL */
    size_t size;
    enum tls_status status; /* CLOSED */
};

/* Takes the oldest event. False when there is none. `out->data` is borrowed until the
 * next tls_next() or tls_free(). */
bool tls_next(struct tls *tls, struct tls_event *out);

/* The cipher bytes to write next, borrowed until the next call. False: none. */
bool tls_output(const struct tls *tls, const uint8_t **out_data, size_t *out_size);

/* Tells that the first `size` bytes of tls_output() have been written. */
void tls_sent(struct tls *tls, size_t size);

/* Encrypts plain bytes into the output. TLS_NOT_READY, or an error that has also ended
 * the connection: TLS_OUTPUT_FULL, TLS_NO_MEMORY, TLS_BROKEN. */
enum tls_status tls_write(struct tls *tls, const uint8_t *bytes, size_t size);

/* Whether READY has come and the end has not. */
bool tls_is_ready(const struct tls *tls);

/* Sends close_notify. Reading may go on until CLOSED. */
void tls_close(struct tls *tls);

/* What to hand to the next tls_new(); the caller frees it. NULL: the server gave nothing
 * (yet: with TLS 1.3 it comes after READY). */
struct tls_session *tls_save_session(const struct tls *tls);

#endif
