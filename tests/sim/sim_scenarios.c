#include "tests/sim/sim_scenarios.h"

#include <string.h>

#include "tests/support/table.h"

enum { LARGE = 300 * 1024, SEED = 4711, PATIENCE_MS = 3600 * 1000, LATE_MS = 20000 };

/* Words of the scenarios; paths are the drive's, names that are not there a mistake. */

static int at(struct sim_world *world, const char *path)
{
    int item = sim_drive_find(&world->drive, path);
    if (item < 0)
        sim_fail(&world->sim, "the scenario has no %s", path);
    return item;
}

static int make(struct sim_world *world, const char *folder, const char *name, size_t size)
{
    return sim_drive_make(&world->drive, at(world, folder), name, false, size);
}

static void make_folder(struct sim_world *world, const char *folder, const char *name)
{
    (void)sim_drive_make(&world->drive, at(world, folder), name, true, 0);
}

static void move(struct sim_world *world, const char *path, const char *folder,
                 const char *name)
{
    if (!sim_drive_move(&world->drive, at(world, path), at(world, folder), name))
        sim_fail(&world->sim, "the scenario cannot move %s", path);
}

static void remove_item(struct sim_world *world, const char *path)
{
    sim_drive_delete(&world->drive, at(world, path));
}

/* What stands before. */

static void two_files(struct sim_world *world)
{
    (void)make(world, "", "a", 40);
    (void)make(world, "", "b", 50);
}

static void a_tree(struct sim_world *world)
{
    two_files(world);
    make_folder(world, "", "docs");
    make_folder(world, "docs", "more");
    (void)make(world, "docs", "c.txt", 60);
    (void)make(world, "docs/more", "d.txt", 70);
    make_folder(world, "", "other");
    (void)make(world, "other", "e", 30);
}

static void filter_docs(struct sim_world *world)
{
    static char pattern[] = "docs";
    sim_world_filter(world, NULL, pattern, NULL);
}

static void a_filtered_tree(struct sim_world *world)
{
    a_tree(world);
    filter_docs(world);
}

static void a_tree_left_but_for_one(struct sim_world *world)
{
    static char out[] = "docs";
    static char in[] = "c.txt";
    a_tree(world);
    sim_world_filter(world, NULL, out, in);
}

static void a_tree_with_exceptions(struct sim_world *world)
{
    static char out[] = "left";
    static char in[] = "kept";
    a_tree(world);
    sim_world_filter(world, NULL, out, in);
}

static void a_box(struct sim_world *world)
{
    static char pattern[] = "hidden";
    make_folder(world, "", "box");
    make_folder(world, "box", "in");
    (void)make(world, "box/in", "deep", 25);
    (void)make(world, "", "spot", 35);
    sim_world_filter(world, NULL, pattern, NULL);
}

static void a_first_folder(struct sim_world *world)
{
    make_folder(world, "", "first");
    (void)make(world, "first", "f", 20);
    a_tree(world);
    (void)make(world, "docs", "goes", 45);
}

static void two_folders(struct sim_world *world)
{
    make_folder(world, "", "one");
    make_folder(world, "", "two");
    (void)make(world, "one", "a", 40);
    (void)make(world, "two", "b", 50);
}

static void an_edited_file(struct sim_world *world)
{
    two_files(world);
}

static void a_wide_tree(struct sim_world *world)
{
    static const char *const names[] = {"f1", "f2", "f3", "f4", "f5",
                                        "f6", "f7", "f8", "f9"};
    make_folder(world, "", "docs");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)make(world, "docs", names[i], 30 + i);
}

static void without_trash(struct sim_world *world)
{
    a_tree(world);
    world->config.trash = false;
}

static void without_hashes(struct sim_world *world)
{
    world->drive.has_hashes = false;
    a_tree(world);
}

static void without_names(struct sim_world *world)
{
    world->drive.has_names = false;
    world->drive.tells_children = false;
    a_tree(world);
}

static void in_small_pages(struct sim_world *world)
{
    world->drive.page_size = 2;
    a_tree(world);
}

