/* The real table: paths that cannot lead out (3.4, F-50, F-51), with and without openat2,
 * and calls that are interrupted and cut short (F-157). */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>

#include "agent/place/disk.h"
#include "tests/support/failing_disk.h"
#include "tests/support/temp_dir.h"

enum { RACE_ROUNDS = 20000 };

static const struct disk *table(bool is_plain)
{
    return is_plain ? disk_system_plain() : disk_system();
}

static const struct path_case {
    const char *name;
    const char *path;
    int flags;
    int want; /* errno, 0: it opens */
} paths[] = {
    {"the folder itself",           "",                  O_RDONLY | O_DIRECTORY, 0      },
    {"a folder",                    "one",               O_RDONLY | O_DIRECTORY, 0      },
    {"a folder in it",              "one/two",           O_RDONLY | O_DIRECTORY, 0      },
    {"a file",                      "one/two/file",      O_RDONLY,               0      },
    {"nothing",                     "one/none/file",     O_RDONLY,               ENOENT },
    {"a file in the way",           "one/two/file/x",    O_RDONLY,               ENOTDIR},
    {"a way out (F-51)",            "..",                O_RDONLY | O_DIRECTORY, EXDEV  },
    {"a way out and back (F-51)",   "one/../../outside", O_RDONLY,               EXDEV  },
    {"a link to a folder (F-50)",   "link",              O_RDONLY | O_DIRECTORY, ELOOP  },
    {"a link in the way (F-50)",    "link/canary",       O_RDONLY,               ELOOP  },
    {"a link with a slash (F-51)",  "link/",             O_RDONLY | O_DIRECTORY, ELOOP  },
    {"a link to a file (F-52)",     "one/two/file-link", O_RDONLY,               ELOOP  },
    {"a link of the system (F-50)", "self/status",       O_RDONLY,               ELOOP  },
};

static void check_path(const struct path_case *row)
{
    struct temp_dir dir;
    temp_dir_make(&dir);
    temp_dir_mkdir(&dir, "outside");
    temp_dir_write(&dir, "outside/canary", "canary");
    temp_dir_mkdir(&dir, "root");
    temp_dir_mkdir(&dir, "root/one");
    temp_dir_mkdir(&dir, "root/one/two");
    temp_dir_write(&dir, "root/one/two/file", "file");
    temp_dir_symlink(&dir, "../outside", "root/link");
    temp_dir_symlink(&dir, "../../../outside/canary", "root/one/two/file-link");
    temp_dir_symlink(&dir, "/proc/self", "root/self");
    for (int is_plain = 0; is_plain < 2; is_plain++) {
        const struct disk *disk = table(is_plain);
        char path[PATH_MAX];
        int root = disk->open_root(disk->user, temp_dir_path(&dir, "root", path));
        assert_true(root >= 0);
        errno = 0;
        int fd = disk_open(disk, root, row->path, row->flags, 0);
        if (row->want != 0)
            assert_int_equal(errno, row->want);
        assert_int_equal(fd >= 0, row->want == 0);
        disk_close(disk, fd);
        disk_close(disk, root);
    }
    temp_dir_remove(&dir);
}

static void opens_only_beneath(void **state)
{
    (void)state;
    CASES(paths, check_path);
}

static void opens_nothing_of_another_file_system(void **state) /* F-17, F-55 */
{
    (void)state;
    static const char *const names[] = {"proc", "proc/sys"};
    for (int is_plain = 0; is_plain < 2; is_plain++) {
        const struct disk *disk = table(is_plain);
        int root = disk->open_root(disk->user, "/");
        assert_true(root >= 0);
        for (size_t i = 0; i < COUNT_OF(names); i++) {
            assert_int_equal(disk_open(disk, root, names[i], O_RDONLY | O_DIRECTORY, 0),
                             -1);
            assert_int_equal(errno, EXDEV);
        }
        disk_close(disk, root);
    }
}

/* openat2 answers this errno from now on, as in a sandbox or an old kernel. */
static bool deny_openat2(unsigned error)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = COUNT_OF(rules), .filter = rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum { DENIED_WELL, DENIED_BADLY, NOT_DENIED };

