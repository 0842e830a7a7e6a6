#include <string.h>

#include "protocol/ip_address.h"
#include "tests/support/table.h"

static const struct address_case {
    const char *name;
    const char *text;
    size_t size; /* 0: refused */
    uint8_t bytes[16];
    bool is_loopback;
} cases[] = {
  /* clang-format off */
    {"IPv4", "192.0.2.255", 4, {192, 0, 2, 255}, false},
    {"IPv4 loopback", "127.0.0.1", 4, {127, 0, 0, 1}, true},
    {"all of 127 is loopback", "127.255.3.4", 4, {127, 255, 3, 4}, true},
    {"IPv4 zero", "0.0.0.0", 4, {0}, false},
    {"a gap for one group at the end", "1:2:3:4:5:6:7::", 16, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7}, false},
    {"a gap for no group", "1:2:3:4:5:6:7::8", 0, {0}, false},
    {"number above 255", "1.2.3.256", 0, {0}, false},
    {"number of four digits", "1.2.3.1000", 0, {0}, false},
    {"leading zero, octal to some", "127.0.0.01", 0, {0}, false},
    {"three numbers", "127.0.1", 0, {0}, false},
    {"five numbers", "1.2.3.4.5", 0, {0}, false},
    {"empty number", "1..2.3", 0, {0}, false},
    {"one number", "2130706433", 0, {0}, false},
    {"hexadecimal", "0x7f.0.0.1", 0, {0}, false},
    {"white space", "1.2.3.4 ", 0, {0}, false},
    {"empty", "", 0, {0}, false},
    {"a name", "localhost", 0, {0}, false},
    {"IPv6 loopback", "::1", 16, {[15] = 1}, true},
    {"IPv6 loopback in full", "0:0:0:0:0:0:0:1", 16, {[15] = 1}, true},
    {"IPv6 zero", "::", 16, {0}, false},
    {"gap at the end", "2001:db8::", 16, {0x20, 0x01, 0x0D, 0xB8}, false},
    {"gap at the start", "::2:3", 16, {[13] = 2, [15] = 3}, false},
    {"gap inside, upper case",
     "2001:DB8::FF",
     16,
     {0x20, 1, 0x0D, 0xB8, [15] = 0xFF},
     false},
    {"eight groups",
     "1:2:3:4:5:6:7:8",
     16,
     {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8},
     false},
    {"gap of one group",
     "1:2:3:4:5:6:7::",
     16,
     {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7},
     false},
    {"IPv4 in the last groups",
     "::ffff:1.2.3.4",
     16,
     {[10] = 0xFF, [11] = 0xFF, [12] = 1, [13] = 2, [14] = 3, [15] = 4},
     false},
    {"IPv4 after six groups",
     "1:2:3:4:5:6:7.8.9.10",
     16,
     {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 7, 8, 9, 10},
     false},
    {"IPv4 after seven groups", "1:2:3:4:5:6:7:7.8.9.10", 0, {0}, false},
    {"IPv4 in front", "1.2.3.4::", 0, {0}, false},
    {"nine groups", "1:2:3:4:5:6:7:8:9", 0, {0}, false},
    {"seven groups", "1:2:3:4:5:6:7", 0, {0}, false},
    {"gap of no group", "1:2:3:4:5:6:7:8::", 0, {0}, false},
    {"gap and eight groups", "1::2:3:4:5:6:7:8", 0, {0}, false},
    {"two gaps", "1::2::3", 0, {0}, false},
    {"three colons", ":::1", 0, {0}, false},
    {"single colon in front", ":1:2:3:4:5:6:7", 0, {0}, false},
    {"single colon at the end", "1:2:3:4:5:6:7:", 0, {0}, false},
    {"colon behind eight groups", "1:2:3:4:5:6:7:8:", 0, {0}, false},
    {"group of five digits", "12345::", 0, {0}, false},
    {"bad digit", "g::", 0, {0}, false},
    {"zone", "fe80::1%eth0", 0, {0}, false},
    {"brackets", "[::1]", 0, {0}, false},
  /* clang-format on */
};

static void reads_one_address(const struct address_case *row)
{
    struct ip_address address = {.size = 99};
    assert_int_equal(ip_parse(row->text, &address), row->size != 0);
    if (row->size == 0) {
        assert_int_equal(address.size, 99);
        return;
    }
    assert_int_equal(address.size, row->size);
    assert_memory_equal(address.bytes, row->bytes, row->size);
    assert_int_equal(ip_is_loopback(&address), row->is_loopback);
}

static void reads_addresses(void **state)
{
    (void)state;
    CASES(cases, reads_one_address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TABLE_TEST(reads_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
