/* The pure parts of agent/net/service.h: service_gate.h, service_verdict.h; F-101, F-102,
 * F-110 to F-112, F-120, F-121, F-127. */
#include "agent/net/service_gate.h"
#include "agent/net/service_verdict.h"
#include "tests/support/table.h"

static const struct verdict_case {
    const char *name;
    struct service_facts facts;
    enum service_step step;
    uint64_t wait_ms;
    int number;
} verdict_cases[] = {
    {"an answer is delivered",                {.status = 200},     SERVICE_STEP_DELIVER,  0,      0  },
    {"a login page is a portal",
     {.status = 200, .is_html = true},
     SERVICE_STEP_PORTAL,                                                                 0,
     127                                                                                             },
    {"unchanged is an answer",                {.status = 304},     SERVICE_STEP_DELIVER,  0,      0  },
    {"a redirect is followed",
     {.status = 302, .has_location = true},
     SERVICE_STEP_FOLLOW,                                                                 0,
     121                                                                                             },
    {"a redirect to nowhere is nonsense",     {.status = 308},     SERVICE_STEP_REFUSE,   0,      121},
    {"the fourth redirect is too many",
     {.status = 302, .has_location = true, .redirects = 3},
     SERVICE_STEP_REFUSE,                                                                 0,
     121                                                                                             },
    {"400 is delivered",                      {.status = 400},     SERVICE_STEP_DELIVER,  0,      0  },
    {"401 renews the token",                  {.status = 401},     SERVICE_STEP_RENEW,    0,      112},
    {"401 with a fresh token wants a person",
     {.status = 401, .token_renewals = 1},
     SERVICE_STEP_SIGN_IN,                                                                0,
     114                                                                                             },
    {"401 of an outage is trouble",
     {.status = 401, .is_token_outage = true},
     SERVICE_STEP_TROUBLE,                                                                0,
     111                                                                                             },
    {"403 is delivered",                      {.status = 403},     SERVICE_STEP_DELIVER,  0,      0  },
    {"403 with claims renews",
     {.status = 403, .wants_claims = true},
     SERVICE_STEP_RENEW,                                                                  0,
     112                                                                                             },
    {"404 of a page is delivered",
     {.class = SERVICE_CLASS_PAGE, .status = 404},
     SERVICE_STEP_DELIVER,                                                                0,
     0                                                                                               },
    {"404 of an item is too early",
     {.class = SERVICE_CLASS_ITEM, .status = 404},
     SERVICE_STEP_AGAIN,                                                                  250,
     0                                                                                               },
    {"the second wait is longer",
     {.class = SERVICE_CLASS_ITEM, .status = 404, .not_found = 1},
     SERVICE_STEP_AGAIN,                                                                  500,
     0                                                                                               },
    {"the fourth 404 counts",
     {.class = SERVICE_CLASS_ITEM, .status = 404, .not_found = 3},
     SERVICE_STEP_DELIVER,                                                                0,
     0                                                                                               },
    {"408 is trouble",                        {.status = 408},     SERVICE_STEP_TROUBLE,  0,      111},
    {"409, 410, 412 and 423 are delivered",   {.status = 423},     SERVICE_STEP_DELIVER,  0,      0  },
    {"429 holds the account",
     {.status = 429, .retry_after_ms = 7000},
     SERVICE_STEP_THROTTLE,                                                               7000,
     110                                                                                             },
    {"429 without a wait too",                {.status = 429},     SERVICE_STEP_THROTTLE, 0,      110},
    {"500 is trouble",                        {.status = 500},     SERVICE_STEP_TROUBLE,  0,      111},
    {"500 with a wait holds the account",
     {.status = 500, .retry_after_ms = 2000},
     SERVICE_STEP_THROTTLE,                                                               2000,
     110                                                                                             },
    {"501 is delivered",                      {.status = 501},     SERVICE_STEP_DELIVER,  0,      0  },
    {"502 is trouble",                        {.status = 502},     SERVICE_STEP_TROUBLE,  0,      111},
    {"503 holds the account",                 {.status = 503},     SERVICE_STEP_THROTTLE, 0,      110},
    {"507 is delivered",                      {.status = 507},     SERVICE_STEP_DELIVER,  0,      0  },
    {"509 waits five minutes",                {.status = 509},     SERVICE_STEP_THROTTLE, 300000, 110},
    {"no status is nonsense",                 {.status = 0},       SERVICE_STEP_REFUSE,   0,      122},
    {"an interim answer is nonsense",         {.status = 199},     SERVICE_STEP_REFUSE,   0,      122},
    {"a status above all is nonsense",        {.status = 600},     SERVICE_STEP_REFUSE,   0,      122},
};

