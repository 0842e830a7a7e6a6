/* Makes certificates and revocation lists at test time, so that their dates are right.
 * Everything that goes wrong fails the test.
 */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>
#include <string.h>
#include <time.h>

#include "protocol/tls_trust.h"
#include "tests/support/table.h"

#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member
#endif

/* A certificate with its key. */
struct identity {
    mbedtls_pk_context key;
    mbedtls_x509_crt certificate;
    char pem[4096];
};

struct certificate_plan {
    const char *common_name;
    const char *dns_names; /* separated by spaces; NULL: none */
    const char *address;   /* four bytes of an iPAddress; NULL: none */
    int from_days;         /* validity, relative to now; 0 and 0 mean -1 and 30 */
    int to_days;
    unsigned key_usage;       /* MBEDTLS_X509_KU_...; 0: none stated */
    uint8_t extended_usage;   /* 1 serverAuth, 2 clientAuth; 0: none stated */
    mbedtls_md_type_t digest; /* of the signature; 0: SHA-256 */
    unsigned rsa_bits;        /* 0: P-256 */
    uint8_t serial;
    bool is_authority;
};

static inline int certificates_random(void *user, unsigned char *out, size_t size)
{
    return tls_random(user, out, size) ? 0 : -1;
}

static inline void certificates_make_key(struct tls_trust *trust, unsigned rsa_bits,
                                         mbedtls_pk_context *key)
{
    mbedtls_pk_type_t type = rsa_bits > 0 ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY;
    assert_int_equal(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(type)), 0);
    if (rsa_bits > 0)
        assert_int_equal(mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), certificates_random,
                                             trust, rsa_bits, 65537),
                         0);
    else
        assert_int_equal(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
                                             certificates_random, trust),
                         0);
}

/* "20261231235959Z" */
static inline void certificates_format_day(int days, char out[32])
{
    time_t when = time(NULL) + (time_t)days * 24 * 60 * 60;
    struct tm parts;
    assert_non_null(gmtime_r(&when, &parts));
    assert_true(strftime(out, 32, "%Y%m%d%H%M%SZ", &parts) > 0);
}

/* Appends tag, short length and content; answers the new size. */
static inline size_t certificates_put(uint8_t *out, size_t at, uint8_t tag,
                                      const void *content, size_t size)
{
    assert_true(size < 128);
    out[at] = tag;
    out[at + 1] = (uint8_t)size;
    memcpy(out + at + 2, content, size);
    return at + 2 + size;
}

/* RFC 5280, 4.2.1.6 */
static inline void certificates_add_names(mbedtls_x509write_cert *writer,
                                          const struct certificate_plan *plan)
{
    uint8_t names[256];
    uint8_t sequence[256];
    size_t size = 0;
    const char *name = plan->dns_names == NULL ? "" : plan->dns_names;
    for (size_t length = 0; (length = strcspn(name, " ")) > 0;) {
        size = certificates_put(names, size, 0x82, name, length);
        name += length + strspn(name + length, " ");
    }
    if (plan->address != NULL)
        size = certificates_put(names, size, 0x87, plan->address, 4);
    if (size == 0)
        return;
    size = certificates_put(sequence, 0, 0x30, names, size);
    assert_int_equal(mbedtls_x509write_crt_set_extension(
                         writer, MBEDTLS_OID_SUBJECT_ALT_NAME,
                         MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, sequence, size),
                     0);
}

/* RFC 5280, 4.2.1.3 and 4.2.1.12 */
static inline void certificates_add_usage(mbedtls_x509write_cert *writer,
                                          const struct certificate_plan *plan)
{
    uint8_t purpose[] = {0x30, 0x0A, 0x06, 0x08, 0x2B, 0x06,
                         0x01, 0x05, 0x05, 0x07, 0x03, plan->extended_usage};
    unsigned usage = plan->key_usage;
    if (plan->is_authority)
        usage = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN;
    if (usage != 0)
        assert_int_equal(mbedtls_x509write_crt_set_key_usage(writer, (unsigned char)usage),
                         0);
    if (plan->extended_usage != 0)
        assert_int_equal(mbedtls_x509write_crt_set_extension(
                             writer, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                             MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0, purpose,
                             sizeof purpose),
                         0);
    assert_int_equal(
        mbedtls_x509write_crt_set_basic_constraints(writer, plan->is_authority, -1), 0);
}

static inline void certificates_set_serial(mbedtls_x509write_cert *writer, uint8_t serial)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
    assert_int_equal(mbedtls_x509write_crt_set_serial_raw(writer, &serial, 1), 0);
#else
    mbedtls_mpi number;
    mbedtls_mpi_init(&number);
    assert_int_equal(mbedtls_mpi_lset(&number, serial), 0);
    assert_int_equal(mbedtls_x509write_crt_set_serial(writer, &number), 0);
    mbedtls_mpi_free(&number);
#endif
}

static inline void certificates_set_dates(mbedtls_x509write_cert *writer,
                                          const struct certificate_plan *plan)
{
    bool is_usual = plan->from_days == 0 && plan->to_days == 0;
    char from[32];
    char to[32];
    certificates_format_day(is_usual ? -1 : plan->from_days, from);
    certificates_format_day(is_usual ? 30 : plan->to_days, to);
    from[14] = '\0'; /* without the zone */
    to[14] = '\0';
    assert_int_equal(mbedtls_x509write_crt_set_validity(writer, from, to), 0);
}

