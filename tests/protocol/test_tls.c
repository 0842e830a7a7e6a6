/* Our client against an mbedTLS server in memory; certificates are made on the spot. */
#include "tests/support/tls_server.h"

/* mbedTLS asks the C library for the time, and gets it from here. */
static time_t clock_offset;

time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += clock_offset;
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

/* Made once: keys are slow under the sanitizers. */
static struct world {
    struct tls_trust *tools; /* randomness for the test's own side */
    struct identity root;
    struct identity middle;
    struct identity stranger;
    struct identity good; /* a.example, *.b.example, 192.0.2.7; through `middle` */
} world;

static const struct certificate_plan good_plan = {
    .common_name = "good",
    .dns_names = "a.example *.b.example",
    .address = "\xC0\x00\x02\x07",
};

static void chain(struct identity *leaf, const struct identity *above)
{
    assert_int_equal(mbedtls_x509_crt_parse(&leaf->certificate, (const uint8_t *)above->pem,
                                            strlen(above->pem) + 1),
                     0);
}

static int make_world(void **state)
{
    static const struct certificate_plan root = {.common_name = "Root",
                                                 .is_authority = true};
    static const struct certificate_plan middle = {.common_name = "Middle",
                                                   .is_authority = true};
    static const struct certificate_plan stranger = {.common_name = "Stranger",
                                                     .is_authority = true};
    (void)state;
    world.tools = tls_trust_new();
    assert_non_null(world.tools);
    identity_init(&world.root, world.tools, &root, NULL);
    identity_init(&world.middle, world.tools, &middle, &world.root);
    identity_init(&world.stranger, world.tools, &stranger, NULL);
    identity_init(&world.good, world.tools, &good_plan, &world.middle);
    chain(&world.good, &world.middle);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    identity_clear(&world.good);
    identity_clear(&world.stranger);
    identity_clear(&world.middle);
    identity_clear(&world.root);
    tls_trust_free(world.tools);
    return 0;
}

static struct tls_trust *trust_root(void)
{
    struct tls_trust *trust = tls_trust_new();
    assert_non_null(trust);
    assert_int_equal(
        tls_trust_add_pem(trust, (const uint8_t *)world.root.pem, strlen(world.root.pem)),
        TLS_OK);
    return trust;
}

/* One connection from beginning to end. */
struct meeting {
    struct tls_trust *trust;
    struct tls_server server;
    struct tls *client;
    struct tls_report report;
};

static void begin_meeting(struct meeting *meeting, struct identity *identity)
{
    *meeting = (struct meeting){.trust = trust_root()};
    tls_server_init(&meeting->server, world.tools, identity);
    bytes_init(&meeting->report.plain, 1 << 22);
}

static void shake_hands(struct meeting *meeting, const char *host,
                        const struct tls_session *session, size_t step)
{
    tls_server_listen(&meeting->server);
    meeting->report.was_ready = false;
    meeting->report.is_closed = false;
    meeting->client = tls_new(meeting->trust, host, session);
    assert_non_null(meeting->client);
    assert_false(tls_is_ready(meeting->client));
    tls_exchange(meeting->client, &meeting->report, &meeting->server, step);
}

static void part(struct meeting *meeting)
{
    tls_free(meeting->client);
    meeting->client = NULL;
    bytes_clear(&meeting->report.plain);
    tls_server_hang_up(&meeting->server);
}

static void end_meeting(struct meeting *meeting)
{
    part(meeting);
    tls_server_clear(&meeting->server);
    tls_trust_free(meeting->trust);
}

/* The names that a good certificate serves, and those that it does not (WS-25). */
static const struct name_case {
    const char *name;
    const char *host;
    enum tls_status want; /* TLS_OK: READY */
    const char *sni;
} names[] = {
    {"the exact name",                       "a.example",     TLS_OK,         "a.example"    },
    {"any case",                             "A.Example",     TLS_OK,         "A.Example"    },
    {"a trailing dot is taken off",          "a.example.",    TLS_OK,         "a.example"    },
    {"a wildcard",                           "x.b.example",   TLS_OK,         "x.b.example"  },
    {"an address in iPAddress, without SNI", "192.0.2.7",     TLS_OK,         ""             },
    {"another name",                         "c.example",     TLS_WRONG_NAME, "c.example"    },
    {"a wildcard over two labels",           "x.y.b.example", TLS_WRONG_NAME, "x.y.b.example"},
    {"a wildcard over no label",             "b.example",     TLS_WRONG_NAME, "b.example"    },
    {"another address",                      "192.0.2.8",     TLS_WRONG_NAME, ""             },
};