static void judges(const struct verdict_case *row)
{
    struct service_verdict verdict = service_judge(&row->facts);
    assert_int_equal(verdict.step, row->step);
    assert_int_equal(verdict.wait_ms, row->wait_ms);
    assert_int_equal(verdict.number, row->number);
}

static const struct content_case {
    const char *name;
    struct service_content_facts facts;
    enum service_content_step step;
} content_cases[] = {
    {"the whole",                         {.status = 200},                                SERVICE_CONTENT_TAKE    },
    {"the whole instead of a part",       {.status = 200, .offset = 5},                   SERVICE_CONTENT_TAKE    },
    {"the part",                          {.status = 206, .offset = 5, .range_first = 5}, SERVICE_CONTENT_TAKE    },
    {"another part",                      {.status = 206, .offset = 5, .range_first = 4}, SERVICE_CONTENT_WHOLE   },
    {"a part of nobody knows what",
     {.status = 206, .offset = 5, .range_first = -1},
     SERVICE_CONTENT_WHOLE                                                                                        },
    {"a part where the whole was wanted",
     {.status = 206, .range_first = 4},
     SERVICE_CONTENT_TROUBLE                                                                                      },
    {"a redirect",                        {.status = 302, .has_location = true},          SERVICE_CONTENT_FOLLOW  },
    {"the fifth redirect",
     {.status = 302, .has_location = true, .redirects = 4},
     SERVICE_CONTENT_FOLLOW                                                                                       },
    {"the sixth redirect",
     {.status = 302, .has_location = true, .redirects = 5},
     SERVICE_CONTENT_TROUBLE                                                                                      },
    {"an address that is over",           {.status = 401},                                SERVICE_CONTENT_ADDRESS },
    {"an address that is gone",           {.status = 410, .addresses = 2},                SERVICE_CONTENT_ADDRESS },
    {"the third new address is over too",
     {.status = 403, .addresses = 3},
     SERVICE_CONTENT_DELIVER                                                                                      },
    {"F-103 the range is refused",        {.status = 416, .offset = 5},                   SERVICE_CONTENT_WHOLE   },
    {"a range that nobody asked for",     {.status = 416},                                SERVICE_CONTENT_DELIVER },
    {"throttled",                         {.status = 429},                                SERVICE_CONTENT_THROTTLE},
    {"bandwidth",                         {.status = 509},                                SERVICE_CONTENT_THROTTLE},
    {"trouble",                           {.status = 500},                                SERVICE_CONTENT_TROUBLE },
};

static void judges_content(const struct content_case *row)
{
    assert_int_equal(service_judge_content(&row->facts), row->step);
}

static const struct retried_case {
    const char *name;
    enum service_class class;
    enum failure_kind kind;
    bool want;
    int tries;
} retried_cases[] = {
    {"the network, for ever",    SERVICE_CLASS_PAGE,    FAILURE_TRANSIENT, true,  0 },
    {"nonsense, a few times",    SERVICE_CLASS_PAGE,    FAILURE_PROTOCOL,  true,
     SERVICE_PROTOCOL_TRIES                                                         },
    {"the channel, a few times", SERVICE_CLASS_CHANNEL, FAILURE_TRANSIENT, true,
     SERVICE_CHANNEL_TRIES                                                          },
    {"a short command, never",   SERVICE_CLASS_ONCE,    FAILURE_TRANSIENT, false, -1},
    {"a sign-in, never",         SERVICE_CLASS_PAGE,    FAILURE_SIGN_IN,   false, -1},
    {"our own bug, never",       SERVICE_CLASS_PAGE,    FAILURE_INTERNAL,  false, -1},
};

static void decides_on_retries(const struct retried_case *row)
{
    int tries = -1;
    struct failure failure = {.kind = row->kind};
    assert_int_equal(service_is_retried(row->class, &failure, &tries), row->want);
    assert_int_equal(tries, row->tries);
}