/* Makes a certificate signed by `issuer`, or by itself when that is NULL. */
static inline void identity_init(struct identity *out, struct tls_trust *trust,
                                 const struct certificate_plan *plan,
                                 struct identity *issuer)
{
    char subject[128];
    char issuer_name[256];
    mbedtls_x509write_cert writer;
    mbedtls_pk_init(&out->key);
    mbedtls_x509_crt_init(&out->certificate);
    mbedtls_x509write_crt_init(&writer);
    certificates_make_key(trust, plan->rsa_bits, &out->key);
    (void)snprintf(subject, sizeof subject, "CN=%s", plan->common_name);
    (void)snprintf(issuer_name, sizeof issuer_name, "%s", subject);
    if (issuer != NULL)
        assert_true(mbedtls_x509_dn_gets(issuer_name, sizeof issuer_name,
                                         &issuer->certificate.subject) > 0);
    assert_int_equal(mbedtls_x509write_crt_set_subject_name(&writer, subject), 0);
    assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&writer, issuer_name), 0);
    mbedtls_x509write_crt_set_subject_key(&writer, &out->key);
    mbedtls_x509write_crt_set_issuer_key(&writer, issuer ? &issuer->key : &out->key);
    mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(
        &writer, plan->digest != MBEDTLS_MD_NONE ? plan->digest : MBEDTLS_MD_SHA256);
    certificates_set_serial(&writer, plan->serial == 0 ? 1 : plan->serial);
    certificates_set_dates(&writer, plan);
    certificates_add_usage(&writer, plan);
    certificates_add_names(&writer, plan);
    assert_int_equal(mbedtls_x509write_crt_pem(&writer, (uint8_t *)out->pem,
                                               sizeof out->pem, certificates_random, trust),
                     0);
    assert_int_equal(mbedtls_x509_crt_parse(&out->certificate, (const uint8_t *)out->pem,
                                            strlen(out->pem) + 1),
                     0);
    mbedtls_x509write_crt_free(&writer);
}

/* A server of mbedTLS does not present a certificate that is not for servers; this one
 * does not know. What it sends is unchanged. */
static inline void identity_forget_usage(struct identity *identity)
{
    identity->certificate.MBEDTLS_PRIVATE(ext_types) &=
        ~(MBEDTLS_X509_EXT_KEY_USAGE | MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE);
}

static inline void identity_clear(struct identity *identity)
{
    mbedtls_pk_free(&identity->key);
    mbedtls_x509_crt_free(&identity->certificate);
}

/* As certificates_put(), for contents of 128 to 65,535 bytes too. */
static inline size_t certificates_put_long(uint8_t *out, uint8_t tag,
                                           const uint8_t *content, size_t size)
{
    uint8_t header[] = {tag, 0x82, (uint8_t)(size >> 8), (uint8_t)size};
    memmove(out + sizeof header, content, size);
    memcpy(out, header, sizeof header);
    return sizeof header + size;
}

/* RFC 5280, 5.1: what is signed. */
static inline size_t certificates_list_content(const struct identity *issuer,
                                               uint8_t serial, int next_update_days,
                                               uint8_t *out)
{
    static const uint8_t version_and_algorithm[] = {0x02, 0x01, 0x01, 0x30, 0x0A,
                                                    0x06, 0x08, 0x2A, 0x86, 0x48,
                                                    0xCE, 0x3D, 0x04, 0x03, 0x02};
    char day[32];
    uint8_t entry[64];
    uint8_t wrapped[64];
    size_t at = sizeof version_and_algorithm;
    memcpy(out, version_and_algorithm, at);
    memcpy(out + at, issuer->certificate.subject_raw.p,
           issuer->certificate.subject_raw.len);
    at += issuer->certificate.subject_raw.len;
    certificates_format_day(-2, day); /* as UTCTime: without the century */
    at = certificates_put(out, at, 0x17, day + 2, strlen(day + 2));
    size_t size = certificates_put(entry, 0, 0x02, &serial, 1);
    size = certificates_put(entry, size, 0x17, day + 2, strlen(day + 2));
    size = certificates_put(wrapped, 0, 0x30, entry, size);
    certificates_format_day(next_update_days, day);
    at = certificates_put(out, at, 0x17, day + 2, strlen(day + 2));
    return certificates_put(out, at, 0x30, wrapped, size);
}

/* A revocation list of `issuer` (with a P-256 key) that names one serial number. */
static inline void certificates_make_list(struct tls_trust *trust, struct identity *issuer,
                                          uint8_t serial, int next_update_days,
                                          char pem[4096])
{
    static const uint8_t algorithm[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86,
                                        0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
    uint8_t content[512];
    uint8_t list[1024];
    uint8_t digest[32];
    uint8_t signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE + 1] = {0};
    size_t signature_size = 0;
    size_t size = certificates_list_content(issuer, serial, next_update_days, content);
    size = certificates_put_long(list, 0x30, content, size);
    assert_int_equal(
        mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), list, size, digest), 0);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    assert_int_equal(mbedtls_pk_sign(&issuer->key, MBEDTLS_MD_SHA256, digest, sizeof digest,
                                     signature + 1, sizeof signature - 1, &signature_size,
                                     certificates_random, trust),
                     0);
#else
    assert_int_equal(mbedtls_pk_sign(&issuer->key, MBEDTLS_MD_SHA256, digest, sizeof digest,
                                     signature + 1, &signature_size, certificates_random,
                                     trust),
                     0);
#endif
    memcpy(list + size, algorithm, sizeof algorithm);
    size += sizeof algorithm;
    size = certificates_put(list, size, 0x03, signature, signature_size + 1);
    size = certificates_put_long(list, 0x30, list, size);
    size_t written = 0;
    assert_int_equal(mbedtls_pem_write_buffer("-----BEGIN X509 CRL-----\n",
                                              "-----END X509 CRL-----\n", list, size,
                                              (uint8_t *)pem, 4096, &written),
                     0);
}

#endif
