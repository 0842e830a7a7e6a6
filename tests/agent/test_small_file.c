/* agent/small_file.h and agent/net/token_file.h (F-08): the new bytes are down before they
 * get the name, the name before it counts; whatever fails, a whole file stands there.
 *
 * The calls that make things durable are replaced here: the linker takes these first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/net/token_file.h"
#include "agent/small_file.h"
#include "tests/support/table.h"
#include "tests/support/temp_dir.h"

static struct {
    char done[64]; /* "f" a file synced, "n" a name changed, "d" a folder synced */
    unsigned calls;
    unsigned fail_at; /* 0 never */
} tape;

static bool note(char what)
{
    size_t length = strlen(tape.done);
    if (++tape.calls == tape.fail_at) {
        errno = EIO;
        return false;
    }
    if (length + 1 < sizeof tape.done) {
        tape.done[length] = what;
        tape.done[length + 1] = '\0';
    }
    return true;
}

int fsync(int fd)
{
    struct stat found;
    assert_int_equal(fstat(fd, &found), 0);
    return note(S_ISDIR(found.st_mode) ? 'd' : 'f') ? 0 : -1;
}

int renameat(int from, const char *from_name, int to, const char *to_name)
{
    return note('n') ? (int)syscall(SYS_renameat2, from, from_name, to, to_name, 0) : -1;
}

static enum failure_kind replace(const struct temp_dir *dir, const char *text)
{
    char path[PATH_MAX];
    struct failure failure;
    return small_file_replace(temp_dir_path(dir, "config.ini", path), text, strlen(text),
                              0600, &failure);
}

static enum failure_kind save_token(const struct temp_dir *dir, const char *text)
{
    struct bytes bytes;
    struct failure failure;
    bytes_init(&bytes, 64);
    assert_true(bytes_append_text(&bytes, text));
    enum failure_kind kind = token_file_save(dir->path, &bytes, &failure);
    bytes_clear(&bytes);
    return kind;
}

static const struct writer_case {
    const char *name;
    const char *file;
    enum failure_kind (*write)(const struct temp_dir *dir, const char *text);
} writers[] = {
    {"a configuration", "config.ini",  replace   },
    {"a sign-in",       "tokens.json", save_token},
};

static void begin(struct temp_dir *dir, const struct writer_case *row)
{
    tape.calls = 0;
    tape.fail_at = 0;
    tape.done[0] = '\0';
    temp_dir_make(dir);
    assert_int_equal(row->write(dir, "old"), FAILURE_NONE);
    tape.calls = 0;
    tape.done[0] = '\0';
}

static void check_order(const struct writer_case *row)
{
    struct temp_dir dir;
    char text[16];
    begin(&dir, row);
    assert_int_equal(row->write(&dir, "new"), FAILURE_NONE);
    assert_string_equal(tape.done, "fnd");
    assert_string_equal(temp_dir_read(&dir, row->file, text, sizeof text), "new");
    temp_dir_remove(&dir);
}

static void syncs_the_bytes_then_the_name(void **state)
{
    (void)state;
    CASES(writers, check_order);
}

static void check_failures(const struct writer_case *row)
{
    for (unsigned k = 1; k <= 3; k++) {
        struct temp_dir dir;
        char text[16];
        begin(&dir, row);
        tape.fail_at = k;
        assert_int_not_equal(row->write(&dir, "new"), FAILURE_NONE);
        (void)temp_dir_read(&dir, row->file, text, sizeof text);
        assert_string_equal(text, k < 3 ? "old" : "new");
        /* Nothing that the failure has left is in the way of the next try. */
        tape.fail_at = 0;
        assert_int_equal(row->write(&dir, "newer"), FAILURE_NONE);
        assert_string_equal(temp_dir_read(&dir, row->file, text, sizeof text), "newer");
        temp_dir_remove(&dir);
    }
}

static void leaves_a_whole_file_whatever_fails(void **state)
{
    (void)state;
    CASES(writers, check_failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(syncs_the_bytes_then_the_name),
        TABLE_TEST(leaves_a_whole_file_whatever_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
