/* Flips each bit of what official servers said, and sets each byte to 00 and FF: whatever
 * comes of it must be events, ignored packets or a clean close, never a fault of ours.
 * Streams over FULL_SIZE are sampled with a seed that is printed, and taken from the
 * environment (SEED) to see the same again. */
#include <dirent.h>
#include <inttypes.h>
#include <time.h>

#include "tests/support/capture.h"
#include "tests/support/stack_player.h"

enum { FULL_SIZE = 4096, SAMPLE_COUNT = 1000, CHANGES_PER_BYTE = 10 };

/* Everything that the server sent on the first connection. */
static void load(const char *file_name, struct bytes *out)
{
    char name[256];
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(file_name, "."), file_name);
    cJSON *file = capture_open(name);
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(file, "transcript"))
    {
        if (capture_number(entry, "conn") == 1 && capture_is(entry, "dir", "s2c"))
            capture_append_entry(out, entry, STACK_PLAYER_ACCEPT);
    }
    cJSON_Delete(file);
}

static void plays_to_the_end(const struct channel_url *url, const uint8_t *data,
                             size_t size)
{
    struct stack_player player;
    stack_player_init(&player, url, CHANNEL_EIO4);
    stack_player_feed(&player, data, size, 0);
    stack_player_finish(&player);
    (void)stack_player_sent(&player);
    assert_int_equal(player.end_count, 1);
    assert_true(player.live_count <= 1);
    stack_player_clear(&player);
}

/* 0 to 7 flip a bit; 8 and 9 set the byte. */
static uint8_t change(uint8_t byte, size_t which)
{
    if (which < 8)
        return (uint8_t)(byte ^ 1U << which);
    return which == 8 ? 0x00 : 0xFF;
}

static void changes_one(const struct channel_url *url, struct bytes *stream, size_t which)
{
    uint8_t *byte = stream->data + which / CHANGES_PER_BYTE;
    uint8_t kept = *byte;
    *byte = change(kept, which % CHANGES_PER_BYTE);
    plays_to_the_end(url, stream->data, bytes_count(stream));
    *byte = kept;
}

/* xorshift64: any spread of positions will do. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void changes_all(const struct channel_url *url, struct bytes *stream, uint64_t *seed)
{
    size_t count = bytes_count(stream) * CHANGES_PER_BYTE;
    bool is_sampled = bytes_count(stream) > FULL_SIZE;
    for (size_t i = 0; i < (is_sampled ? SAMPLE_COUNT : count); i++)
        changes_one(url, stream, is_sampled ? next_random(seed) % count : i);
}

static void changes_file(const struct channel_url *url, const char *name, uint64_t *seed)
{
    struct bytes stream;
    bytes_init(&stream, 1 << 20);
    load(name, &stream);
    plays_to_the_end(url, stream.data, bytes_count(&stream));
    changes_all(url, &stream, seed);
    bytes_clear(&stream);
}

static void stands_any_change_of_a_byte(void **state)
{
    (void)state;
    static const struct url_policy policy = {.plain_text_allowed = true, .loopback = true};
    const char *given = getenv("SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) | 1;
    printf("seed %" PRIu64 "\n", seed);
    struct channel_url url;
    assert_int_equal(
        channel_url_init("http://127.0.0.1:3000/notifications?token=t1", &policy, &url),
        URL_OK);
    DIR *folder = opendir(FIXTURES "/captures");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        table_row_begins(entry->d_name);
        if (entry->d_name[0] != '.' && strstr(entry->d_name, "vectors") == NULL)
            changes_file(&url, entry->d_name, &seed);
    }
    (void)closedir(folder);
    table_row_begins(NULL);
    channel_url_clear(&url);
}

static void stands_an_end_at_any_byte(void **state)
{
    (void)state;
    static const struct url_policy policy = {.plain_text_allowed = true, .loopback = true};
    struct channel_url url;
    struct bytes stream;
    bytes_init(&stream, 1 << 20);
    load("binary-ws-v4", &stream);
    assert_int_equal(channel_url_init("http://127.0.0.1:3000/notifications", &policy, &url),
                     URL_OK);
    for (size_t size = 0; size < bytes_count(&stream); size++)
        plays_to_the_end(&url, stream.data, size);
    bytes_clear(&stream);
    channel_url_clear(&url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(stands_any_change_of_a_byte),
        cmocka_unit_test(stands_an_end_at_any_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
