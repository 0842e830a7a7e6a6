#include "tests/sim/sim_drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/place/hash.h"

enum { HEAD = 9, MAX_DEPTH = 5, LARGE = 300 * 1024 };

void sim_drive_init(struct sim_drive *drive, struct sim *sim)
{
    *drive = (struct sim_drive){
        .sim = sim,
        .has_hashes = true,
        .tells_children = true,
        .has_names = true,
        .page_size = 1000,
        .count = 1,
    };
    drive->items[SIM_ROOT_ITEM] = (struct sim_item){.parent = -1, .is_folder = true};
}

static void told(struct sim_drive *drive, int item)
{
    if (drive->position + 1 == SIM_CHANGES)
        sim_fail(drive->sim, "the test has too many changes");
    drive->items[item].changed = ++drive->position;
    drive->feed[drive->position] = item;
    drive->items[item].is_silent = false;
    drive->items[item].visible_us = drive->sim->now_us + drive->lag_us;
}

/* Contents. */

static int new_content(struct sim_drive *drive, size_t size)
{
    if (drive->contents == SIM_CONTENTS)
        sim_fail(drive->sim, "the test has too many contents");
    drive->sizes[drive->contents] = size > 0 && size < HEAD + 1 ? HEAD + 1 : size;
    return drive->contents++;
}

uint8_t *sim_content(const struct sim_drive *drive, int content)
{
    size_t size = drive->sizes[content];
    uint8_t *data = malloc(size + HEAD + 2);
    if (data == NULL)
        abort();
    (void)snprintf((char *)data, HEAD + 1, "<C%06u ", (unsigned)content % 1000000U);
    for (size_t i = HEAD; i < size; i++)
        data[i] = (uint8_t)('a' + (i * 7 + (size_t)content) % 26);
    if (size > 0)
        data[size - 1] = '>';
    return data;
}

struct store_hash sim_content_hash(const struct sim_drive *drive, int content)
{
    struct hash *hash = hash_new(1); /* QuickXorHash */
    uint8_t *data = sim_content(drive, content);
    if (hash == NULL)
        abort();
    hash_update(hash, data, drive->sizes[content]);
    free(data);
    return hash_finish(hash);
}

bool sim_content_is_whole(const struct sim_drive *drive, const uint8_t *data, size_t size)
{
    char head[HEAD + 1] = "";
    if (size == 0) {
        for (int i = 0; i < drive->contents; i++) {
            if (drive->sizes[i] == 0)
                return true;
        }
        return false;
    }
    if (size <= HEAD)
        return false;
    memcpy(head, data, HEAD);
    char *end = head;
    long number = strncmp(head, "<C", 2) == 0 ? strtol(head + 2, &end, 10) : -1;
    if (number < 0 || number >= drive->contents || *end != ' ' ||
        drive->sizes[number] != size)
        return false;
    uint8_t *whole = sim_content(drive, (int)number);
    bool is_equal = memcmp(whole, data, size) == 0;
    free(whole);
    return is_equal;
}

/* The tree. */

int sim_drive_child(const struct sim_drive *drive, int parent, const char *name)
{
    for (size_t i = 1; i < drive->count; i++) {
        const struct sim_item *item = &drive->items[i];
        if (!item->is_gone && item->parent == parent && strcmp(item->name, name) == 0)
            return (int)i;
    }
    return -1;
}

int sim_drive_find(const struct sim_drive *drive, const char *path)
{
    char name[SIM_ITEM_NAME];
    int item = SIM_ROOT_ITEM;
    while (item >= 0 && *path != '\0') {
        size_t length = strcspn(path, "/");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
        item = sim_drive_child(drive, item, name);
        path += path[length] == '/' ? length + 1 : length;
    }
    return item;
}

int sim_drive_by_id(const struct sim_drive *drive, const char *id)
{
    char *end = NULL;
    long number = strncmp(id, "ITEM", 4) == 0 ? strtol(id + 4, &end, 10) : -1;
    return number >= 0 && (size_t)number < drive->count ? (int)number : -1;
}

bool sim_drive_has_feed(const struct sim_drive *drive)
{
    return drive->without_feed == 0 ||
           (drive->feed_from > 0 && drive->position >= drive->feed_from);
}

bool sim_drive_lies_in(const struct sim_drive *drive, int item, int folder)
{
    for (; item >= 0; item = drive->items[item].parent) {
        if (item == folder)
            return true;
    }
    return false;
}

/* Changes. */