static void an_order_to_wait_leaves_one_slot_which_grow_again(void **state)
{
    (void)state;
    struct service_gate gate;
    service_gate_init(&gate, 4);
    for (int i = 0; i < 4; i++) {
        assert_true(service_gate_may_start(&gate, 1000));
        service_gate_began(&gate);
    }
    assert_false(service_gate_may_start(&gate, 1000));
    service_gate_throttled(&gate, 1000, 5000);
    for (int i = 0; i < 4; i++)
        service_gate_ended(&gate);
    assert_false(service_gate_may_start(&gate, 5999));
    assert_true(service_gate_may_start(&gate, 6000));
    service_gate_began(&gate);
    assert_false(service_gate_may_start(&gate, 6000)); /* no parallel probing: F-110 */
    service_gate_ended(&gate);
    service_gate_succeeded(&gate, 999); /* asked for before: says nothing */
    assert_int_equal(gate.slots, 1);
    service_gate_succeeded(&gate, 6000);
    assert_int_equal(gate.slots, 2);
    service_gate_succeeded(&gate, 6000);
    assert_int_equal(gate.slots, 2);
    service_gate_succeeded(&gate, 6000);
    assert_int_equal(gate.slots, 3);
    for (int i = 0; i < 100; i++)
        service_gate_succeeded(&gate, 6000);
    assert_int_equal(gate.slots, 4);
}

static void a_shorter_wait_does_not_shorten_a_longer_one(void **state)
{
    (void)state;
    struct service_gate gate;
    service_gate_init(&gate, 4);
    service_gate_throttled(&gate, 1000, 60000);
    service_gate_throttled(&gate, 2000, 1000);
    assert_false(service_gate_may_start(&gate, 60999));
    assert_true(service_gate_may_start(&gate, 61000));
}

static void trouble_halves_the_slots_but_never_takes_the_last(void **state)
{
    (void)state;
    struct service_gate gate;
    service_gate_init(&gate, 8);
    service_gate_failed(&gate, 1000);
    assert_int_equal(gate.slots, 4);
    for (int i = 0; i < 10; i++)
        service_gate_failed(&gate, 1000);
    assert_int_equal(gate.slots, 1);
    service_gate_init(&gate, 0);
    assert_int_equal(gate.slots, 1);
}

static void hosts_are_remembered_and_the_oldest_makes_room(void **state)
{
    (void)state;
    struct service_hosts hosts = {0};
    char name[32];
    service_hosts_find(&hosts, "first.example", 1)->failures = 7;
    assert_int_equal(service_hosts_find(&hosts, "first.example", 2)->failures, 7);
    for (unsigned i = 0; i < SERVICE_HOSTS; i++) {
        (void)snprintf(name, sizeof name, "h%u.example", i);
        assert_int_equal(service_hosts_find(&hosts, name, 10 + i)->failures, 0);
    }
    assert_int_equal(service_hosts_find(&hosts, "first.example", 99)->failures, 0);
}

/* One connection carries them all: else eight would make the wait 2^8 times as long. */
static void transfers_that_break_together_count_once(void **state)
{
    (void)state;
    struct service_host host = {.failures = 0};
    uint64_t wait_ms = service_host_failed(&host, 1000, 0, UINT32_MAX);
    assert_true(wait_ms > 0 && wait_ms <= 1000);
    for (int i = 0; i < 7; i++)
        assert_int_equal(service_host_failed(&host, 1000, 0, UINT32_MAX), wait_ms);
    assert_int_equal(host.failures, 1);
    assert_true(service_host_failed(&host, 1000 + wait_ms, 0, UINT32_MAX) > 1000);
    assert_int_equal(host.failures, 2);
}

static void an_order_to_wait_is_kept_while_the_host_is_waited_for(void **state)
{
    (void)state;
    struct service_host host = {.failures = 0};
    (void)service_host_failed(&host, 1000, 0, 0);
    assert_int_equal(service_host_failed(&host, 1000, 30000, 0), 30000);
    assert_int_equal(service_host_failed(&host, 2000, 5000, 0), 29000);
}

static void verdicts(void **state)
{
    (void)state;
    CASES(verdict_cases, judges);
}

static void contents(void **state)
{
    (void)state;
    CASES(content_cases, judges_content);
}

static void retries(void **state)
{
    (void)state;
    CASES(retried_cases, decides_on_retries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(verdicts),
        TABLE_TEST(contents),
        TABLE_TEST(retries),
        cmocka_unit_test(an_order_to_wait_leaves_one_slot_which_grow_again),
        cmocka_unit_test(a_shorter_wait_does_not_shorten_a_longer_one),
        cmocka_unit_test(trouble_halves_the_slots_but_never_takes_the_last),
        cmocka_unit_test(hosts_are_remembered_and_the_oldest_makes_room),
        cmocka_unit_test(transfers_that_break_together_count_once),
        cmocka_unit_test(an_order_to_wait_is_kept_while_the_host_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
