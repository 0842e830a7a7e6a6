/* The person at the machine: works in the mirror's folder as programs do, at any time.
 *
 * Everything he writes carries a marker, "<U" number ">", and he knows which of them he has
 * overwritten or removed himself: all others must be found again (I-1).
 */
#ifndef TESTS_SIM_SIM_USER_H
#define TESTS_SIM_SIM_USER_H

#include "tests/sim/sim_disk.h"

enum { SIM_MARKERS = 2000 };

struct sim_user {
    struct sim *sim;
    struct sim_disk *disk;
    const char *folder; /* absolute */
    bool is_gone[SIM_MARKERS];
    int markers;
    unsigned acts;
    bool has_displaced_folder; /* removed or moved one */
    struct sim_node *open;     /* a file that a program is writing; NULL none */
};

void sim_user_init(struct sim_user *user, struct sim_disk *disk, const char *folder);
/* Does something, by chance. */
void sim_user_act(struct sim_user *user);
/* What he has begun he ends. */
void sim_user_rest(struct sim_user *user);

/* The number of the next marker from a byte of a file on, and where to look for the one
 * after it; -1 no more. */
int sim_user_next_marker(const struct sim_node *file, size_t *at);

/* What he can do; paths are relative to the mirror. Nothing there: nothing happens. */
void sim_user_write(struct sim_user *user, const char *path); /* truncates, writes */
void sim_user_append(struct sim_user *user, const char *path);
void sim_user_save(struct sim_user *user, const char *path);   /* beside, then over */
void sim_user_remove(struct sim_user *user, const char *path); /* with what is in it */
void sim_user_rename(struct sim_user *user, const char *from, const char *to);
void sim_user_mkdir(struct sim_user *user, const char *path);
void sim_user_plant(struct sim_user *user, const char *path); /* a symbolic link */
void sim_user_swap(struct sim_user *user, const char *one, const char *other);
/* A file takes the place of a folder, or a folder with a file that of a file (F-86). */
void sim_user_replace(struct sim_user *user, const char *path);
/* As some editors do: the old one gets another name, the new one its own (F-30). */
void sim_user_save_with_backup(struct sim_user *user, const char *path);
void sim_user_copy(struct sim_user *user, const char *from, const char *to);
void sim_user_touch(struct sim_user *user, const char *path); /* only its time */
/* Out of the mirror, and back to some place in it (F-32). */
void sim_user_take_out(struct sim_user *user, const char *path);
void sim_user_bring_in(struct sim_user *user, const char *path);

#endif
