#include <string.h>

#include "protocol/oauth.h"
#include "tests/support/table.h"

#define BODY(text) (const uint8_t *)(text), strlen(text)

static void forms_are_percent_encoded(void **state)
{
    (void)state;
    struct bytes form;
    bytes_init(&form, 4096);
    assert_true(
        oauth_format_refresh(&form, "id", "a+b/c=&d", "Files.Read offline_access", NULL));
    assert_string_equal(
        bytes_text(&form),
        "grant_type=refresh_token&client_id=id&refresh_token=a%2Bb%2Fc%3D%26d"
        "&scope=Files.Read%20offline_access");
    bytes_clear(&form);
    assert_true(oauth_format_device_poll(&form, "id", "code"));
    assert_string_equal(bytes_text(&form),
                        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
                        "&client_id=id&device_code=code");
    bytes_clear(&form);
    assert_true(oauth_format_device_start(&form, "i d", "s"));
    assert_string_equal(bytes_text(&form), "client_id=i%20d&scope=s");
    bytes_clear(&form);
    assert_true(oauth_format_code(&form, "id", "c", "http://localhost:1/", "v", "s"));
    assert_string_equal(
        bytes_text(&form),
        "grant_type=authorization_code&client_id=id&code=c"
        "&redirect_uri=http%3A%2F%2Flocalhost%3A1%2F&code_verifier=v&scope=s");
    bytes_clear(&form);
    assert_true(oauth_format_authorize(&form, "id", "r", "s", "x", "h"));
    assert_string_equal(bytes_text(&form),
                        "client_id=id&response_type=code&redirect_uri=r&response_mode=query"
                        "&scope=s&state=x&code_challenge=h&code_challenge_method=S256");
    bytes_clear(&form);
    bytes_init(&form, 8);
    assert_false(oauth_format_device_start(&form, "too long for the limit", "s"));
    bytes_clear(&form);
}

static void the_challenge_is_that_of_the_rfc(void **state)
{
    (void)state;
    char challenge[OAUTH_VERIFIER_SIZE];
    /* RFC 7636, appendix B */
    assert_true(oauth_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge));
    assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    static const uint8_t random[32] = {0xFB, 0xFF, 0xFE};
    char verifier[OAUTH_VERIFIER_SIZE];
    oauth_verifier(random, verifier);
    assert_int_equal(strlen(verifier), 43);
    assert_int_equal(strncmp(verifier, "-__-", 4), 0);
}

static void a_device_answer_has_what_a_person_needs(void **state)
{
    (void)state;
    struct oauth_device device;
    assert_true(oauth_device_parse(
        BODY(
            "{\"user_code\":\"YZ\",\"device_code\":\"HA\",\"verification_uri\":"
            "\"https://m/d\",\"expires_in\":\"600\",\"interval\":0,\"message\":\"a\\nb\"}"),
        &device));
    assert_string_equal(device.user_code, "YZ");
    assert_string_equal(device.message, "a");
    assert_int_equal(device.expires_s, 600);
    assert_int_equal(device.interval_s, 1);
    assert_true(oauth_device_parse(
        BODY("{\"user_code\":\"Y\",\"device_code\":\"H\",\"verification_uri\":\"u\"}"),
        &device));
    assert_int_equal(device.expires_s, 900);
    assert_int_equal(device.interval_s, 5);
    assert_false(oauth_device_parse(BODY("{\"user_code\":\"Y\"}"), &device));
    assert_false(oauth_device_parse(BODY("{\"device_code\":\"H\"}"), &device));
    assert_false(
        oauth_device_parse(BODY("{\"user_code\":\"Y\",\"device_code\":\"H\"}"), &device));
}