static void few_deletions(struct sim_world *world)
{
    world->config.big_delete_threshold = 1;
    a_tree(world);
}

/* What happens. */

static void new_file(struct sim_world *world)
{
    (void)make(world, "", "new", 80);
}

static void new_empty_file(struct sim_world *world)
{
    (void)make(world, "", "empty", 0);
}

static void new_large_file(struct sim_world *world)
{
    (void)make(world, "", "large", LARGE);
}

static void new_folders(struct sim_world *world)
{
    make_folder(world, "", "x");
    make_folder(world, "x", "y");
    (void)make(world, "x/y", "z", 30);
}

static void edit(struct sim_world *world)
{
    sim_drive_edit(&world->drive, at(world, "a"), 90);
}

static void edit_twice(struct sim_world *world)
{
    world->has_disturbances =
        true; /* the first version may come when the second is there */
    edit(world);
    sim_world_sync(world, false);
    (void)sim_world_steps(world, 6);
    edit(world);
}

static void grow_large(struct sim_world *world)
{
    sim_drive_edit(&world->drive, at(world, "a"), LARGE);
}

static void touch(struct sim_world *world)
{
    sim_drive_touch(&world->drive, at(world, "a"));
}

static void rename_file(struct sim_world *world)
{
    move(world, "a", "", "renamed");
}

static void rename_and_edit(struct sim_world *world)
{
    move(world, "a", "", "renamed");
    sim_drive_edit(&world->drive, at(world, "renamed"), 90);
}

static void move_file(struct sim_world *world)
{
    move(world, "a", "docs", "a");
}

static void move_into_new(struct sim_world *world)
{
    make_folder(world, "", "new");
    move(world, "a", "new", "a");
}

static void rename_folder(struct sim_world *world)
{
    move(world, "docs", "", "papers");
}

static void move_folder(struct sim_world *world)
{
    move(world, "docs", "other", "docs");
}

static void move_and_fill(struct sim_world *world)
{
    move(world, "docs", "other", "docs");
    (void)make(world, "other/docs", "new", 30);
    sim_drive_edit(&world->drive, at(world, "other/docs/c.txt"), 65);
}

static void swap_files(struct sim_world *world)
{
    sim_drive_swap(&world->drive, at(world, "a"), at(world, "b"));
}

static void swap_folders(struct sim_world *world)
{
    sim_drive_swap(&world->drive, at(world, "one"), at(world, "two"));
}

static void swap_file_and_folder(struct sim_world *world)
{
    sim_drive_swap(&world->drive, at(world, "a"), at(world, "docs"));
}

static void rotate(struct sim_world *world)
{
    int third = at(world, "docs/c.txt");
    sim_drive_swap(&world->drive, at(world, "a"), at(world, "b"));
    sim_drive_swap(&world->drive, at(world, "a"), third);
}

static void turn_inside_out(struct sim_world *world)
{
    move(world, "docs/more", "", "more");
    move(world, "docs", "more", "docs");
}

static void delete_file(struct sim_world *world)
{
    remove_item(world, "a");
}

static void delete_folder(struct sim_world *world)
{
    remove_item(world, "docs");
}

static void delete_after_move_out(struct sim_world *world)
{
    move(world, "docs/c.txt", "", "c.txt");
    remove_item(world, "docs");
}

/* What was in it is moved to a folder that is to move itself, and so is staged. */
static void take_deleted_place(struct sim_world *world)
{
    move(world, "docs/c.txt", "other", "c.txt");
    move(world, "docs/more", "other", "more");
    move(world, "other", "", "others");
    remove_item(world, "docs");
    move(world, "first", "", "docs");
}

static void delete_and_make(struct sim_world *world)
{
    remove_item(world, "a");
    (void)make(world, "", "a", 95);
}

static void delete_and_make_folder(struct sim_world *world)
{
    remove_item(world, "docs");
    make_folder(world, "", "docs");
    (void)make(world, "docs", "c.txt", 33);
}

