#include "protocol/tls.h"

#include <assert.h>
#include <mbedtls/bignum.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/tls_name.h"

#if MBEDTLS_VERSION_NUMBER < 0x03000000
#define MBEDTLS_ERR_SSL_BAD_CERTIFICATE MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE
#endif

/*   SHAKING_HANDS -> READY   shake_hands
 *   any -> ENDED             report_end
 *
 * SHAKING_HANDS  nothing of ours is sent yet, nothing of theirs is believed
 * READY          the server is verified; plain bytes go both ways
 * ENDED          CLOSED has been given out
 */
enum state { SHAKING_HANDS, READY, ENDED };

enum { MAX_WAITING = 1 << 20, PLAIN_SIZE = 4096 };

struct tls {
    enum state state;
    bool is_over;        /* `end` is to be reported next */
    enum tls_status end; /* how */
    bool is_finished;    /* the stream has ended */
    bool is_starved;     /* mbedTLS asked for more input than there is */
    bool has_ticket;     /* of TLS 1.3 */
    struct tls_trust *trust;
    struct tls_name name;
    mbedtls_ssl_context ssl;
    struct bytes input;  /* cipher bytes received */
    struct bytes output; /* cipher bytes to be written */
    uint8_t plain[PLAIN_SIZE];
};

struct tls_session {
    mbedtls_ssl_session session;
    uint64_t stamp;
    struct tls_name name;
};

static void end(struct tls *tls, enum tls_status status)
{
    if (tls->is_over)
        return;
    tls->is_over = true;
    tls->end = status;
}

static int take_output(void *user, const unsigned char *bytes, size_t size)
{
    struct tls *tls = user;
    if (size > MAX_WAITING - bytes_count(&tls->output))
        end(tls, TLS_OUTPUT_FULL);
    else if (!bytes_append(&tls->output, bytes, size))
        end(tls, TLS_NO_MEMORY);
    else
        return (int)size;
    return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int give_input(void *user, unsigned char *out, size_t size)
{
    struct tls *tls = user;
    size_t count = bytes_count(&tls->input);
    size_t taken = count < size ? count : size;
    tls->is_starved = taken == 0;
    if (tls->is_starved)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(out, bytes_front(&tls->input), taken);
    bytes_consume(&tls->input, taken);
    return (int)taken;
}

/* Over the raw list, as mbedTLS falls back to the common name, never matches iPAddress
 * and compares an address with dNSName (WS-25). */
static bool is_named(const mbedtls_x509_crt *certificate, const struct tls_name *name)
{
    enum { DNS_NAME = 2, IP_ADDRESS = 7 }; /* RFC 5280, 4.2.1.6 */
    const mbedtls_x509_sequence *entry = &certificate->subject_alt_names;
    for (; entry != NULL; entry = entry->next) {
        int kind = entry->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
        if (entry->buf.p == NULL)
            continue;
        if (kind == DNS_NAME && tls_name_is_covered(name, entry->buf.p, entry->buf.len))
            return true;
        if (kind == IP_ADDRESS && tls_name_is_address(name, entry->buf.p, entry->buf.len))
            return true;
    }
    return false;
}

static int judge_certificate(void *user, mbedtls_x509_crt *certificate, int depth,
                             uint32_t *flags)
{
    const struct tls *tls = user;
    if (depth > 0)
        return 0;
    *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH;
    if (!is_named(certificate, &tls->name))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

enum {
    ANY_WEAK = MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
               MBEDTLS_X509_BADCERT_BAD_KEY,
    ANY_USAGE = MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
                MBEDTLS_X509_BADCERT_NS_CERT_TYPE,
    ANY_LIST = MBEDTLS_X509_BADCRL_NOT_TRUSTED | MBEDTLS_X509_BADCRL_EXPIRED |
               MBEDTLS_X509_BADCRL_FUTURE | MBEDTLS_X509_BADCRL_BAD_MD |
               MBEDTLS_X509_BADCRL_BAD_PK | MBEDTLS_X509_BADCRL_BAD_KEY,
};

/* Several flags may be set: what the user can act on least comes first, so that a
 * stranger's expired certificate is called a stranger's. */
static enum tls_status status_of_flags(uint32_t flags)
{
    static const struct {
        uint32_t flags;
        enum tls_status status;
    } table[] = {
        {MBEDTLS_X509_BADCERT_REVOKED,     TLS_REVOKED        },
        {MBEDTLS_X509_BADCERT_NOT_TRUSTED, TLS_UNKNOWN_ISSUER },
        {ANY_WEAK,                         TLS_WEAK           },
        {MBEDTLS_X509_BADCERT_FUTURE,      TLS_NOT_YET_VALID  },
        {MBEDTLS_X509_BADCERT_EXPIRED,     TLS_EXPIRED        },
        {MBEDTLS_X509_BADCERT_CN_MISMATCH, TLS_WRONG_NAME     },
        {ANY_USAGE,                        TLS_WRONG_USAGE    },
        {ANY_LIST,                         TLS_BAD_LIST       },
        {UINT32_MAX,                       TLS_BAD_CERTIFICATE},
    };
    assert(flags != 0);
    size_t i = 0;
    while ((flags & table[i].flags) == 0)
        i++;
    return table[i].status;
}

static enum tls_status status_of_error(int error)
{
    static const struct {
        int error;
        enum tls_status status;
    } table[] = {
        {MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY,          TLS_OK             },
        {MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE,        TLS_REFUSED        },
        {MBEDTLS_ERR_SSL_BAD_CERTIFICATE,            TLS_BAD_CERTIFICATE},
        {MBEDTLS_ERR_SSL_ALLOC_FAILED,               TLS_NO_MEMORY      },
        {MBEDTLS_ERR_X509_ALLOC_FAILED,              TLS_NO_MEMORY      },
        {MBEDTLS_ERR_PK_ALLOC_FAILED,                TLS_NO_MEMORY      },
        {MBEDTLS_ERR_ECP_ALLOC_FAILED,               TLS_NO_MEMORY      },
        {MBEDTLS_ERR_MPI_ALLOC_FAILED,               TLS_NO_MEMORY      },
        {MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED, TLS_NO_RANDOM      },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].error == error)
            return table[i].status;
    }
    return TLS_BROKEN;
}