static const struct outcome_case {
    const char *name;
    int status;
    const char *body;
    enum oauth_outcome want;
} outcomes[] = {
    {"pending",                                   400, "{\"error\":\"authorization_pending\"}",  OAUTH_PENDING  },
    {"slow down",                                 400, "{\"error\":\"slow_down\"}",              OAUTH_SLOW_DOWN},
    {"declined",                                  400, "{\"error\":\"authorization_declined\"}", OAUTH_DECLINED },
    {"expired",                                   400, "{\"error\":\"expired_token\"}",          OAUTH_EXPIRED  },
    {"revoked (F-114)",                           400, "{\"error\":\"invalid_grant\"}",          OAUTH_SIGN_IN  },
    {"policy (F-114)",                            400, "{\"error\":\"interaction_required\"}",   OAUTH_SIGN_IN  },
    {"consent",                                   400, "{\"error\":\"consent_required\"}",       OAUTH_CONSENT  },
    {"registration",                              401, "{\"error\":\"invalid_client\"}",         OAUTH_CONFIG   },
    {"an unknown error",                          400, "{\"error\":\"brand_new\"}",              OAUTH_CONFIG   },
    {"server down (F-115)",                       503, "{\"error\":\"invalid_grant\"}",          OAUTH_TRANSIENT},
    {"throttled (F-115)",                         429, "{\"error\":\"invalid_grant\"}",          OAUTH_TRANSIENT},
    {"a captive portal keeps the tokens (F-127)", 400, "<html>",                                 OAUTH_TRANSIENT},
    {"a portal that says 200 (F-127)",            200, "<html>",                                 OAUTH_TRANSIENT},
    {"200 without a token",                       200, "{}",                                     OAUTH_TRANSIENT},
    {"a token with a DEL",                        200, "{\"access_token\":\"a\x7F\"}",           OAUTH_TRANSIENT},
    {"a token beyond ASCII",                      200, "{\"access_token\":\"a\xC3\xA9\"}",       OAUTH_TRANSIENT},
    {"a token that would forge a header",         200, "{\"access_token\":\"a\\r\\nX: y\"}",
     OAUTH_TRANSIENT                                                                                            },
};

static void reads_one_outcome(const struct outcome_case *row)
{
    struct oauth_tokens tokens = {0};
    struct oauth_error error;
    assert_int_equal(oauth_token_parse(row->status, BODY(row->body), &tokens, &error),
                     row->want);
    assert_null(tokens.access_token);
}

static void errors_say_what_to_do(void **state)
{
    (void)state;
    CASES(outcomes, reads_one_outcome);
}

static void an_error_carries_its_details(void **state)
{
    (void)state;
    struct oauth_tokens tokens;
    struct oauth_error error;
    assert_int_equal(oauth_token_parse(
                         400,
                         BODY("{\"error\":\"invalid_grant\",\"error_description\":"
                              "\"AADSTS70043: expired\\r\\nTrace\",\"error_codes\":[70043],"
                              "\"claims\":\"{}\"}"),
                         &tokens, &error),
                     OAUTH_SIGN_IN);
    assert_string_equal(error.description, "AADSTS70043: expired");
    assert_string_equal(error.claims, "{}");
    assert_int_equal(error.number, 70043);
    assert_non_null(oauth_hint_text(error.number));
    assert_null(oauth_hint_text(1));
}

static const struct number_case {
    const char *name;
    const char *codes;
    long want;
} numbers[] = {
    {"the first",  "[7,8]",   7},
    {"none",       "[]",      0},
    {"no number",  "[\"7\"]", 0},
    {"below zero", "[-7]",    0},
    {"beyond all", "[1e9]",   0},
};

static void reads_one_number(const struct number_case *row)
{
    char body[128];
    struct oauth_tokens tokens;
    struct oauth_error error;
    (void)snprintf(body, sizeof body, "{\"error\":\"x\",\"error_codes\":%s}", row->codes);
    (void)oauth_token_parse(400, BODY(body), &tokens, &error);
    assert_int_equal(error.number, row->want);
}

static void numbers_are_for_messages(void **state)
{
    (void)state;
    CASES(numbers, reads_one_number);
}

static void control_characters_do_not_reach_a_terminal(void **state) /* F-47 */
{
    (void)state;
    struct oauth_tokens tokens;
    struct oauth_error error;
    (void)oauth_token_parse(
        400, BODY("{\"error\":\"x\",\"error_description\":\"a\\u001bb\\u007fc\\rd\"}"),
        &tokens, &error);
    assert_string_equal(error.description, "a b c");
    (void)oauth_token_parse(400, BODY(""), &tokens, &error);
    assert_string_equal(error.description, "");
}

static void a_claims_challenge_beyond_the_limit_is_none(void **state)
{
    (void)state;
    char header[4200];
    (void)snprintf(header, sizeof header,
                   "error=\"insufficient_claims\", claims=\"%04000d\"", 0);
    char claims[8192] = "";
    assert_false(oauth_challenge_claims(header, claims, sizeof claims));
    assert_false(oauth_challenge_claims("error=\"insufficient_claims\", claims=\"e30=\"",
                                        claims, 2));
}