static void check_name(const struct name_case *row)
{
    static const size_t steps[] = {0, 1};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct meeting meeting;
        begin_meeting(&meeting, &world.good);
        shake_hands(&meeting, row->host, NULL, steps[i]);
        assert_int_equal(meeting.report.was_ready, row->want == TLS_OK);
        assert_int_equal(meeting.report.is_closed, row->want != TLS_OK);
        assert_int_equal(meeting.report.status, row->want);
        assert_int_equal(tls_is_ready(meeting.client), row->want == TLS_OK);
        assert_string_equal(meeting.server.asked_name, row->sni);
        end_meeting(&meeting);
    }
}

static void accepts_only_the_names_of_a_certificate(void **state)
{
    (void)state;
    CASES(names, check_name);
}

/* F-126: one bad certificate per row; the host is always a.example but where noted. */
enum issuer { BY_MIDDLE, BY_ROOT, BY_STRANGER, BY_ITSELF, BY_MIDDLE_UNSENT };

static const struct bad_case {
    const char *name;
    struct certificate_plan plan;
    enum issuer issuer;
    const char *host; /* NULL: a.example */
    enum tls_status want;
} bad_ones[] = {
    {"good, to see that the others differ",
     {.common_name = "x", .dns_names = "a.example"},
     BY_ROOT,                                                                                  NULL,
     TLS_OK                                                                                                                  },
    {"for servers and digital signatures",
     {.common_name = "x",
      .dns_names = "a.example",
      .extended_usage = 1,
      .key_usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE},
     BY_ROOT,                                                                                  NULL,
     TLS_OK                                                                                                                  },
    {"expired",
     {.common_name = "x", .dns_names = "a.example", .from_days = -20, .to_days = -1},
     BY_ROOT,                                                                                  NULL,
     TLS_EXPIRED                                                                                                             },
    {"not yet valid",
     {.common_name = "x", .dns_names = "a.example", .from_days = 2, .to_days = 20},
     BY_ROOT,                                                                                  NULL,
     TLS_NOT_YET_VALID                                                                                                       },
    {"wrong host",
     {.common_name = "x", .dns_names = "b.example"},
     BY_ROOT,                                                                                  NULL,
     TLS_WRONG_NAME                                                                                                          },
    {"name only in the CN",                          {.common_name = "a.example"},    BY_ROOT, NULL,           TLS_WRONG_NAME},
    {"wildcard over a top label",
     {.common_name = "x", .dns_names = "*.example"},
     BY_ROOT,                                                                                  NULL,
     TLS_WRONG_NAME                                                                                                          },
    {"wildcard in part of a label",
     {.common_name = "x", .dns_names = "a*.b.example"},
     BY_ROOT,                                                                                  "ax.b.example",
     TLS_WRONG_NAME                                                                                                          },
    {"an address given as dNSName",
     {.common_name = "x", .dns_names = "192.0.2.7"},
     BY_ROOT,                                                                                  "192.0.2.7",
     TLS_WRONG_NAME                                                                                                          },
    {"self-signed",
     {.common_name = "x", .dns_names = "a.example"},
     BY_ITSELF,                                                                                NULL,
     TLS_UNKNOWN_ISSUER                                                                                                      },
    {"unknown authority",
     {.common_name = "x", .dns_names = "a.example"},
     BY_STRANGER,                                                                              NULL,
     TLS_UNKNOWN_ISSUER                                                                                                      },
    {"truncated chain",
     {.common_name = "x", .dns_names = "a.example"},
     BY_MIDDLE_UNSENT,                                                                         NULL,
     TLS_UNKNOWN_ISSUER                                                                                                      },
    {"an unknown authority counts more than a date",
     {.common_name = "x", .dns_names = "a.example", .from_days = -20, .to_days = -1},
     BY_STRANGER,                                                                              NULL,
     TLS_UNKNOWN_ISSUER                                                                                                      },
    {"only for clients",
     {.common_name = "x", .dns_names = "a.example", .extended_usage = 2},
     BY_ROOT,                                                                                  NULL,
     TLS_WRONG_USAGE                                                                                                         },
    {"key not for signatures",
     {.common_name = "x",
      .dns_names = "a.example",
      .key_usage = MBEDTLS_X509_KU_KEY_ENCIPHERMENT},
     BY_ROOT,                                                                                  NULL,
     TLS_WRONG_USAGE                                                                                                         },
    {"signed with SHA-1",
     {.common_name = "x", .dns_names = "a.example", .digest = MBEDTLS_MD_SHA1},
     BY_ROOT,                                                                                  NULL,
     TLS_WEAK                                                                                                                },
    {"RSA of 1,024 bits",
     {.common_name = "x", .dns_names = "a.example", .rsa_bits = 1024},
     BY_ROOT,                                                                                  NULL,
     TLS_WEAK                                                                                                                },
    {"revoked",
     {.common_name = "x", .dns_names = "a.example", .serial = 66},
     BY_ROOT,                                                                                  NULL,
     TLS_REVOKED                                                                                                             },
};