/* The flags are also kept from a handshake that failed for another reason. */
static enum tls_status why_no_handshake(const struct tls *tls, int error)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    if (flags != 0 && flags != UINT32_MAX)
        return status_of_flags(flags);
    enum tls_status status = status_of_error(error);
    return status == TLS_OK ? TLS_REFUSED : status;
}

/* A resumed server is not verified again, so at least its dates are looked at. With
 * TLS 1.3 its certificate is not kept; tickets last a week at most there. */
static enum tls_status check_dates(const struct tls *tls)
{
    const mbedtls_x509_crt *certificate = mbedtls_ssl_get_peer_cert(&tls->ssl);
    bool is_past = certificate != NULL && mbedtls_x509_time_is_past(&certificate->valid_to);
    return is_past ? TLS_EXPIRED : TLS_OK;
}

/* Whether mbedTLS only wants to be called again. With TLS 1.3 it answers WANT_READ after
 * a message of the handshake too, though more input waits. */
static bool is_worth_another_call(struct tls *tls, int result)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    if (result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
        tls->has_ticket = true;
        return true;
    }
#endif
    return result == MBEDTLS_ERR_SSL_WANT_READ && !tls->is_starved;
}

static void shake_hands(struct tls *tls, struct tls_event *out)
{
    int result = 0;
    do {
        tls->is_starved = false;
        result = mbedtls_ssl_handshake(&tls->ssl);
    } while (is_worth_another_call(tls, result));
    if (result == MBEDTLS_ERR_SSL_WANT_READ)
        return;
    if (result != 0) {
        end(tls, why_no_handshake(tls, result));
        return;
    }
    enum tls_status status = check_dates(tls);
    if (status != TLS_OK) {
        end(tls, status);
        return;
    }
    tls->state = READY;
    out->type = TLS_EVENT_READY;
}

static void read_plain(struct tls *tls, struct tls_event *out)
{
    int result = 0;
    do {
        tls->is_starved = false;
        result = mbedtls_ssl_read(&tls->ssl, tls->plain, sizeof tls->plain);
    } while (is_worth_another_call(tls, result));
    if (result == MBEDTLS_ERR_SSL_WANT_READ)
        return;
    if (result <= 0) {
        end(tls, status_of_error(result));
        return;
    }
    out->type = TLS_EVENT_DATA;
    out->data = tls->plain;
    out->size = (size_t)result;
}

static void report_end(struct tls *tls, struct tls_event *out)
{
    tls->state = ENDED;
    bytes_clear(&tls->input);
    out->type = TLS_EVENT_CLOSED;
    out->status = tls->end;
}