static void file_becomes_folder(struct sim_world *world)
{
    remove_item(world, "a");
    make_folder(world, "", "a");
    (void)make(world, "a", "in", 30);
}

static void folder_becomes_file(struct sim_world *world)
{
    remove_item(world, "docs");
    (void)make(world, "", "docs", 30);
}

static void lose_place(struct sim_world *world)
{
    edit(world);
    remove_item(world, "b");
    new_file(world);
    world->drive.oldest = world->drive.position;
}

static void lose_tombstone(struct sim_world *world)
{
    remove_item(world, "b");
    world->drive.items[2].is_silent = true; /* b */
    world->drive.oldest = world->drive.position;
}

/* Of a the feed has not told that it moved, so the drive is asked where it is. By the time
 * that the answer comes the feed has told that it is gone. */
static void delete_while_asked(struct sim_world *world)
{
    int old = at(world, "a");
    move(world, "a", "docs", "a");
    world->drive.items[old].is_silent = true;
    (void)make(world, "", "a", 35);
    world->service.late_us = LATE_MS * 1000;
    sim_world_sync(world, false);
    if (!sim_world_run(world, LATE_MS / 2))
        return;
    sim_drive_delete(&world->drive, old);
    sim_world_sync(world, false);
    (void)sim_world_run(world, LATE_MS);
}

/* What it has moved out of a folder comes, what is missing stays. */
static void lose_place_and_keep(struct sim_world *world)
{
    move(world, "docs/c.txt", "", "c.txt");
    move(world, "docs/more", "other", "more");
    remove_item(world, "docs");
    world->drive.oldest = world->drive.position;
    world->drive.wants_kept = true;
    world->service.told_to_keep = true;
}

static void everything(struct sim_world *world)
{
    swap_files(world);
    move(world, "docs/more", "other", "more");
    remove_item(world, "docs/c.txt");
    sim_drive_edit(&world->drive, at(world, "other/e"), 44);
    new_folders(world);
}

static void many_files(struct sim_world *world)
{
    a_wide_tree(world);
}

static void delete_much(struct sim_world *world)
{
    remove_item(world, "docs");
    remove_item(world, "a");
}

static void leave_out(struct sim_world *world)
{
    filter_docs(world);
    sim_world_stop(world);
    (void)sim_world_start(world);
}

/* What is in a folder goes with it, and the drive tells of the folder alone. */
static void let_in(struct sim_world *world)
{
    move(world, "docs", "", "shown");
}

static void leave_out_by_its_name(struct sim_world *world)
{
    move(world, "docs", "", "shown");
    move(world, "other", "", "docs");
    make_folder(world, "", "other"); /* its place is free, and a person's */
    (void)make(world, "other", "e", 35);
}

/* The deleted file cannot go, so neither can the folder of its name come, nor the one in it
 * that is left out but for what is let in there. */
static void let_in_where_nothing_comes(struct sim_world *world)
{
    sim_world_stop(world);
    sim_user_take_out(&world->user, "docs");
    sim_user_plant(&world->user, "docs");
    if (!sim_world_start(world) || !sim_world_run(world, PATIENCE_MS))
        return;
    remove_item(world, "docs/c.txt");
    make_folder(world, "docs", "c.txt");
    make_folder(world, "docs/c.txt", "left");
    (void)make(world, "docs/c.txt/left", "kept", 25);
}

/* The box cannot be left before what is in it has gone, to where the file stands, that is
 * to go where the box stands. */
static void leave_out_in_a_circle(struct sim_world *world)
{
    move(world, "box", "", "hidden");
    move(world, "hidden/in", "", "in");
    move(world, "spot", "", "box");
    move(world, "in", "", "spot");
}

/* With a person at it. */

static void edit_on_both_sides(struct sim_world *world)
{
    sim_user_append(&world->user, "a");
    edit(world);
}

static void save_on_both_sides(struct sim_world *world)
{
    sim_user_save(&world->user, "a");
    edit(world);
}

