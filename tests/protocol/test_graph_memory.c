/* Memory runs out at every place of the readers of Graph's and the sign-in's answers once,
 * and every limit of an output is met at every place: the answer is a refusal, and
 * nothing leaks. */
#include <string.h>

#include "protocol/graph_page.h"
#include "protocol/graph_reply.h"
#include "protocol/graph_url.h"
#include "protocol/http_request.h"
#include "protocol/oauth.h"
#include "protocol/proxy.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/table.h"

#define BODY(text) (const uint8_t *)(text), sizeof(text) - 1

/* Calls `body` with each allocation failing in turn; it says itself what must hold. */
static void with_each_allocation_failing(bool (*body)(void), size_t least)
{
    size_t index = 0;
    bool is_good = false;
    bool has_failed = true;
    for (; has_failed; index++) {
        fail_alloc_at(index);
        is_good = body();
        has_failed = fail_alloc_stop();
    }
    assert_true(is_good);
    assert_true(index > least);
}

static bool read_page(void)
{
    static const char text[] =
        "{\"value\":[{\"id\":\"1\",\"name\":\"a\",\"file\":{}},"
        "{\"id\":\"2\",\"name\":\"\\ud800\"}],\"@odata.deltaLink\":\"https://g/d\"}";
    struct graph_page *page = NULL;
    enum graph_page_status status = graph_page_open(BODY(text), false, &page);
    if (status != GRAPH_PAGE_OK) {
        assert_null(page);
        assert_true(status == GRAPH_PAGE_NO_MEMORY || status == GRAPH_PAGE_BAD_SHAPE);
        return false;
    }
    size_t usable = 0;
    for (struct graph_item item; graph_page_next(page, &item);)
        usable += item.flaw != GRAPH_FLAW_ID;
    graph_page_close(page);
    return usable == 2;
}

static bool read_item_with(const char *text)
{
    struct graph_page *owner = NULL;
    struct graph_item item;
    enum graph_page_status status =
        graph_item_parse((const uint8_t *)text, strlen(text), &owner, &item);
    assert_int_equal(owner != NULL, status == GRAPH_PAGE_OK);
    graph_page_close(owner);
    return status == GRAPH_PAGE_OK;
}

static bool read_item(void)
{
    return read_item_with("{\"id\":\"1\",\"name\":\"a\",\"file\":{}}");
}

static bool read_flawed_item(void)
{
    return read_item_with("{\"id\":\"1\",\"name\":\"\\ud800\"}");
}

static bool read_tokens(void)
{
    struct oauth_tokens tokens = {0};
    struct oauth_error error;
    enum oauth_outcome outcome = oauth_token_parse(
        200, BODY("{\"access_token\":\"A\",\"refresh_token\":\"R\"}"), &tokens, &error);
    bool is_whole = outcome == OAUTH_OK && tokens.refresh_token != NULL;
    assert_true(outcome == OAUTH_OK || outcome == OAUTH_TRANSIENT);
    if (outcome == OAUTH_OK)
        oauth_tokens_clear(&tokens);
    return is_whole;
}

static bool make_path(void)
{
    char path[GRAPH_URL_SIZE];
    return graph_url_content(path, "drive", "item");
}

static bool make_place(void)
{
    char path[GRAPH_URL_SIZE];
    return graph_url_place(path, "drive", "a/b");
}

static void readers_stand_lack_of_memory(void **state)
{
    (void)state;
    with_each_allocation_failing(read_page, 8);
    with_each_allocation_failing(read_item, 4);
    with_each_allocation_failing(read_flawed_item, 4);
    with_each_allocation_failing(read_tokens, 4);
    with_each_allocation_failing(make_path, 1);
    with_each_allocation_failing(make_place, 1);
}

/* Formats into queues of each limit; answers how much room was needed. */
static size_t room_needed(bool (*format)(struct bytes *out))
{
    for (size_t limit = 0;; limit++) {
        struct bytes out;
        bytes_init(&out, limit);
        bool is_good = format(&out);
        size_t used = bytes_count(&out);
        bytes_clear(&out);
        assert_true(used <= limit);
        if (is_good)
            return limit;
    }
}

static bool format_form(struct bytes *out)
{
    return oauth_format_device_start(out, "i d", "s");
}

static bool format_connect(struct bytes *out)
{
    static const struct proxy_request wanted = {
        .host = "::1", .port = 443, .user = "u", .password = "p"};
    struct proxy proxy;
    bool is_good = proxy_init(&proxy, &wanted, out);
    proxy_clear(&proxy);
    return is_good;
}

static void formats_stand_every_limit(void **state)
{
    (void)state;
    assert_int_equal(room_needed(format_form), strlen("client_id=i%20d&scope=s"));
    assert_true(room_needed(format_connect) > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_stand_lack_of_memory),
        cmocka_unit_test(formats_stand_every_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