static struct identity *issuer_of(enum issuer issuer)
{
    switch (issuer) {
    case BY_MIDDLE:
    case BY_MIDDLE_UNSENT:
        return &world.middle;
    case BY_ROOT:
        return &world.root;
    case BY_STRANGER:
        return &world.stranger;
    case BY_ITSELF:
        return NULL;
    }
    return NULL;
}

static void add_list(struct tls_trust *trust, int next_update_days)
{
    char pem[4096];
    certificates_make_list(world.tools, &world.root, 66, next_update_days, pem);
    assert_int_equal(tls_trust_add_crl(trust, (const uint8_t *)pem, strlen(pem)), TLS_OK);
}

static void check_bad(const struct bad_case *row)
{
    struct meeting meeting;
    struct identity identity;
    identity_init(&identity, world.tools, &row->plan, issuer_of(row->issuer));
    identity_forget_usage(&identity);
    begin_meeting(&meeting, &identity);
    add_list(meeting.trust, 5);
    shake_hands(&meeting, row->host == NULL ? "a.example" : row->host, NULL, 0);
    assert_int_equal(meeting.report.status, row->want);
    assert_int_equal(meeting.report.was_ready, row->want == TLS_OK);
    if (row->want != TLS_OK) /* The server hears of it. */
        assert_int_not_equal(meeting.server.error, 0);
    end_meeting(&meeting);
    identity_clear(&identity);
}

static void refuses_each_bad_certificate(void **state)
{
    (void)state;
    CASES(bad_ones, check_bad);
}

static void does_not_verify_with_an_outdated_list(void **state)
{
    (void)state;
    struct meeting meeting;
    begin_meeting(&meeting, &world.good);
    add_list(meeting.trust, -1);
    shake_hands(&meeting, "a.example", NULL, 0);
    assert_int_equal(meeting.report.status, TLS_BAD_LIST);
    end_meeting(&meeting);
}

static void says_in_words_what_is_wrong(void **state)
{
    (void)state;
    for (int i = TLS_OK; i <= TLS_BAD_PEM; i++)
        assert_true(strlen(tls_status_text((enum tls_status)i)) > 10);
    assert_non_null(strstr(tls_status_text(TLS_EXPIRED), "expired"));
    assert_non_null(strstr(tls_status_text(TLS_NOT_YET_VALID), "clock"));
    assert_non_null(strstr(tls_status_text(TLS_WRONG_NAME), "name"));
    assert_non_null(strstr(tls_status_text(TLS_UNKNOWN_ISSUER), "issuer"));
}