static void edit_what_goes(struct sim_world *world)
{
    sim_user_append(&world->user, "a");
    remove_item(world, "a");
}

static void edit_what_moves(struct sim_world *world)
{
    sim_user_append(&world->user, "a");
    move(world, "a", "docs", "a");
}

static void own_file_at_new_name(struct sim_world *world)
{
    sim_user_save(&world->user, "new");
    new_file(world);
}

static void own_folder_at_new_name(struct sim_world *world)
{
    sim_user_mkdir(&world->user, "new");
    sim_user_save(&world->user, "new/own");
    new_file(world);
}

static void own_file_in_deleted_folder(struct sim_world *world)
{
    sim_user_save(&world->user, "docs/own");
    remove_item(world, "docs");
}

static void own_file_in_folder_for_file(struct sim_world *world)
{
    sim_user_save(&world->user, "docs/own");
    folder_becomes_file(world);
}

static void removed_here_edited_there(struct sim_world *world)
{
    sim_user_remove(&world->user, "a");
    edit(world);
}

static void folder_removed_here(struct sim_world *world)
{
    sim_user_remove(&world->user, "docs");
    (void)make(world, "docs/more", "new", 30);
}

/* By the time that the way is made for it, the folder that it was to leave has moved. */
static void moved_out_to_a_folder_removed_here(struct sim_world *world)
{
    move_into_new(world);
    if (!sim_world_run(world, PATIENCE_MS))
        return;
    sim_user_remove(&world->user, "other");
    move(world, "new/a", "other", "a");
    sim_drive_edit(&world->drive, at(world, "other/a"), 45);
    move(world, "new", "docs", "new");
}

/* The new version of a has the inode of b, which is still sought for when a is there. */
static void removed_here_and_taken(struct sim_world *world)
{
    world->disk.reuses_inodes = true;
    sim_user_remove(&world->user, "b");
    edit(world);
    if (!sim_world_run(world, PATIENCE_MS))
        return;
    move(world, "b", "docs", "b");
    move(world, "a", "", "b");
    sim_drive_edit(&world->drive, at(world, "b"), 75);
}

/* The same, and a cannot leave yet: its folder is made first. */
static void removed_here_in_the_way(struct sim_world *world)
{
    world->disk.reuses_inodes = true;
    sim_user_remove(&world->user, "b");
    edit(world);
    if (!sim_world_run(world, PATIENCE_MS))
        return;
    sim_user_remove(&world->user, "other");
    move(world, "a", "other", "a");
    move(world, "b", "", "a");
}

/* A start finds that. It cannot leave, and what is new there comes all the same. */
static void removed_here_behind_a_link(struct sim_world *world)
{
    sim_user_remove(&world->user, "b");
    sim_user_plant(&world->user, "docs/way");
    make_folder(world, "docs", "way");
    sim_world_stop(world);
    if (!sim_world_start(world) || !sim_world_run(world, PATIENCE_MS))
        return;
    move(world, "b", "docs/way", "b");
    (void)make(world, "", "b", 75);
    sim_world_sync(world, false);
    if (sim_world_run(world, PATIENCE_MS) && sim_world_find(world, "b") == NULL)
        sim_fail(&world->sim, "a removed file keeps its place: b (F-31)");
}

/* The folder that was removed cannot be made again behind the link, and somebody else takes
 * its place: what is new in it waits as well. */
static void new_in_a_removed_folder(struct sim_world *world)
{
    sim_user_remove(&world->user, "other");
    sim_user_plant(&world->user, "docs/way");
    make_folder(world, "docs", "way");
    sim_world_stop(world);
    if (!sim_world_start(world) || !sim_world_run(world, PATIENCE_MS))
        return;
    move(world, "other", "docs/way", "other");
    (void)make(world, "", "other", 75);
    (void)make(world, "docs/way/other", "new", 30);
}

