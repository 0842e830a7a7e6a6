#include "protocol/tls_trust.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>
#include <string.h>

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

#include "protocol/bytes.h"

struct tls_trust {
    size_t owners;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context generator;
    mbedtls_x509_crt authorities;
    mbedtls_x509_crl revoked;
    mbedtls_ssl_config config;
    const char *protocols[2]; /* ALPN, ended by NULL */
    uint64_t stamp;
};

/* Authenticated and with forward secrecy; elsewhere the choice is the server's. */
static const int ciphers[] = {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
#endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    0,
};

static const mbedtls_x509_crt_profile strong = {
    .allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
                   MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
                   MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
    .allowed_pks = 0xFFFFFFF,
    .allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_BP256R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_BP384R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_BP512R1),
    .rsa_min_bitlen = 2048,
};

/* What differs between the two generations of mbedTLS. */
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
static void require_recent(mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
#if MBEDTLS_VERSION_NUMBER >= 0x03060100 && defined(MBEDTLS_SSL_PROTO_TLS1_3) &&           \
    defined(MBEDTLS_SSL_SESSION_TICKETS)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
}

static bool start_library(void)
{
    return psa_crypto_init() == PSA_SUCCESS; /* TLS 1.3 needs it. */
}
#else
/* TLS 1.0 and SHA-1 in the key exchange are what 2.28 starts with. */
static void require_recent(mbedtls_ssl_config *config)
{
    static const int hashes[] = {MBEDTLS_MD_SHA512, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA256,
                                 MBEDTLS_MD_NONE};
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_sig_hashes(config, hashes);
}

static bool start_library(void)
{
    return true;
}
#endif

static bool renew_stamp(struct tls_trust *trust)
{
    return tls_random(trust, (uint8_t *)&trust->stamp, sizeof trust->stamp);
}

static bool make_rules(struct tls_trust *trust)
{
    mbedtls_ssl_config *config = &trust->config;
    trust->protocols[0] = "http/1.1";
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &trust->generator);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_cert_profile(config, &strong);
    mbedtls_ssl_conf_ciphersuites(config, ciphers);
    mbedtls_ssl_conf_ca_chain(config, &trust->authorities, &trust->revoked);
    require_recent(config);
    return mbedtls_ssl_conf_alpn_protocols(config, trust->protocols) == 0;
}

static bool set_up(struct tls_trust *trust)
{
    return start_library() &&
           mbedtls_ctr_drbg_seed(&trust->generator, mbedtls_entropy_func, &trust->entropy,
                                 NULL, 0) == 0 &&
           mbedtls_ssl_config_defaults(&trust->config, MBEDTLS_SSL_IS_CLIENT,
                                       MBEDTLS_SSL_TRANSPORT_STREAM,
                                       MBEDTLS_SSL_PRESET_DEFAULT) == 0 &&
           make_rules(trust) && renew_stamp(trust);
}

struct tls_trust *tls_trust_new(void)
{
    struct tls_trust *trust = calloc(1, sizeof *trust);
    if (trust == NULL)
        return NULL;
    trust->owners = 1;
    mbedtls_entropy_init(&trust->entropy);
    mbedtls_ctr_drbg_init(&trust->generator);
    mbedtls_x509_crt_init(&trust->authorities);
    mbedtls_x509_crl_init(&trust->revoked);
    mbedtls_ssl_config_init(&trust->config);
    if (!set_up(trust)) {
        tls_trust_free(trust);
        return NULL;
    }
    return trust;
}

struct tls_trust *tls_trust_share(struct tls_trust *trust)
{
    if (trust != NULL)
        trust->owners++;
    return trust;
}

void tls_trust_free(struct tls_trust *trust)
{
    if (trust == NULL || --trust->owners > 0)
        return;
    mbedtls_ssl_config_free(&trust->config);
    mbedtls_x509_crl_free(&trust->revoked);
    mbedtls_x509_crt_free(&trust->authorities);
    mbedtls_ctr_drbg_free(&trust->generator);
    mbedtls_entropy_free(&trust->entropy);
    free(trust);
}

static int parse_certificates(struct tls_trust *trust, const uint8_t *pem, size_t size)
{
    return mbedtls_x509_crt_parse(&trust->authorities, pem, size);
}

static int parse_list(struct tls_trust *trust, const uint8_t *pem, size_t size)
{
    return mbedtls_x509_crl_parse(&trust->revoked, pem, size);
}

typedef int parse_fn(struct tls_trust *trust, const uint8_t *pem, size_t size);

/* mbedTLS wants PEM with a zero that counts. */
static enum tls_status add(struct tls_trust *trust, const uint8_t *bytes, size_t size,
                           parse_fn *parse)
{
    struct bytes pem;
    bytes_init(&pem, SIZE_MAX / 2);
    const char *text = bytes_append(&pem, bytes, size) ? bytes_text(&pem) : NULL;
    int result = text == NULL ? MBEDTLS_ERR_X509_ALLOC_FAILED
                              : parse(trust, (const uint8_t *)text, size + 1);
    bytes_clear(&pem);
    /* Also after a failure: some of it may have been taken. */
    bool is_renewed = renew_stamp(trust);
    if (result == MBEDTLS_ERR_X509_ALLOC_FAILED)
        return TLS_NO_MEMORY;
    if (result < 0)
        return TLS_BAD_PEM;
    return is_renewed ? TLS_OK : TLS_NO_RANDOM;
}

enum tls_status tls_trust_add_pem(struct tls_trust *trust, const uint8_t *bytes,
                                  size_t size)
{
    return add(trust, bytes, size, parse_certificates);
}

enum tls_status tls_trust_add_crl(struct tls_trust *trust, const uint8_t *bytes,
                                  size_t size)
{
    return add(trust, bytes, size, parse_list);
}

bool tls_random(void *user, uint8_t *out, size_t size)
{
    struct tls_trust *trust = user;
    bool is_good = true;
    for (size_t piece = 0; is_good && size > 0; out += piece, size -= piece) {
        piece = size < MBEDTLS_CTR_DRBG_MAX_REQUEST ? size : MBEDTLS_CTR_DRBG_MAX_REQUEST;
        is_good = mbedtls_ctr_drbg_random(&trust->generator, out, piece) == 0;
    }
    return is_good;
}

const struct mbedtls_ssl_config *tls_trust_config(const struct tls_trust *trust)
{
    return &trust->config;
}

uint64_t tls_trust_stamp(const struct tls_trust *trust)
{
    return trust->stamp;
}