static void send_and_receive(size_t step)
{
    uint8_t sent[20000];
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 7);
    struct meeting meeting;
    begin_meeting(&meeting, &world.good);
    shake_hands(&meeting, "a.example", NULL, step);
    assert_string_equal(mbedtls_ssl_get_alpn_protocol(&meeting.server.ssl), "http/1.1");
    assert_int_equal(tls_write(meeting.client, sent, sizeof sent), TLS_OK);
    for (size_t at = 0; at < sizeof sent;) {
        int written = mbedtls_ssl_write(&meeting.server.ssl, sent + at, sizeof sent - at);
        assert_true(written > 0);
        at += (size_t)written;
    }
    tls_exchange(meeting.client, &meeting.report, &meeting.server, step);
    assert_int_equal(bytes_count(&meeting.server.plain), sizeof sent);
    assert_memory_equal(bytes_front(&meeting.server.plain), sent, sizeof sent);
    assert_int_equal(bytes_count(&meeting.report.plain), sizeof sent);
    assert_memory_equal(bytes_front(&meeting.report.plain), sent, sizeof sent);
    end_meeting(&meeting);
}

static void carries_data_both_ways(void **state)
{
    (void)state;
    send_and_receive(0);
    send_and_receive(1);
}

static void tells_close_notify_from_a_cut(void **state)
{
    (void)state;
    for (int is_cut = 0; is_cut < 2; is_cut++) { /* WS-27 */
        struct meeting meeting;
        begin_meeting(&meeting, &world.good);
        shake_hands(&meeting, "a.example", NULL, 0);
        if (!is_cut)
            assert_int_equal(mbedtls_ssl_close_notify(&meeting.server.ssl), 0);
        tls_exchange(meeting.client, &meeting.report, &meeting.server, 0);
        tls_finish(meeting.client);
        tls_report_events(&meeting.report, meeting.client);
        assert_true(meeting.report.is_closed);
        assert_int_equal(meeting.report.status, is_cut ? TLS_EOF : TLS_OK);
        assert_int_equal(tls_write(meeting.client, (const uint8_t *)"x", 1), TLS_NOT_READY);
        tls_feed(meeting.client, (const uint8_t *)"x", 1);
        tls_report_events(&meeting.report, meeting.client);
        end_meeting(&meeting);
    }
}

