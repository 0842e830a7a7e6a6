/* A TLS server in memory, and the wire between it and our client: the cipher bytes go
 * across in pieces of a chosen size.
 */
#ifndef TESTS_SUPPORT_TLS_SERVER_H
#define TESTS_SUPPORT_TLS_SERVER_H

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>

#include "protocol/bytes.h"
#include "protocol/tls.h"
#include "tests/support/certificates.h"
#include "tests/support/guarded_bytes.h"

struct tls_server {
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_ticket_context tickets;
    const char *protocols[3];
    struct bytes input;
    struct bytes output;
    struct bytes plain; /* what the client sent */
    char asked_name[256];
    size_t resumed_count;
    bool is_ready;
    int error; /* 0 while all is well */
};

static inline int tls_server_write(void *user, const unsigned char *bytes, size_t size)
{
    struct tls_server *server = user;
    assert_true(bytes_append(&server->output, bytes, size));
    return (int)size;
}

static inline int tls_server_read(void *user, unsigned char *out, size_t size)
{
    struct tls_server *server = user;
    size_t count = bytes_count(&server->input);
    if (count == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    size = count < size ? count : size;
    memcpy(out, bytes_front(&server->input), size);
    bytes_consume(&server->input, size);
    return (int)size;
}

static inline int tls_server_on_name(void *user, mbedtls_ssl_context *ssl,
                                     const unsigned char *name, size_t size)
{
    struct tls_server *server = user;
    (void)ssl;
    (void)snprintf(server->asked_name, sizeof server->asked_name, "%.*s", (int)size,
                   (const char *)name);
    return 0;
}

static inline int tls_server_on_ticket(void *user, mbedtls_ssl_session *session,
                                       unsigned char *ticket, size_t size)
{
    struct tls_server *server = user;
    int result = mbedtls_ssl_ticket_parse(&server->tickets, session, ticket, size);
    server->resumed_count += result == 0;
    return result;
}

static inline int tls_server_make_ticket(void *user, const mbedtls_ssl_session *session,
                                         unsigned char *start, const unsigned char *end,
                                         size_t *out_size, uint32_t *out_lifetime)
{
    struct tls_server *server = user;
    return mbedtls_ssl_ticket_write(&server->tickets, session, start, end, out_size,
                                    out_lifetime);
}

/* `identity` is presented with whatever certificates are chained to it. */
static inline void tls_server_init(struct tls_server *server, struct tls_trust *trust,
                                   struct identity *identity)
{
    *server = (struct tls_server){
        .protocols = {"h2", "http/1.1", NULL}
    };
    bytes_init(&server->input, 1 << 22);
    bytes_init(&server->output, 1 << 22);
    bytes_init(&server->plain, 1 << 22);
    mbedtls_ssl_config_init(&server->config);
    mbedtls_ssl_ticket_init(&server->tickets);
    assert_int_equal(mbedtls_ssl_config_defaults(&server->config, MBEDTLS_SSL_IS_SERVER,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM,
                                                 MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_rng(&server->config, certificates_random, trust);
    assert_int_equal(
        mbedtls_ssl_conf_own_cert(&server->config, &identity->certificate, &identity->key),
        0);
    mbedtls_ssl_conf_sni(&server->config, tls_server_on_name, server);
    assert_int_equal(mbedtls_ssl_conf_alpn_protocols(&server->config, server->protocols),
                     0);
    assert_int_equal(mbedtls_ssl_ticket_setup(&server->tickets, certificates_random, trust,
                                              MBEDTLS_CIPHER_AES_256_GCM, 3600),
                     0);
    mbedtls_ssl_conf_session_tickets_cb(&server->config, tls_server_make_ticket,
                                        tls_server_on_ticket, server);
}

/* Waits for the next client; the configuration and the ticket keys stay. */
static inline void tls_server_listen(struct tls_server *server)
{
    mbedtls_ssl_init(&server->ssl);
    assert_int_equal(mbedtls_ssl_setup(&server->ssl, &server->config), 0);
    mbedtls_ssl_set_bio(&server->ssl, server, tls_server_write, tls_server_read, NULL);
    server->is_ready = false;
    server->error = 0;
    server->asked_name[0] = '\0';
}

static inline void tls_server_hang_up(struct tls_server *server)
{
    mbedtls_ssl_free(&server->ssl);
    bytes_clear(&server->input);
    bytes_clear(&server->output);
    bytes_clear(&server->plain);
}

static inline void tls_server_clear(struct tls_server *server)
{
    mbedtls_ssl_ticket_free(&server->tickets);
    mbedtls_ssl_config_free(&server->config);
}

static inline void tls_server_run(struct tls_server *server)
{
    uint8_t plain[1024];
    int result = 0;
    if (server->error != 0)
        return;
    if (!server->is_ready) {
        result = mbedtls_ssl_handshake(&server->ssl);
        server->is_ready = result == 0;
    }
    while (result >= 0 &&
           (result = mbedtls_ssl_read(&server->ssl, plain, sizeof plain)) > 0)
        assert_true(bytes_append(&server->plain, plain, (size_t)result));
    if (result != MBEDTLS_ERR_SSL_WANT_READ)
        server->error = result;
}

/* What the client noticed. */
struct tls_report {
    bool was_ready;
    bool is_closed;
    enum tls_status status;
    struct bytes plain;
};

static inline void tls_report_events(struct tls_report *report, struct tls *client)
{
    for (struct tls_event event; tls_next(client, &event);) {
        assert_false(report->is_closed);
        if (event.type == TLS_EVENT_READY)
            report->was_ready = true;
        if (event.type == TLS_EVENT_DATA)
            assert_true(bytes_append(&report->plain, event.data, event.size));
        if (event.type == TLS_EVENT_CLOSED) {
            report->is_closed = true;
            report->status = event.status;
        }
    }
}

static inline void tls_feed_in_steps(struct tls *client, struct tls_report *report,
                                     struct bytes *wire, size_t step)
{
    struct guarded_bytes input = guarded_bytes_new(bytes_front(wire), bytes_count(wire));
    bytes_consume(wire, input.size);
    for (size_t at = 0; at < input.size;) {
        size_t piece = step == 0 || input.size - at < step ? input.size - at : step;
        tls_feed(client, input.data + at, piece);
        tls_report_events(report, client);
        at += piece;
    }
    guarded_bytes_free(&input);
}

/* Carries bytes both ways until neither side has any. */
static inline void tls_exchange(struct tls *client, struct tls_report *report,
                                struct tls_server *server, size_t step)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    bool is_moving = true;
    while (is_moving) {
        is_moving = false;
        while (tls_output(client, &data, &size)) {
            size_t piece = step == 0 || size < step ? size : step;
            assert_true(bytes_append(&server->input, data, piece));
            tls_sent(client, piece);
            is_moving = true;
        }
        tls_server_run(server);
        if (bytes_count(&server->output) > 0) {
            is_moving = true;
            tls_feed_in_steps(client, report, &server->output, step);
        }
    }
}

#endif