bool tls_next(struct tls *tls, struct tls_event *out)
{
    struct tls_event event = {0};
    if (tls->state == ENDED)
        return false;
    if (!tls->is_over && tls->state == SHAKING_HANDS)
        shake_hands(tls, &event);
    else if (!tls->is_over)
        read_plain(tls, &event);
    if (event.type == TLS_EVENT_NONE && tls->is_finished)
        end(tls, TLS_EOF);
    if (event.type == TLS_EVENT_NONE && tls->is_over)
        report_end(tls, &event);
    if (event.type != TLS_EVENT_NONE)
        *out = event;
    return event.type != TLS_EVENT_NONE;
}

static bool is_for(const struct tls_session *session, const struct tls *tls)
{
    return session != NULL && session->stamp == tls_trust_stamp(tls->trust) &&
           strcmp(session->name.host, tls->name.host) == 0;
}

/* SNI is for names only (RFC 6066, 3). Without one, mbedTLS 3.6 wants to be told so. */
static bool set_up(struct tls *tls, const struct tls_session *session)
{
    const char *name = tls->name.is_address ? NULL : tls->name.host;
    if (mbedtls_ssl_setup(&tls->ssl, tls_trust_config(tls->trust)) != 0 ||
        mbedtls_ssl_set_hostname(&tls->ssl, name) != 0)
        return false;
    mbedtls_ssl_set_verify(&tls->ssl, judge_certificate, tls);
    mbedtls_ssl_set_bio(&tls->ssl, tls, take_output, give_input, NULL);
    /* A session that mbedTLS does not like only costs a full handshake. */
    if (is_for(session, tls))
        (void)mbedtls_ssl_set_session(&tls->ssl, &session->session);
    struct tls_event none = {0};
    shake_hands(tls, &none); /* writes the first message */
    return true;
}

struct tls *tls_new(struct tls_trust *trust, const char *host,
                    const struct tls_session *session)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        return NULL;
    tls->trust = trust;
    bytes_init(&tls->input, MAX_WAITING);
    bytes_init(&tls->output, MAX_WAITING);
    mbedtls_ssl_init(&tls->ssl);
    if (!tls_name_init(&tls->name, host) || !set_up(tls, session)) {
        tls_free(tls);
        return NULL;
    }
    return tls;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    mbedtls_ssl_free(&tls->ssl);
    bytes_clear(&tls->input);
    bytes_clear(&tls->output);
    bytes_wipe_memory(tls->plain, sizeof tls->plain);
    free(tls);
}

void tls_feed(struct tls *tls, const uint8_t *bytes, size_t size)
{
    if (tls->state == ENDED || tls->is_finished)
        return;
    if (!bytes_append(&tls->input, bytes, size))
        end(tls, TLS_NO_MEMORY);
}

void tls_finish(struct tls *tls)
{
    tls->is_finished = true;
}

bool tls_output(const struct tls *tls, const uint8_t **out_data, size_t *out_size)
{
    if (bytes_count(&tls->output) == 0)
        return false;
    *out_data = bytes_front(&tls->output);
    *out_size = bytes_count(&tls->output);
    return true;
}

void tls_sent(struct tls *tls, size_t size)
{
    bytes_consume(&tls->output, size);
}

bool tls_is_ready(const struct tls *tls)
{
    return tls->state == READY && !tls->is_over;
}

enum tls_status tls_write(struct tls *tls, const uint8_t *bytes, size_t size)
{
    if (!tls_is_ready(tls))
        return TLS_NOT_READY;
    while (size > 0) {
        int written = mbedtls_ssl_write(&tls->ssl, bytes, size);
        if (is_worth_another_call(tls, written))
            continue;
        if (written <= 0) {
            end(tls, status_of_error(written));
            return tls->end;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return TLS_OK;
}

void tls_close(struct tls *tls)
{
    if (tls_is_ready(tls))
        (void)mbedtls_ssl_close_notify(&tls->ssl);
}

static bool can_be_resumed(const struct tls *tls)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    if (mbedtls_ssl_get_version_number(&tls->ssl) == MBEDTLS_SSL_VERSION_TLS1_3)
        return tls->has_ticket;
#endif
    return tls->state == READY;
}

struct tls_session *tls_save_session(const struct tls *tls)
{
    struct tls_session *session = can_be_resumed(tls) ? calloc(1, sizeof *session) : NULL;
    if (session == NULL)
        return NULL;
    mbedtls_ssl_session_init(&session->session);
    if (mbedtls_ssl_get_session(&tls->ssl, &session->session) != 0) {
        tls_session_free(session);
        return NULL;
    }
    session->stamp = tls_trust_stamp(tls->trust);
    session->name = tls->name;
    return session;
}

void tls_session_free(struct tls_session *session)
{
    if (session == NULL)
        return;
    mbedtls_ssl_session_free(&session->session);
    free(session);
}