/* The service keeps names, but takes those that differ in case for one. */
static bool is_taken(const struct sim_drive *drive, int parent, const char *name,
                     int but_by)
{
    for (int i = 1; i < (int)drive->count; i++) {
        const struct sim_item *item = &drive->items[i];
        if (i != but_by && !item->is_gone && item->parent == parent &&
            strcasecmp(item->name, name) == 0)
            return true;
    }
    return false;
}

int sim_drive_make(struct sim_drive *drive, int parent, const char *name, bool is_folder,
                   size_t size)
{
    if (drive->count == SIM_ITEMS || is_taken(drive, parent, name, -1))
        return -1;
    int item = (int)drive->count++;
    drive->items[item] = (struct sim_item){
        .parent = parent,
        .is_folder = is_folder,
        .mtime_ms = sim_wall_ms(drive->sim) - 5000,
    };
    (void)snprintf(drive->items[item].name, SIM_ITEM_NAME, "%s", name);
    if (!is_folder)
        drive->items[item].content = new_content(drive, size);
    told(drive, item);
    sim_trace(drive->sim, "drive: makes %d %.40s in %d", item, name, parent);
    return item;
}

void sim_drive_edit(struct sim_drive *drive, int item, size_t size)
{
    drive->items[item].content = new_content(drive, size);
    drive->items[item].mtime_ms = sim_wall_ms(drive->sim) - 5000;
    drive->items[item].fetches = 0;
    told(drive, item);
    sim_trace(drive->sim, "drive: edits %d, content %d", item, drive->items[item].content);
}

void sim_drive_touch(struct sim_drive *drive, int item)
{
    drive->items[item].mtime_ms += 60000;
    told(drive, item);
    sim_trace(drive->sim, "drive: touches %d", item);
}

bool sim_drive_move(struct sim_drive *drive, int item, int parent, const char *name)
{
    if (is_taken(drive, parent, name, item) || sim_drive_lies_in(drive, parent, item))
        return false;
    drive->items[item].parent = parent;
    (void)snprintf(drive->items[item].name, SIM_ITEM_NAME, "%s", name);
    told(drive, item);
    sim_trace(drive->sim, "drive: moves %d to %.40s in %d", item, name, parent);
    return true;
}

void sim_drive_swap(struct sim_drive *drive, int one, int other)
{
    struct sim_item *items = drive->items;
    char name[SIM_ITEM_NAME];
    int parent = items[one].parent;
    if (sim_drive_lies_in(drive, one, other) || sim_drive_lies_in(drive, other, one))
        return;
    memcpy(name, items[one].name, sizeof name);
    memcpy(items[one].name, items[other].name, sizeof name);
    memcpy(items[other].name, name, sizeof name);
    items[one].parent = items[other].parent;
    items[other].parent = parent;
    told(drive, one);
    told(drive, other);
    sim_trace(drive->sim, "drive: swaps %d and %d", one, other);
}

static void remove_item(struct sim_drive *drive, int item, bool is_told)
{
    for (size_t i = 1; i < drive->count; i++) {
        if (!drive->items[i].is_gone && drive->items[i].parent == item)
            remove_item(drive, (int)i, is_told && drive->tells_children);
    }
    drive->items[item].is_gone = true;
    told(drive, item);
    drive->items[item].is_silent = !is_told;
}

void sim_drive_delete(struct sim_drive *drive, int item)
{
    sim_trace(drive->sim, "drive: deletes %d", item);
    remove_item(drive, item, true);
}

/* By chance. What is drawn is drawn in a statement of its own: in which order the arguments
 * of a call are evaluated is the compiler's choice, and a seed is to mean the same to all.
 */

static int depth_of(const struct sim_drive *drive, int item)
{
    int depth = 0;
    for (; item > SIM_ROOT_ITEM; item = drive->items[item].parent)
        depth++;
    return depth;
}

static int some_item(struct sim_drive *drive, bool is_folder, bool with_root)
{
    for (unsigned i = 0; i < 20; i++) {
        int item = (int)sim_below(drive->sim, (unsigned)drive->count);
        if (!drive->items[item].is_gone && drive->items[item].is_folder == is_folder &&
            (item != SIM_ROOT_ITEM || with_root))
            return item;
    }
    return with_root ? SIM_ROOT_ITEM : -1;
}

static int some_folder(struct sim_drive *drive)
{
    int folder = some_item(drive, true, true);
    return depth_of(drive, folder) < MAX_DEPTH ? folder : SIM_ROOT_ITEM;
}

static int some_thing(struct sim_drive *drive)
{
    return some_item(drive, sim_below(drive->sim, 3) == 0, false);
}

