#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "agent/desktop/address_watch.h"
#include "tests/support/table.h"

struct message {
    struct nlmsghdr header;
    struct ifaddrmsg address;
};

static struct message message_of(unsigned short type, unsigned char scope)
{
    return (struct message){
        .header = {.nlmsg_len = sizeof(struct message), .nlmsg_type = type},
        .address = {.ifa_family = 2,                     .ifa_scope = scope},
    };
}

static const struct news_case {
    const char *name;
    unsigned short type;
    unsigned char scope;
    bool appeared;
    bool vanished;
} news[] = {
    {"a new address",                   RTM_NEWADDR,  RT_SCOPE_UNIVERSE, true,  false},
    {"an address gone",                 RTM_DELADDR,  RT_SCOPE_UNIVERSE, false, true },
    {"a link-local address is no news", RTM_NEWADDR,  RT_SCOPE_LINK,     false, false},
    {"a loopback address is no news",   RTM_NEWADDR,  RT_SCOPE_HOST,     false, false},
    {"another message is no news",      RTM_NEWROUTE, RT_SCOPE_UNIVERSE, false, false},
};

static void reads_one_message(const struct news_case *row)
{
    struct message message = message_of(row->type, row->scope);
    uint64_t idle = 0;
    struct address_news found = address_watch_parse(&message, sizeof message, &idle);
    assert_int_equal(found.appeared, row->appeared);
    assert_int_equal(found.vanished, row->vanished);
}

static void addresses_that_reach_others_are_news(void **state) /* F-131 */
{
    (void)state;
    CASES(news, reads_one_message);
}

struct interface_message {
    struct nlmsghdr header;
    struct ifinfomsg interface;
};

static bool appears(int index, unsigned flags, uint64_t *idle)
{
    struct interface_message message = {
        .header = {.nlmsg_len = sizeof message, .nlmsg_type = RTM_NEWLINK},
        .interface = {.ifi_index = index,          .ifi_flags = flags       },
    };
    return address_watch_parse(&message, sizeof message, idle).appeared;
}

static void an_interface_that_carries_again_is_news(void **state) /* F-131 */
{
    (void)state;
    uint64_t idle = 0;
    assert_false(appears(2, IFF_UP | IFF_LOWER_UP, &idle));
    assert_false(appears(2, IFF_UP, &idle));
    assert_false(appears(3, IFF_UP | IFF_LOWER_UP, &idle));
    assert_true(appears(2, IFF_UP | IFF_LOWER_UP, &idle));
    assert_false(appears(2, IFF_UP | IFF_LOWER_UP, &idle));
    assert_int_equal(idle, 0);
}

static void cut_and_odd_datagrams_end_quietly(void **state)
{
    (void)state;
    struct message two[2] = {message_of(RTM_DELADDR, 0), message_of(RTM_NEWADDR, 0)};
    for (size_t size = 0; size <= sizeof two; size++) {
        uint64_t idle = 0;
        struct address_news found = address_watch_parse(two, size, &idle);
        assert_int_equal(found.vanished, size >= sizeof *two);
        assert_int_equal(found.appeared, size == sizeof two);
    }
    uint64_t idle = 0;
    two[0].header.nlmsg_len = 3;
    assert_false(address_watch_parse(two, sizeof two, &idle).vanished);
    two[0].header.nlmsg_len = 0xFFFFFFFF;
    assert_false(address_watch_parse(two, sizeof two, &idle).vanished);
}

static void never(void *user, bool appeared)
{
    (void)user;
    (void)appeared;
}

static void it_opens_and_leaves_nothing_behind(void **state)
{
    (void)state;
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct address_watch *watch = address_watch_new(&loop, never, NULL);
    assert_non_null(watch);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    address_watch_close(watch);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(addresses_that_reach_others_are_news),
        TABLE_TEST(an_interface_that_carries_again_is_news),
        TABLE_TEST(cut_and_odd_datagrams_end_quietly),
        TABLE_TEST(it_opens_and_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