/* It is made again for the new folder in it, which is there for what moves to it only. */
static void moved_into_new_in_removed(struct sim_world *world)
{
    sim_user_remove(&world->user, "docs");
    if (!sim_world_run(world, PATIENCE_MS))
        return;
    make_folder(world, "docs", "new");
    move(world, "b", "docs/new", "c.txt");
    sim_world_sync(world, false);
    if (sim_world_run(world, PATIENCE_MS) &&
        sim_world_find(world, "docs/new/c.txt") == NULL)
        sim_fail(&world->sim, "not made again: docs/new/c.txt (F-31)");
}

/* The folder stays for what he has edited; who wants the file back has it set aside. */
static void removed_here_for_a_folder(struct sim_world *world)
{
    sim_user_append(&world->user, "other/e");
    move(world, "other/e", "docs", "e");
    sim_user_remove(&world->user, "b");
    if (!sim_world_run(world, PATIENCE_MS))
        return;
    remove_item(world, "docs");
    move(world, "b", "", "docs");
}

static void folder_made_a_file_here(struct sim_world *world)
{
    sim_user_remove(&world->user, "docs");
    sim_user_save(&world->user, "docs");
    (void)make(world, "docs", "new", 30);
}

/* Made again for what is new in it; the drive moves that to where the person has moved it.
 */
static void moved_here_then_there(struct sim_world *world)
{
    sim_user_rename(&world->user, "docs", "papers");
    (void)make(world, "docs", "new", 30);
    sim_world_sync(world, false);
    (void)sim_world_run(world, PATIENCE_MS);
    rename_folder(world);
}

/* As the drive does it; and the person has made another one under the former name, which is
 * not to be moved for it. */
static void moved_here_as_there(struct sim_world *world)
{
    const struct sim_node *docs = sim_world_find(world, "docs");
    sim_user_rename(&world->user, "docs", "papers");
    sim_user_mkdir(&world->user, "docs");
    rename_folder(world);
    sim_world_sync(world, false);
    if (sim_world_run(world, PATIENCE_MS) && sim_world_find(world, "papers") != docs)
        sim_fail(&world->sim, "another folder was moved for it: papers (F-32)");
}

/* A start finds that; the drive moves the folder into what he has moved into it. */
static void moved_into_each_other(struct sim_world *world)
{
    const struct sim_node *docs = sim_world_find(world, "docs");
    sim_user_rename(&world->user, "other", "docs/other");
    sim_world_stop(world);
    if (!sim_world_start(world) || !sim_world_run(world, PATIENCE_MS))
        return;
    move(world, "docs", "other", "docs");
    sim_world_sync(world, false);
    if (sim_world_run(world, PATIENCE_MS) && sim_world_find(world, "other/docs") != docs)
        sim_fail(&world->sim, "not moved: other/docs (F-84)");
}

/* The record of b leads to the person's folder, and then to the one that comes for it. */
static void own_folder_where_a_move_begins(struct sim_world *world)
{
    sim_user_remove(&world->user, "b");
    sim_user_mkdir(&world->user, "b");
    sim_user_save(&world->user, "b/own");
    remove_item(world, "a");
    make_folder(world, "", "a");
    sim_drive_swap(&world->drive, at(world, "a"), at(world, "b"));
}

/* Killed as it had been made again, before that was recorded; then another one takes its
 * name. */
static void made_again_then_replaced(struct sim_world *world)
{
    unsigned stop_at = world->sim.stop_at; /* of the test */
    sim_user_remove(&world->user, "docs");
    sim_world_sync(world, true);
    while (sim_world_find(world, "docs") == NULL) {
        if (!sim_world_steps(world, 1))
            return;
    }
    world->sim.has_stopped = true;
    sim_world_stop(world);
    world->sim.stop_at = stop_at;
    if (!sim_world_start(world) || !sim_world_run(world, PATIENCE_MS))
        return;
    (void)make(world, "docs", "new", 30);
    if (sim_world_run(world, PATIENCE_MS))
        delete_and_make_folder(world);
}

static void link_planted(struct sim_world *world)
{
    sim_user_remove(&world->user, "a");
    sim_user_plant(&world->user, "a");
    edit(world);
}