/* Few, so that they clash. */
static const char *some_name(struct sim_drive *drive)
{
    static const char *const names[] = {
        "a", "b", "c.txt", "d.txt", "docs", "Docs", "more", "\303\204rger.odt", "e f"};
    return names[sim_below(drive->sim, sizeof names / sizeof *names)];
}

static size_t some_size(struct sim_drive *drive)
{
    unsigned kind = sim_below(drive->sim, 40);
    if (kind == 0)
        return LARGE + sim_below(drive->sim, 1000);
    return kind == 1 ? 0 : 10 + sim_below(drive->sim, 200);
}

static void make_some(struct sim_drive *drive)
{
    bool is_folder = sim_below(drive->sim, 3) == 0;
    int folder = some_folder(drive);
    const char *name = some_name(drive);
    (void)sim_drive_make(drive, folder, name, is_folder, some_size(drive));
}

/* Deleted, and made again under its name: the same kind or another (F-85, F-86). */
static void replace(struct sim_drive *drive, int item)
{
    struct sim_item old = drive->items[item];
    bool is_folder = sim_below(drive->sim, 2) == 0 ? old.is_folder : !old.is_folder;
    sim_drive_delete(drive, item);
    (void)sim_drive_make(drive, old.parent, old.name, is_folder, some_size(drive));
}

/* a -> b -> c -> a, over folders (F-83). */
static void rotate(struct sim_drive *drive, int item, int other)
{
    int third = some_thing(drive);
    sim_drive_swap(drive, item, other);
    if (third > 0 && third != item && third != other)
        sim_drive_swap(drive, item, third);
}

/* A child becomes the parent of its parent (F-84). */
static void turn_inside_out(struct sim_drive *drive, int item)
{
    int above = drive->items[item].parent;
    if (!drive->items[item].is_folder || above == SIM_ROOT_ITEM)
        return;
    if (sim_drive_move(drive, item, drive->items[above].parent, some_name(drive)))
        (void)sim_drive_move(drive, above, item, some_name(drive));
}

/* The same letters in another case (F-44). */
static void change_case(struct sim_drive *drive, int item)
{
    char name[SIM_ITEM_NAME];
    (void)snprintf(name, sizeof name, "%s", drive->items[item].name);
    name[0] = (char)(name[0] >= 'a' && name[0] <= 'z' ? name[0] - 'a' + 'A' : name[0]);
    (void)sim_drive_move(drive, item, drive->items[item].parent, name);
}

/* The feed loses a change until something else happens to the item: a deletion (F-82), or
 * a new folder, whose children it tells (F-74). */
static void lose(struct sim_drive *drive, int item)
{
    if (sim_below(drive->sim, 2) == 0) {
        remove_item(drive, item, false);
        sim_trace(drive->sim, "drive: deletes %d and does not tell", item);
        return;
    }
    int above = some_folder(drive);
    int folder = sim_drive_make(drive, above, some_name(drive), true, 0);
    if (folder < 0)
        return;
    drive->items[folder].is_silent = true;
    const char *name = some_name(drive);
    (void)sim_drive_make(drive, folder, name, false, some_size(drive));
    sim_trace(drive->sim, "drive: does not tell %d", folder);
}

static void change_much(struct sim_drive *drive, int item, int other)
{
    switch (sim_below(drive->sim, 4)) {
    case 0:
        rotate(drive, item, other);
        return;
    case 1:
        turn_inside_out(drive, item);
        return;
    case 2:
        change_case(drive, item);
        return;
    default:
        lose(drive, item);
        return;
    }
}

static void move_some(struct sim_drive *drive, int item)
{
    int folder = some_folder(drive);
    (void)sim_drive_move(drive, item, folder, some_name(drive));
}

void sim_drive_change(struct sim_drive *drive)
{
    int file = some_item(drive, false, false);
    int item = some_thing(drive);
    int other = some_thing(drive);
    unsigned kind = sim_below(drive->sim, 22);
    if (item < 0 || file < 0 || kind < 6)
        make_some(drive);
    else if (kind < 10)
        sim_drive_edit(drive, file, some_size(drive));
    else if (kind < 12)
        (void)sim_drive_move(drive, item, drive->items[item].parent, some_name(drive));
    else if (kind < 14)
        move_some(drive, item);
    else if (kind < 15)
        sim_drive_touch(drive, file);
    else if (kind < 16 && other > 0 && other != item)
        sim_drive_swap(drive, item, other);
    else if (kind < 17)
        replace(drive, item);
    else if (kind < 19)
        sim_drive_delete(drive, item);
    else if (kind < 21 && other > 0 && other != item)
        change_much(drive, item, other);
    else
        make_some(drive);
}