static void tokens_are_read(void **state)
{
    (void)state;
    struct oauth_tokens tokens;
    struct oauth_error error;
    assert_int_equal(
        oauth_token_parse(200,
                          BODY("{\"access_token\":\"A\",\"refresh_token\":\"R\","
                               "\"scope\":\"s\",\"expires_in\":\"3599\"}"),
                          &tokens, &error),
        OAUTH_OK);
    assert_string_equal(tokens.access_token, "A");
    assert_string_equal(tokens.refresh_token, "R");
    assert_int_equal(tokens.expires_s, 3599);
    oauth_tokens_clear(&tokens);
    assert_int_equal(oauth_token_parse(200,
                                       BODY("{\"access_token\":\"A\",\"expires_in\":0}"),
                                       &tokens, &error),
                     OAUTH_OK);
    assert_null(tokens.refresh_token);
    assert_int_equal(tokens.expires_s, 1);
    oauth_tokens_clear(&tokens);
}

static const struct claims_case {
    const char *name;
    const char *header;
    const char *want; /* NULL: none */
} challenges[] = {
    {"padded",                  "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"e30=\"", "{}"                  },
    {"without padding",         "Bearer claims=\"e30\", error=\"insufficient_claims\"",              "{}"                  },
    {"another error",           "Bearer claims=\"e30\", error=\"invalid_token\"",                    NULL                  },
    {"no claims",               "Bearer error=\"insufficient_claims\"",                              NULL                  },
    {"not base64",              "Bearer claims=\"!!\", error=\"insufficient_claims\"",               NULL                  },
    {"in letters of base64url",
     "Bearer claims=\"eyJhIjoiPz8_Pj4-In0\", error=\"insufficient_claims\"",                         "{\"a\":\"?\?\?>>>\"}"},
    {"empty",                   "Bearer claims=\"\", error=\"insufficient_claims\"",                 NULL                  },
    {"nothing but padding",     "Bearer claims=\"====\", error=\"insufficient_claims\"",             NULL                  },
    {"not JSON",                "Bearer claims=\"YQ==\", error=\"insufficient_claims\"",             NULL                  },
    {"cut",                     "Bearer error=\"insufficient_claims\", claims=\"e30",                NULL                  },
};

static void reads_one_challenge(const struct claims_case *row)
{
    char claims[256] = "";
    assert_int_equal(oauth_challenge_claims(row->header, claims, sizeof claims),
                     row->want != NULL);
    if (row->want != NULL)
        assert_string_equal(claims, row->want);
}

static void claims_challenges_are_decoded(void **state)
{
    (void)state;
    CASES(challenges, reads_one_challenge);
}

static const struct refusal_case {
    const char *name;
    const char *error;
    const char *description;
    enum oauth_outcome want;
    long number;
} refusals[] = {
    {"declined",                "access_denied",        "AADSTS65004: User declined", OAUTH_DECLINED,  65004},
    {"without a description",   "access_denied",        NULL,                         OAUTH_DECLINED,  0    },
    {"without a number",        "server_error",         "try later",                  OAUTH_TRANSIENT, 0    },
    {"a number without end",    "consent_required",     "AADSTS99999999999999",       OAUTH_CONSENT,
     999999999                                                                                              },
    {"a number and no more",    "interaction_required", "AADSTS50058",                OAUTH_SIGN_IN,   50058},
    {"a word after the prefix", "interaction_required", "AADSTSx",                    OAUTH_SIGN_IN,   0    },
};

static void reads_a_refusal(const struct refusal_case *row)
{
    struct oauth_error error;
    assert_int_equal(oauth_refusal_parse(row->error, row->description, &error), row->want);
    assert_string_equal(error.error, row->error);
    assert_int_equal(error.number, row->number);
    assert_string_equal(error.description,
                        row->description == NULL ? "" : row->description);
}

static void a_browser_brings_refusals(void **state)
{
    (void)state;
    struct oauth_error error;
    char text[1024];
    CASES(refusals, reads_a_refusal);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(oauth_refusal_parse(text, text, &error), OAUTH_CONFIG);
    assert_int_equal(strlen(error.error), sizeof error.error - 1);
    assert_int_equal(strlen(error.description), sizeof error.description - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(forms_are_percent_encoded),
        TABLE_TEST(the_challenge_is_that_of_the_rfc),
        TABLE_TEST(a_device_answer_has_what_a_person_needs),
        TABLE_TEST(errors_say_what_to_do),
        TABLE_TEST(an_error_carries_its_details),
        TABLE_TEST(numbers_are_for_messages),
        TABLE_TEST(control_characters_do_not_reach_a_terminal),
        TABLE_TEST(a_claims_challenge_beyond_the_limit_is_none),
        TABLE_TEST(a_browser_brings_refusals),
        TABLE_TEST(tokens_are_read),
        TABLE_TEST(claims_challenges_are_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