static void sends_close_notify(void **state)
{
    (void)state;
    struct meeting meeting;
    begin_meeting(&meeting, &world.good);
    shake_hands(&meeting, "a.example", NULL, 0);
    tls_close(meeting.client);
    tls_exchange(meeting.client, &meeting.report, &meeting.server, 0);
    assert_int_equal(meeting.server.error, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    end_meeting(&meeting);
}

static void a_cut_handshake_is_no_success(void **state)
{
    (void)state;
    struct tls_trust *trust = trust_root();
    struct tls *client = tls_new(trust, "a.example", NULL);
    struct tls_event event;
    assert_non_null(client);
    tls_close(client); /* too early: nothing happens */
    assert_int_equal(tls_write(client, (const uint8_t *)"x", 1), TLS_NOT_READY);
    assert_null(tls_save_session(client));
    tls_finish(client);
    tls_feed(client, (const uint8_t *)"\x16", 1); /* behind the end: ignored */
    assert_true(tls_next(client, &event));
    assert_int_equal(event.type, TLS_EVENT_CLOSED);
    assert_int_equal(event.status, TLS_EOF);
    assert_false(tls_next(client, &event));
    tls_free(client);
    tls_trust_free(trust);
}

/* What is not TLS, or says no. */
static const struct answer_case {
    const char *name;
    const char *bytes;
    size_t size;
    enum tls_status want;
} answers[] = {
    {"plain HTTP",                          "HTTP/1.1 400 Bad Request\r\n\r\n", 28, TLS_BROKEN },
    {"a fatal alert",                       "\x15\x03\x03\x00\x02\x02\x28",     7,  TLS_REFUSED},
    {"close_notify instead of a handshake", "\x15\x03\x03\x00\x02\x01\x00",     7,  TLS_REFUSED},
};

static void check_answer(const struct answer_case *row)
{
    struct tls_trust *trust = trust_root();
    struct tls *client = tls_new(trust, "a.example", NULL);
    struct tls_event event = {0};
    tls_feed(client, (const uint8_t *)row->bytes, row->size);
    assert_true(tls_next(client, &event));
    assert_int_equal(event.type, TLS_EVENT_CLOSED);
    assert_int_equal(event.status, row->want);
    tls_free(client);
    tls_trust_free(trust);
}

static void refuses_what_is_not_tls(void **state)
{
    (void)state;
    CASES(answers, check_answer);
}

#if MBEDTLS_VERSION_NUMBER < 0x03000000
static void refuses_tls_1_1(void **state) /* WS-24 */
{
    (void)state;
    struct meeting meeting;
    begin_meeting(&meeting, &world.good);
    mbedtls_ssl_conf_max_version(&meeting.server.config, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_2);
    shake_hands(&meeting, "a.example", NULL, 0);
    assert_false(meeting.report.was_ready);
    end_meeting(&meeting);
}
#endif

static void damaged_data_ends_the_connection(void **state)
{
    (void)state;
    struct meeting meeting;
    begin_meeting(&meeting, &world.good);
    shake_hands(&meeting, "a.example", NULL, 0);
    assert_int_equal(mbedtls_ssl_write(&meeting.server.ssl, (const uint8_t *)"hello", 5),
                     5);
    struct bytes *wire = &meeting.server.output;
    wire->data[wire->size - 1] ^= 1;
    tls_exchange(meeting.client, &meeting.report, &meeting.server, 0);
    assert_true(meeting.report.is_closed);
    assert_int_equal(meeting.report.status, TLS_BROKEN);
    assert_int_equal(bytes_count(&meeting.report.plain), 0);
    end_meeting(&meeting);
}

static void a_server_that_reads_nothing_fills_the_output(void **state)
{
    (void)state;
    static const uint8_t zeros[1 << 16];
    struct meeting meeting;
    begin_meeting(&meeting, &world.good);
    shake_hands(&meeting, "a.example", NULL, 0);
    enum tls_status status = TLS_OK;
    size_t written = 0;
    for (; status == TLS_OK && written < 32; written++)
        status = tls_write(meeting.client, zeros, sizeof zeros);
    assert_int_equal(status, TLS_OUTPUT_FULL);
    assert_int_equal(written, 16);
    tls_report_events(&meeting.report, meeting.client);
    assert_int_equal(meeting.report.status, TLS_OUTPUT_FULL);
    end_meeting(&meeting);
}

static void a_flood_is_not_kept(void **state)
{
    (void)state;
    static const uint8_t zeros[(1 << 20) + 1];
    struct meeting meeting;
    begin_meeting(&meeting, &world.good);
    shake_hands(&meeting, "a.example", NULL, 0);
    tls_feed(meeting.client, zeros, sizeof zeros);
    tls_report_events(&meeting.report, meeting.client);
    assert_int_equal(meeting.report.status, TLS_NO_MEMORY);
    end_meeting(&meeting);
}

/* Connects once, then again with the session of the first time. */
static size_t resume(const char *first_host, const char *second_host, bool change_trust)
{
    struct meeting meeting;
    begin_meeting(&meeting, &world.good);
    shake_hands(&meeting, first_host, NULL, 0);
    assert_true(meeting.report.was_ready);
    assert_int_equal(meeting.server.resumed_count, 0);
    struct tls_session *session = tls_save_session(meeting.client);
    assert_non_null(session);
    part(&meeting);
    if (change_trust)
        add_list(meeting.trust, 5);
    shake_hands(&meeting, second_host, session, 0);
    tls_session_free(session);
    assert_true(meeting.report.was_ready);
    size_t count = meeting.server.resumed_count;
    end_meeting(&meeting);
    return count;
}

static void resumes_a_session(void **state)
{
    (void)state;
    assert_int_equal(resume("a.example", "a.example", false), 1);
}

static void a_session_is_for_its_host_and_trust_only(void **state)
{
    (void)state;
    assert_int_equal(resume("a.example", "x.b.example", false), 0);
    assert_int_equal(resume("a.example", "a.example", true), 0);
}

/* The certificate was good when the session was made and is over when it is resumed. */
static void a_resumed_certificate_may_have_expired(void **state)
{
    (void)state;
    enum { DAY = 24 * 60 * 60 };
    const struct certificate_plan plan = {
        .common_name = "x", .dns_names = "a.example", .from_days = -1, .to_days = 1};
    struct identity identity;
    struct meeting meeting;
    identity_init(&identity, world.tools, &plan, &world.root);
    begin_meeting(&meeting, &identity);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    mbedtls_ssl_conf_max_tls_version(&meeting.server.config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
    clock_offset = DAY - 60;
    shake_hands(&meeting, "a.example", NULL, 0);
    assert_true(meeting.report.was_ready);
    struct tls_session *session = tls_save_session(meeting.client);
    assert_non_null(session);
    part(&meeting);
    clock_offset = DAY + 60;
    shake_hands(&meeting, "a.example", session, 0);
    clock_offset = 0;
    assert_int_equal(meeting.server.resumed_count, 1);
    assert_false(meeting.report.was_ready);
    assert_int_equal(meeting.report.status, TLS_EXPIRED);
    tls_session_free(session);
    end_meeting(&meeting);
    identity_clear(&identity);
}

static void reads_bundles_in_part(void **state)
{
    (void)state;
    struct tls_trust *trust = tls_trust_new();
    char bundle[16384];
    (void)snprintf(bundle, sizeof bundle,
                   "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n%s",
                   world.root.pem, world.stranger.pem);
    assert_int_equal(tls_trust_add_pem(trust, (const uint8_t *)bundle, strlen(bundle)),
                     TLS_OK);
    assert_int_equal(tls_trust_add_pem(trust, (const uint8_t *)"no PEM", 6), TLS_BAD_PEM);
    assert_int_equal(tls_trust_add_pem(trust, NULL, 0), TLS_BAD_PEM);
    assert_int_equal(tls_trust_add_crl(trust, (const uint8_t *)"no PEM", 6), TLS_BAD_PEM);
    tls_trust_free(trust);
    tls_trust_free(NULL);
    tls_free(NULL);
    tls_session_free(NULL);
}

static void refuses_what_cannot_be_a_host(void **state)
{
    (void)state;
    char long_name[300] = {0};
    memset(long_name, 'a', sizeof long_name - 1);
    const char *const hosts[] = {"", ".", "a b", "a/b", "[::1]", long_name};
    for (size_t i = 0; i < COUNT_OF(hosts); i++)
        assert_null(tls_new(world.tools, hosts[i], NULL));
}

static void gives_random_bytes(void **state)
{
    (void)state;
    uint8_t first[3000] = {0};
    uint8_t second[3000] = {0};
    assert_true(tls_random(world.tools, first, sizeof first));
    assert_true(tls_random(world.tools, second, sizeof second));
    assert_memory_not_equal(first, second, sizeof first);
    assert_memory_not_equal(first + 1500, second + 1500, 1500);
}

static void a_trust_set_goes_with_its_last_owner(void **state)
{
    uint8_t bytes[4];
    struct tls_trust *trust = tls_trust_new();
    (void)state;
    assert_ptr_equal(tls_trust_share(trust), trust);
    tls_trust_free(trust);
    assert_true(tls_random(trust, bytes, sizeof bytes));
    tls_trust_free(trust);
    assert_null(tls_trust_share(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(accepts_only_the_names_of_a_certificate),
        TABLE_TEST(refuses_each_bad_certificate),
        TABLE_TEST(does_not_verify_with_an_outdated_list),
        TABLE_TEST(says_in_words_what_is_wrong),
        TABLE_TEST(carries_data_both_ways),
        TABLE_TEST(tells_close_notify_from_a_cut),
        TABLE_TEST(sends_close_notify),
        TABLE_TEST(a_cut_handshake_is_no_success),
        TABLE_TEST(refuses_what_is_not_tls),
#if MBEDTLS_VERSION_NUMBER < 0x03000000
        TABLE_TEST(refuses_tls_1_1),
#endif
        TABLE_TEST(damaged_data_ends_the_connection),
        TABLE_TEST(a_server_that_reads_nothing_fills_the_output),
        TABLE_TEST(a_flood_is_not_kept),
        TABLE_TEST(resumes_a_session),
        TABLE_TEST(a_session_is_for_its_host_and_trust_only),
        TABLE_TEST(a_resumed_certificate_may_have_expired),
        TABLE_TEST(reads_bundles_in_part),
        TABLE_TEST(refuses_what_cannot_be_a_host),
        TABLE_TEST(gives_random_bytes),
        TABLE_TEST(a_trust_set_goes_with_its_last_owner),
    };
    return cmocka_run_group_tests(tests, make_world, end_world);
}