static int open_denied(const struct temp_dir *dir, unsigned error)
{
    const struct disk *disk = disk_system();
    char path[PATH_MAX];
    int root = disk->open_root(disk->user, temp_dir_path(dir, "", path));
    if (!deny_openat2(error))
        return NOT_DENIED;
    bool opens = disk_open(disk, root, "one/two", O_RDONLY | O_DIRECTORY, 0) >= 0;
    bool refuses =
        disk_open(disk, root, "link/two", O_RDONLY | O_DIRECTORY, 0) < 0 && errno == ELOOP;
    return opens && refuses ? DENIED_WELL : DENIED_BADLY;
}

static void opens_by_components_where_openat2_is_denied(void **state) /* F-172 */
{
    (void)state;
    static const unsigned errors[] = {ENOSYS, EPERM};
    struct temp_dir dir;
    int status = 0;
    temp_dir_make(&dir);
    temp_dir_mkdir(&dir, "one");
    temp_dir_mkdir(&dir, "one/two");
    temp_dir_symlink(&dir, "one", "link");
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(open_denied(&dir, errors[i]));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) != NOT_DENIED) /* no filters here: nothing to be shown */
            assert_int_equal(WEXITSTATUS(status), DENIED_WELL);
    }
    temp_dir_remove(&dir);
}

/* A tree of the drive may be deeper than a path of a system call is long (F-42). */
static void opens_a_path_of_any_length(void **state)
{
    (void)state;
    struct temp_dir dir;
    temp_dir_make(&dir);
    temp_dir_mkdir(&dir, "one");
    temp_dir_mkdir(&dir, "one/two");
    char path[2 * PATH_MAX] = "one/";
    while (strlen(path) < PATH_MAX)
        (void)strncat(path, "./", sizeof path - strlen(path) - 1);
    (void)strncat(path, "two", sizeof path - strlen(path) - 1);
    for (int is_plain = 0; is_plain < 2; is_plain++) {
        const struct disk *disk = table(is_plain);
        char root_path[PATH_MAX];
        int root = disk->open_root(disk->user, temp_dir_path(&dir, "", root_path));
        int fd = disk_open(disk, root, path, O_RDONLY | O_DIRECTORY, 0);
        assert_true(fd >= 0);
        disk_close(disk, fd);
        disk_close(disk, root);
    }
    temp_dir_remove(&dir);
}

/* Swaps a folder and a link to a canary until told to stop (F-51). */
struct swapper {
    struct temp_dir dir;
    atomic_bool stop;
};

static int swap_for_ever(void *user)
{
    struct swapper *swapper = user;
    char folder[PATH_MAX];
    char link[PATH_MAX];
    (void)temp_dir_path(&swapper->dir, "root/folder", folder);
    (void)temp_dir_path(&swapper->dir, "link", link);
    while (!atomic_load(&swapper->stop))
        (void)renameat2(AT_FDCWD, folder, AT_FDCWD, link, RENAME_EXCHANGE);
    return 0;
}

static void writes_nothing_through_a_folder_that_becomes_a_link(void **state)
{
    (void)state;
    struct swapper swapper = {.stop = false};
    char path[PATH_MAX];
    thrd_t thread;
    temp_dir_make(&swapper.dir);
    temp_dir_mkdir(&swapper.dir, "outside");
    temp_dir_mkdir(&swapper.dir, "root");
    temp_dir_mkdir(&swapper.dir, "root/folder");
    temp_dir_symlink(&swapper.dir, "../outside", "link");
    int root = open(temp_dir_path(&swapper.dir, "root", path), O_RDONLY | O_CLOEXEC);
    assert_int_equal(thrd_create(&thread, swap_for_ever, &swapper), thrd_success);
    for (int i = 0; i < RACE_ROUNDS; i++) {
        const struct disk *disk = table(i % 2 == 0);
        int fd = disk_open(disk, root, "folder/new", O_WRONLY | O_CREAT, 0600);
        disk_close(disk, fd);
        int folder = disk_open(disk, root, "folder", O_RDONLY | O_DIRECTORY, 0);
        if (folder >= 0)
            (void)disk->unlink(disk->user, folder, "new", 0);
        disk_close(disk, folder);
    }
    atomic_store(&swapper.stop, true);
    assert_int_equal(thrd_join(thread, NULL), thrd_success);
    (void)close(root);
    assert_false(temp_dir_has(&swapper.dir, "outside/new"));
    temp_dir_remove(&swapper.dir);
}