/* A file cannot leave a folder that is to stay. */
static void refuse_deletion(struct sim_world *world)
{
    sim_user_remove(&world->user, "docs/more");
    sim_user_plant(&world->user, "docs/more");
    move(world, "docs/more/d.txt", "", "d.txt");
    remove_item(world, "docs");
    if (sim_world_run(world, PATIENCE_MS) && mirror_refuse(world->mirror))
        world->service.told_to_keep = true;
}

const struct sim_scenario sim_scenarios[] = {
    {"a new file",                                      two_files,               new_file                  },
    {"a new empty file (F-105)",                        two_files,               new_empty_file            },
    {"an edit",                                         two_files,               edit                      },
    {"a new time",                                      two_files,               touch                     },
    {"a new name",                                      two_files,               rename_file               },
    {"a deletion",                                      two_files,               delete_file               },
    {"a swap of names (F-83)",                          two_files,               swap_files                },
    {"deleted and made again (F-85)",                   two_files,               delete_and_make           },
    {"edited on both sides (F-26)",                     an_edited_file,          edit_on_both_sides        },
    {"a person's file at a new name (F-28)",            two_files,               own_file_at_new_name      },
    {"the first mirror of a tree",                      NULL,                    a_tree                    },
    {"the first mirror in small pages",                 NULL,                    in_small_pages            },
    {"the first mirror without hashes (F-104)",         NULL,                    without_hashes            },
    {"the first mirror of many files",                  NULL,                    many_files                },
    {"a new large file",                                two_files,               new_large_file            },
    {"a small file grows large",                        two_files,               grow_large                },
    {"edited again while it is fetched (F-92)",         two_files,               edit_twice                },
    {"new folders",                                     two_files,               new_folders               },
    {"a new name and content",                          two_files,               rename_and_edit           },
    {"a move",                                          a_tree,                  move_file                 },
    {"a move into a new folder",                        a_tree,                  move_into_new             },
    {"a folder's new name",                             a_tree,                  rename_folder             },
    {"a move of a folder",                              a_tree,                  move_folder               },
    {"a moved folder is filled",                        a_tree,                  move_and_fill             },
    {"a swap of folders",                               two_folders,             swap_folders              },
    {"a swap of a file and a folder",                   a_tree,                  swap_file_and_folder      },
    {"a rotation over folders (F-83)",                  a_tree,                  rotate                    },
    {"a child becomes the parent (F-84)",               a_tree,                  turn_inside_out           },
    {"a deletion of a folder",                          a_tree,                  delete_folder             },
    {"the same without a trash",                        without_trash,           delete_folder             },
    {"the same without names (F-76)",                   without_names,           delete_folder             },
    {"moved out, then the folder deleted (F-87)",       a_tree,                  delete_after_move_out     },
    {"the same, its place taken by a folder",           a_first_folder,          take_deleted_place        },
    {"a folder deleted and made again (F-85)",          a_tree,                  delete_and_make_folder    },
    {"a file becomes a folder (F-86)",                  a_tree,                  file_becomes_folder       },
    {"a folder becomes a file (F-86)",                  a_tree,                  folder_becomes_file       },
    {"the place in the feed is lost (F-81)",            a_tree,                  lose_place                },
    {"a deletion that is never told (F-82)",            a_tree,                  lose_tombstone            },
    {"deleted while it is asked for (F-43)",            a_tree,                  delete_while_asked        },
    {"a folder that is to be kept (F-81)",              a_tree,                  lose_place_and_keep       },
    {"many things at once",                             a_tree,                  everything                },
    {"many things in small pages",                      in_small_pages,          everything                },
    {"a wide folder is deleted",                        a_wide_tree,             delete_folder             },
    {"a big deletion (F-90)",                           few_deletions,           delete_much               },
    {"a big deletion that is refused (F-50)",           few_deletions,           refuse_deletion           },
    {"a filter (F-162)",                                a_tree,                  leave_out                 },
    {"let in by its new name (F-162)",                  a_filtered_tree,         let_in                    },
    {"left out by its new name (F-162)",                a_filtered_tree,         leave_out_by_its_name     },
    {"let in where nothing can come (F-43, F-162)",     a_tree_with_exceptions,
     let_in_where_nothing_comes                                                                            },
    {"left out in a circle (F-83, F-162)",              a_box,                   leave_out_in_a_circle     },
    {"saved on both sides (F-30)",                      two_files,               save_on_both_sides        },
    {"edited here, deleted there",                      a_tree,                  edit_what_goes            },
    {"edited here, moved there",                        a_tree,                  edit_what_moves           },
    {"a person's folder at a new name",                 two_files,               own_folder_at_new_name    },
    {"a person's file in a deleted folder (F-88)",      a_tree,                  own_file_in_deleted_folder},
    {"a person's file in a folder that becomes a file", a_tree,
     own_file_in_folder_for_file                                                                           },
    {"removed here, edited there (F-31)",               a_tree,                  removed_here_edited_there },
    {"a folder removed here gets a file (F-31)",        a_tree,                  folder_removed_here       },
    {"moved out to a folder removed here (F-31)",       a_tree,
     moved_out_to_a_folder_removed_here                                                                    },
    {"removed here, and its place taken (F-31)",        a_tree,                  removed_here_and_taken    },
    {"the same, before its place is free",              a_tree,                  removed_here_in_the_way   },
    {"removed here, moved behind a link (F-50)",        a_tree,                  removed_here_behind_a_link},
    {"removed here, moved to what stays (F-88)",        a_tree,                  removed_here_for_a_folder },
    {"a folder made a file here gets a file",           a_tree,                  folder_made_a_file_here   },
    {"a folder moved here, then there (F-32)",          a_tree,                  moved_here_then_there     },
    {"a folder moved here as there (F-32)",             a_tree,                  moved_here_as_there       },
    {"moved into one here, and that there (F-84)",      a_tree,                  moved_into_each_other     },
    {"a person's folder where a move begins (F-83)",    two_files,
     own_folder_where_a_move_begins                                                                        },
    {"a folder made again, then replaced (F-85)",       a_tree,                  made_again_then_replaced  },
    {"new in a removed folder, behind a link (F-50)",   a_tree,                  new_in_a_removed_folder   },
    {"moved into what is new in a removed one (F-31)",  a_tree_left_but_for_one,
     moved_into_new_in_removed                                                                             },
    {"a link planted for a file (F-52)",                a_tree,                  link_planted              },
};

