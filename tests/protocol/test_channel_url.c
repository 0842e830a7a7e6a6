/* Checks against what the official clients make of 32 URLs. Where they re-encode the query
 * and we send it verbatim, the table `differences` states ours. */
#include <string.h>

#include "protocol/channel.h"
#include "protocol/channel_url.h"
#include "tests/support/fixture.h"

static const char *const suffixes[] = {"svc.ms"};
static const struct url_policy strict = {
    .web_socket_allowed = true, .suffixes = suffixes, .suffix_count = 1};
static const struct url_policy loose = {
    .plain_text_allowed = true,
    .web_socket_allowed = true,
    .suffixes = suffixes,
    .suffix_count = 1,
    .loopback = true,
    .any_port = true,
};

static const struct difference {
    const char *url;
    const char *query;   /* in our request target; NULL: as official */
    const char *connect; /* of Engine.IO 4; NULL: as official */
} differences[] = {
    {"https://h.svc.ms/a,b?x=1",                                NULL,        "40/a%2Cb,"},
    {"https://h.svc.ms/n?x=1?y=2",                              "x=1?y=2&",  NULL       },
    {"https://h.svc.ms/n?x",                                    "x&",        NULL       },
    {"https://h.svc.ms/n?x=a=b==",                              "x=a=b==&",  NULL       },
    {"https://h.svc.ms/n?x=a+b",                                "x=a+b&",    NULL       },
    {"https://h.svc.ms/n?x=a/b",                                "x=a/b&",    NULL       },
    {"https://h.svc.ms/n?x=%zz",                                "x=%zz&",    "40/n,"    },
    {"https://h.svc.ms/n?x=1&x=2",                              "x=1&x=2&",  NULL       },
    {"https://h.svc.ms/n?x=1&&y=2",                             "x=1&&y=2&", NULL       },
    {"https://h.svc.ms/n?EIO=3&transport=polling&sid=evil&t=1", "",          NULL       },
};

static const struct difference *find_difference(const char *url)
{
    static const struct difference none = {NULL, NULL, NULL};
    for (size_t i = 0; i < COUNT_OF(differences); i++)
        if (strcmp(differences[i].url, url) == 0)
            return &differences[i];
    return &none;
}

/* What the machine sends right after the open packet; "(none: implicit)" for nothing. */
static void first_message(const struct channel_url *url, enum channel_variant variant,
                          char *out, size_t out_size)
{
    static const char open[] = "0{\"sid\":\"s\"}";
    struct channel_message message = {(const uint8_t *)open, sizeof open - 1, false};
    struct channel_config config;
    channel_config_init(&config, variant);
    struct channel *channel = channel_new(&config, url, 0);
    assert_non_null(channel);
    channel_feed(channel, &message, 0);
    if (channel_output(channel, &message))
        (void)snprintf(out, out_size, "%.*s", (int)message.size,
                       (const char *)message.data);
    else
        (void)snprintf(out, out_size, "(none: implicit)");
    assert_false(channel_output(channel, &message));
    channel_free(channel);
}

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, key));
}

/* A column of the table; "same as v4" stands for another one. */
static const cJSON *column(const cJSON *vector, const char *name)
{
    const cJSON *value = cJSON_GetObjectItem(vector, name);
    static const char same[] = "same as ";
    if (cJSON_IsString(value))
        return column(vector, value->valuestring + sizeof same - 1);
    return value;
}

/* scheme://host[:port] as the official request has it, but for the case of the host. */
static void assert_authority(const struct channel_url *url, const char *request)
{
    char ours[512];
    char authority[256];
    bool is_ipv6 = strchr(url->host, ':') != NULL;
    bool is_usual = url->port == (url->is_plain ? 80 : 443);
    int size = snprintf(authority, sizeof authority, is_ipv6 ? "[%s]" : "%s", url->host);
    if (!is_usual)
        (void)snprintf(authority + size, sizeof authority - (size_t)size, ":%u", url->port);
    (void)snprintf(ours, sizeof ours, "%s://%s/", url->is_plain ? "ws" : "wss", authority);
    assert_int_equal(strncasecmp(request, ours, strlen(ours)), 0);
}

static void assert_request(const struct channel_url *url, enum channel_variant variant,
                           const struct difference *difference, const cJSON *official)
{
    char wanted[512];
    const char *request = text_of(official, "request");
    if (difference->query != NULL) {
        (void)snprintf(wanted, sizeof wanted, "/socket.io/?%sEIO=%d&transport=websocket",
                       difference->query, variant == CHANNEL_EIO3 ? 3 : 4);
        assert_string_equal(channel_target(url, variant), wanted);
    } else {
        assert_string_equal(channel_target(url, variant), strstr(request, "/socket.io/"));
    }
    if (request != NULL)
        assert_authority(url, request);
}

static void checks_vector(const cJSON *vector)
{
    const char *text = text_of(vector, "url");
    const struct difference *difference = find_difference(text);
    const cJSON *v4 = column(vector, "v4");
    const cJSON *v2 = column(vector, "v2");
    struct channel_url url;
    if (strchr(text, '@') != NULL) { /* official clients drop the user name */
        assert_int_equal(channel_url_init(text, &loose, &url), URL_USERINFO_REFUSED);
        return;
    }
    assert_int_equal(channel_url_init(text, &loose, &url), URL_OK);
    assert_request(&url, CHANNEL_EIO4, difference, v4);
    assert_request(&url, CHANNEL_EIO4_ROOT, difference, v4);
    assert_request(&url, CHANNEL_EIO3, difference, v2);

    char message[512];
    first_message(&url, CHANNEL_EIO4, message, sizeof message);
    assert_string_equal(message, difference->connect != NULL ? difference->connect
                                                             : text_of(v4, "connect"));
    first_message(&url, CHANNEL_EIO3, message, sizeof message);
    if (difference->connect == NULL) {
        assert_string_equal(message, text_of(v2, "connect"));
        assert_string_equal(url.name_space, text_of(v4, "namespace"));
    }
    channel_url_clear(&url);
}

