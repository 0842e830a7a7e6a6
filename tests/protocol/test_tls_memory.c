/* Memory runs out at many places of a TLS connection, once each: nothing leaks or
 * crashes, and the connection does not become ready without having been verified. */
#include "tests/support/fail_alloc.h"
#include "tests/support/tls_server.h"

static const struct certificate_plan authority = {.common_name = "Root",
                                                  .is_authority = true};
static const struct certificate_plan leaf = {.common_name = "x", .dns_names = "a.example"};

static struct tls_trust *make_trust(const struct identity *root)
{
    struct tls_trust *trust = tls_trust_new();
    if (trust != NULL &&
        tls_trust_add_pem(trust, (const uint8_t *)root->pem, strlen(root->pem)) != TLS_OK) {
        tls_trust_free(trust);
        trust = NULL;
    }
    return trust;
}

static void a_trust_set_needs_memory(void **state)
{
    (void)state;
    struct tls_trust *tools = tls_trust_new();
    struct identity root;
    identity_init(&root, tools, &authority, NULL);
    bool has_failed = true;
    for (size_t n = 0; has_failed; n++) {
        fail_alloc_at(n);
        struct tls_trust *trust = make_trust(&root);
        has_failed = fail_alloc_stop();
        assert_true(has_failed || trust != NULL);
        tls_trust_free(trust);
    }
    identity_clear(&root);
    tls_trust_free(tools);
}

static void save_without_memory(const struct tls *client)
{
    for (size_t n = 0; n < 2; n++) {
        fail_alloc_at(n);
        struct tls_session *session = tls_save_session(client);
        (void)fail_alloc_stop();
        assert_null(session);
    }
}

/* The failing call is one of ours or of mbedTLS on our side: the server's own go on. */
static bool connect_once(struct tls_trust *trust, struct tls_server *server, size_t n)
{
    struct tls_report report = {.status = TLS_OK};
    bytes_init(&report.plain, 1 << 20);
    tls_server_listen(server);
    fail_alloc_at(n);
    struct tls *client = tls_new(trust, "a.example", NULL);
    bool has_failed = fail_alloc_stop();
    const uint8_t *data = NULL;
    size_t size = 0;
    while (client != NULL && tls_output(client, &data, &size)) {
        assert_true(bytes_append(&server->input, data, size));
        tls_sent(client, size);
        tls_server_run(server);
        tls_feed(client, bytes_front(&server->output), bytes_count(&server->output));
        bytes_consume(&server->output, bytes_count(&server->output));
        if (!has_failed)
            fail_alloc_at(n);
        tls_report_events(&report, client);
        has_failed |= fail_alloc_stop();
    }
    if (client != NULL) /* It may have failed before its first output. */
        tls_report_events(&report, client);
    assert_true(client == NULL || report.was_ready || report.is_closed);
    assert_true(has_failed || report.was_ready);
    if (!has_failed)
        save_without_memory(client);
    tls_free(client);
    bytes_clear(&report.plain);
    tls_server_hang_up(server);
    return has_failed;
}

static void a_connection_needs_memory(void **state)
{
    (void)state;
    struct tls_trust *tools = tls_trust_new();
    struct identity root;
    struct identity server_identity;
    struct tls_server server;
    identity_init(&root, tools, &authority, NULL);
    identity_init(&server_identity, tools, &leaf, &root);
    struct tls_trust *trust = make_trust(&root);
    tls_server_init(&server, tools, &server_identity);
    /* All of the first allocations, then samples: there are thousands. */
    size_t n = 0;
    while (connect_once(trust, &server, n))
        n += n < 60 ? 1 : 211;
    assert_true(n > 60);
    tls_server_clear(&server);
    tls_trust_free(trust);
    identity_clear(&server_identity);
    identity_clear(&root);
    tls_trust_free(tools);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(a_trust_set_needs_memory),
        TABLE_TEST(a_connection_needs_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