const size_t sim_scenario_count = sizeof sim_scenarios / sizeof *sim_scenarios;

const struct sim_scenario *sim_scenario_find(const char *name)
{
    for (size_t i = 0; i < sim_scenario_count; i++) {
        if (strcmp(sim_scenarios[i].name, name) == 0)
            return &sim_scenarios[i];
    }
    fail_msg("no such scenario: %s", name);
    return NULL;
}

void sim_scenario_begin(struct sim_world *world, const struct sim_scenario *scenario)
{
    sim_world_begin(world, SEED);
    world->sim.subject = scenario->name;
    if (scenario->before == NULL)
        return;
    scenario->before(world);
    if (!sim_world_start(world) || !sim_world_run(world, PATIENCE_MS))
        sim_fail(&world->sim, "%s: no beginning", scenario->name);
    sim_disk_sync_all(&world->disk);
    sim_database_settle();
}

void sim_scenario_change(struct sim_world *world, const struct sim_scenario *scenario)
{
    sim_trace(&world->sim, "scenario: %s", scenario->name);
    scenario->change(world);
    if (world->mirror == NULL && !world->sim.has_stopped)
        (void)sim_world_start(world);
}

bool sim_scenario_follow(struct sim_world *world)
{
    if (world->sim.has_stopped || world->mirror == NULL)
        return false;
    sim_world_sync(world, false);
    while (!world->is_answered) {
        if (!sim_world_steps(world, 1))
            return false;
    }
    return true;
}