static void agrees_with_official_clients(void **state)
{
    (void)state;
    cJSON *file = fixture_parse("captures/url-vectors.json");
    const cJSON *vectors = cJSON_GetObjectItem(file, "vectors");
    assert_int_equal(cJSON_GetArraySize(vectors), 32);
    const cJSON *vector = NULL;
    cJSON_ArrayForEach(vector, vectors)
    {
        table_row_begins(text_of(vector, "url"));
        checks_vector(vector);
    }
    table_row_begins(NULL);
    cJSON_Delete(file);
}

static const struct url_case {
    const char *name;
    const char *text;
    const char *target;
    const char *name_space;
    const char *query;
} url_cases[] = {
  /* clang-format off */
    {"keys of ours are dropped wherever they stand",
     "https://h.svc.ms/n?EIO=4&a=1&t=5&b64&b=2&sid=", "a=1&b=2&", "/n",
     "EIO=4&a=1&t=5&b64&b=2&sid="},
    {"keys that only look like ours are kept",
     "https://h.svc.ms/n?eio=4&EIOX=1&token=2&T=3&tt=4", "eio=4&EIOX=1&token=2&T=3&tt=4&",
     "/n", "eio=4&EIOX=1&token=2&T=3&tt=4"},
    {"what may not stand in a request line is encoded",
     "https://h.svc.ms/n?a=\"<>\\^`{|}\xC3\xA9", "a=%22%3C%3E%5C%5E%60%7B%7C%7D%C3%A9&",
     "/n", "a=\"<>\\^`{|}%C3%A9"},
    {"a comma would end the namespace", "https://h.svc.ms/a,b,?x=1,2", "x=1,2&",
     "/a%2Cb%2C", "x=1%2C2"},
    {"bytes above ASCII in the path", "https://h.svc.ms/\xC3\xA9", "", "/%C3%A9", ""},
    {"an empty pair at the end", "https://h.svc.ms/n?x=1&", "x=1&", "/n", "x=1&"},
  /* clang-format on */
};

static void reads_one(const struct url_case *row)
{
    char target[256];
    struct channel_url url;
    assert_int_equal(channel_url_init(row->text, &strict, &url), URL_OK);
    (void)snprintf(target, sizeof target, "/socket.io/?%sEIO=4&transport=websocket",
                   row->target);
    assert_string_equal(url.target, target);
    assert_string_equal(url.name_space, row->name_space);
    assert_string_equal(url.query, row->query);
    assert_string_equal(url.host, "h.svc.ms");
    assert_int_equal(url.port, 443);
    assert_false(url.is_plain);
    channel_url_clear(&url);
    assert_null(url.target);
    channel_url_clear(&url);
}

static void reads_urls(void **state)
{
    (void)state;
    CASES(url_cases, reads_one);
}

static const struct refusal_case {
    const char *name;
    const char *text;
    enum url_verdict want;
} refusal_cases[] = {
    {"line feed in the query", "https://h.svc.ms/n?a\r\nX: y", URL_BAD_CHARACTER },
    {"space in the path",      "https://h.svc.ms/n n",         URL_BAD_CHARACTER },
    {"other host (F-147)",     "https://evil.example/n",       URL_HOST_REFUSED  },
    {"in clear",               "http://h.svc.ms/n",            URL_SCHEME_REFUSED},
    {"other port",             "https://h.svc.ms:8443/n",      URL_PORT_REFUSED  },
    {"no URL",                 "notifications",                URL_UNKNOWN_SCHEME},
};

static void refuses_one(const struct refusal_case *row)
{
    struct channel_url url = {.port = 7};
    assert_int_equal(channel_url_init(row->text, &strict, &url), row->want);
    assert_int_equal(url.port, 7);
}

static void refuses_urls(void **state)
{
    (void)state;
    CASES(refusal_cases, refuses_one);
}

/* "https://h.svc.ms/aaa…?bbb…" */
static enum url_verdict try_sizes(size_t path_size, size_t url_size)
{
    static const char head[] = "https://h.svc.ms";
    char text[URL_MAX_NOTIFICATION_SIZE + 2];
    struct channel_url url = {0};
    memset(text, 'b', sizeof text);
    memset(text, 'a', sizeof head - 1 + path_size);
    memcpy(text, head, sizeof head - 1);
    text[sizeof head - 1] = '/';
    text[sizeof head - 1 + path_size] = '?';
    text[url_size] = 0;
    enum url_verdict verdict = channel_url_init(text, &strict, &url);
    channel_url_clear(&url);
    return verdict;
}

static void limits_sizes(void **state)
{
    (void)state;
    assert_int_equal(try_sizes(1024, URL_MAX_NOTIFICATION_SIZE), URL_OK);
    assert_int_equal(try_sizes(1024, URL_MAX_NOTIFICATION_SIZE + 1), URL_TOO_LONG);
    assert_int_equal(try_sizes(1025, URL_MAX_NOTIFICATION_SIZE), URL_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(agrees_with_official_clients),
        TABLE_TEST(reads_urls),
        TABLE_TEST(refuses_urls),
        cmocka_unit_test(limits_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