static void goes_on_after_a_signal_and_short_transfers(void **state)
{
    (void)state;
    struct temp_dir dir;
    struct failing_disk disk;
    char path[PATH_MAX];
    char text[16] = "";
    temp_dir_make(&dir);
    failing_disk_init(&disk, disk_system());
    disk.transfers_bytes = true;
    int root = disk.table.open_root(&disk, dir.path);
    int fd = disk_open(&disk.table, root, "file", O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(disk_reserve(&disk.table, fd, 4096), 0);
    assert_int_equal(disk_write(&disk.table, fd, "content", 7), 0);
    assert_int_equal(disk_sync(&disk.table, fd), 0);
    assert_string_equal(temp_dir_read(&dir, "file", path, sizeof path), "content");
    assert_int_equal(disk.table.seek(&disk, fd, 0, SEEK_SET), 0);
    assert_int_equal(disk_read(&disk.table, fd, text, sizeof text), 1);
    assert_string_equal(text, "c");
    disk_close(&disk.table, fd);
    disk_close(&disk.table, root);
    temp_dir_remove(&dir);
}

/* F-29: a read lease is refused while somebody writes. */
static void sees_who_has_a_file_open_for_writing(void **state)
{
    (void)state;
    struct temp_dir dir;
    const struct disk *disk = disk_system();
    char path[PATH_MAX];
    temp_dir_make(&dir);
    temp_dir_write(&dir, "file", "text");
    int reader = open(temp_dir_path(&dir, "file", path), O_RDONLY | O_CLOEXEC);
    int before = disk->lease_write_free(disk->user, reader);
    int writer = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    int during = disk->lease_write_free(disk->user, reader);
    (void)close(writer);
    int after = disk->lease_write_free(disk->user, reader);
    (void)close(reader);
    temp_dir_remove(&dir);
    if (before < 0)
        skip(); /* no leases on this file system */
    assert_int_equal(before, 0);
    assert_int_equal(during, 1);
    assert_int_equal(after, 0);
}

static void sets_times_before_1970_and_makes_paths(void **state)
{
    (void)state;
    struct temp_dir dir;
    const struct disk *disk = disk_system();
    char path[PATH_MAX];
    struct stat found;
    temp_dir_make(&dir);
    (void)temp_dir_path(&dir, "a/b/c", path);
    assert_int_equal(disk->make_path(disk->user, path, 0700), 0);
    assert_int_equal(disk->make_path(disk->user, path, 0700), 0);
    temp_dir_write(&dir, "a/file", "");
    int folder = open(temp_dir_path(&dir, "a", path), O_RDONLY | O_CLOEXEC);
    assert_int_equal(disk->set_mtime_at(disk->user, folder, "file", -1500), 0);
    assert_int_equal(disk->stat_at(disk->user, folder, "file", &found), 0);
    assert_int_equal(found.st_mtim.tv_sec, -2);
    assert_int_equal(found.st_mtim.tv_nsec, 500000000);
    /* Never through a link (F-52). */
    temp_dir_symlink(&dir, "file", "a/link");
    assert_int_equal(disk->set_mtime_at(disk->user, folder, "link", 1500), 0);
    assert_int_equal(disk->stat_at(disk->user, folder, "file", &found), 0);
    assert_int_equal(found.st_mtim.tv_sec, -2);
    assert_int_equal(disk->stat_at(disk->user, folder, "link", &found), 0);
    assert_int_equal(found.st_mtim.tv_sec, 1);
    (void)close(folder);
    temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(opens_only_beneath),
        cmocka_unit_test(opens_nothing_of_another_file_system),
        cmocka_unit_test(opens_by_components_where_openat2_is_denied),
        cmocka_unit_test(opens_a_path_of_any_length),
        TABLE_TEST(writes_nothing_through_a_folder_that_becomes_a_link),
        TABLE_TEST(goes_on_after_a_signal_and_short_transfers),
        TABLE_TEST(sees_who_has_a_file_open_for_writing),
        TABLE_TEST(sets_times_before_1970_and_makes_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
