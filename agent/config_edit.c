/* Adding, changing and removing a [mirror NAME] section in the text of the file. What is
 * not part of the section, and every comment, stays byte for byte. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "agent/config.h"
#include "agent/config_read.h"
#include "agent/log.h"
#include "agent/scope.h"
#include "agent/small_file.h"
#include "protocol/bytes.h"

/* The file while it is being changed; held against a second `agent add` by a lock on its
 * folder. */
struct edit {
    int lock;
    char *old;
    size_t old_size;
    struct bytes text; /* the new content */
};

static void edit_end(struct edit *edit)
{
    scope_close(&edit->lock);
    free(edit->old);
    bytes_clear(&edit->text);
}

/* edit_end() is right in any case, also before it. */
static enum failure_kind edit_begin(struct edit *edit, const char *path,
                                    struct failure *failure)
{
    bytes_init(&edit->text, SMALL_FILE_MAX);
    const char *slash = strrchr(path, '/');
    SCOPED(scope_free)
    char *folder = slash == NULL ? NULL : strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL || small_file_make_folders(folder) != 0)
        return failure_set(failure, FAILURE_RESOURCE, 14,
                           "cannot make the folder of %s: %s", path, strerror(errno));
    edit->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (edit->lock < 0 || flock(edit->lock, LOCK_EX) != 0)
        return failure_set(failure, FAILURE_RESOURCE, 14,
                           "cannot lock the folder of %s: %s", path, strerror(errno));
    return small_file_read(path, &edit->old, &edit->old_size, failure);
}

static enum failure_kind edit_commit(struct edit *edit, const char *path,
                                     struct failure *failure)
{
    return small_file_replace(path, bytes_front(&edit->text), bytes_count(&edit->text),
                              0600, failure);
}

/* A walk that finds out whether a section reads back as it was meant. */
struct proof {
    const char *section;
    const struct config_addition *addition;
    bool inside;
    bool has_folder;
    bool has_drive;
    bool has_only;
};

static bool has_only(const struct config_addition *addition)
{
    return addition->only != NULL && addition->only[0] != '\0';
}

static void prove_section(void *user, const char *section, int line)
{
    (void)line;
    struct proof *proof = user;
    proof->inside = strcmp(section, proof->section) == 0;
}

static void prove_value(void *user, const char *key, const char *value, int line)
{
    (void)line;
    struct proof *proof = user;
    if (!proof->inside)
        return;
    if (strcmp(key, "folder") == 0)
        proof->has_folder = strcmp(value, proof->addition->folder) == 0;
    if (strcmp(key, "drive") == 0 && proof->addition->drive != NULL)
        proof->has_drive = strcmp(value, proof->addition->drive) == 0;
    if (strcmp(key, "folders") == 0 && has_only(proof->addition))
        proof->has_only = strcmp(value, proof->addition->only) == 0;
}

static void prove_fault(void *user, int line, const char *text)
{
    (void)user;
    (void)line;
    (void)text;
}

/* Some texts cannot stand in an INI file: " ;" begins a comment, a line has a limit. No
 * drive: whatever it is. */
static bool reads_back(const struct edit *edit, const struct config_addition *addition)
{
    static const struct config_events events = {prove_section, prove_value, prove_fault};
    char section[CONFIG_MAX_SECTION + 1];
    int length = snprintf(section, sizeof section, "mirror %s", addition->name);
    if (length < 0 || (size_t)length >= sizeof section)
        return false;
    struct proof proof = {
        .section = section,
        .addition = addition,
        .has_drive = addition->drive == NULL,
        .has_only = !has_only(addition),
    };
    config_read((const char *)bytes_front(&edit->text), bytes_count(&edit->text), &events,
                &proof);
    return proof.has_folder && proof.has_drive && proof.has_only;
}

static enum failure_kind refuse(const char *folder, struct failure *failure)
{
    char shown[256];
    return failure_set(failure, FAILURE_CONFIG, 159,
                       "cannot be written in a configuration file: %s: choose a shorter "
                       "name without \" ;\" and control characters",
                       log_escape(folder, shown, sizeof shown));
}

static bool append_section(struct edit *edit, const struct config_addition *addition)
{
    bool ends = edit->old_size == 0 || edit->old[edit->old_size - 1] == '\n';
    bool fits =
        edit->old_size == 0 || (bytes_append(&edit->text, edit->old, edit->old_size) &&
                                bytes_append_text(&edit->text, ends ? "\n" : "\n\n"));
    return fits &&
           bytes_append_format(&edit->text, "[mirror %s]\nfolder = %s\ndrive = %s\n",
                               addition->name, addition->folder, addition->drive) &&
           (!has_only(addition) ||
            bytes_append_format(&edit->text, "folders = %s\n", addition->only));
}

enum failure_kind config_add_mirror(const char *path,
                                    const struct config_addition *addition,
                                    struct failure *failure)
{
    SCOPED(edit_end) struct edit edit = {.lock = -1};
    enum failure_kind kind = edit_begin(&edit, path, failure);
    if (kind != FAILURE_NONE)
        return kind;
    if (!append_section(&edit, addition))
        return failure_set(failure, FAILURE_RESOURCE, 0, "%s grows beyond 1 MiB", path);
    if (!reads_back(&edit, addition))
        return refuse(addition->folder, failure);
    return edit_commit(&edit, path, failure);
}

/* A line of the text with its end. */
struct line {
    const char *text;
    size_t size;    /* with the newline */
    size_t content; /* without it */
};

static bool next_line(const char **at, const char *end, struct line *out)
{
    if (*at == end)
        return false;
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    out->text = *at;
    out->size = (size_t)((newline == NULL ? end : newline + 1) - *at);
    out->content = newline == NULL ? out->size : out->size - 1;
    *at += out->size;
    return true;
}

/* Whether a section line heads the mirror `name`. */
static bool heads(const struct line *line, const char *name)
{
    char section[CONFIG_MAX_SECTION + 1];
    if (config_section_name(line->text, line->content, section) != NULL)
        return false;
    size_t blanks = strncmp(section, "mirror ", 7) == 0 ? strspn(section + 6, " ") : 0;
    return blanks > 0 && strcmp(section + 6 + blanks, name) == 0;
}

/* Takes the empty line away that a removed section leaves doubled or at the end. */
static void drop_empty_line(struct bytes *text, const char *rest, const char *end)
{
    const uint8_t *front = bytes_front(text);
    size_t size = bytes_count(text);
    bool before = size >= 2 && front[size - 1] == '\n' && front[size - 2] == '\n';
    if (before && (rest == end || *rest == '\n'))
        text->size--;
}

/* Copies the text without the section of `name`, but with the comments in it. */
static bool copy_without(struct edit *edit, const char *name, bool *out_found)
{
    const char *at = edit->old;
    const char *end = at + edit->old_size;
    bool inside = false;
    bool emptied = false; /* nothing of the section is kept so far */
    struct line line;
    while (next_line(&at, end, &line)) {
        enum config_line kind = config_line_kind(line.text, line.content);
        bool indented = line.text[0] == ' ' || line.text[0] == '\t';
        bool continues = inside && indented && kind != CONFIG_LINE_COMMENT;
        if (kind == CONFIG_LINE_SECTION && !continues) {
            inside = heads(&line, name);
            emptied = emptied || inside;
            *out_found = *out_found || inside;
            if (inside)
                continue;
        }
        if (inside && (kind == CONFIG_LINE_VALUE || kind == CONFIG_LINE_SECTION))
            continue;
        if (emptied) {
            drop_empty_line(&edit->text, line.text, end);
            emptied = false;
        }
        if (!bytes_append(&edit->text, line.text, line.size))
            return false;
    }
    if (emptied)
        drop_empty_line(&edit->text, end, end);
    return true;
}

enum failure_kind config_remove_mirror(const char *path, const char *name,
                                       struct failure *failure)
{
    SCOPED(edit_end) struct edit edit = {.lock = -1};
    enum failure_kind kind = edit_begin(&edit, path, failure);
    if (kind != FAILURE_NONE)
        return kind;
    bool found = false;
    if (edit.old != NULL && !copy_without(&edit, name, &found))
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    if (!found)
        return failure_set(failure, FAILURE_CONFIG, 0, "no mirror named %s in %s", name,
                           path);
    return edit_commit(&edit, path, failure);
}

static bool is_folder_line(const struct line *line)
{
    size_t blanks = strspn(line->text, " \t");
    const char *key = line->text + blanks;
    static const char folder[] = "folder";
    size_t size = sizeof folder - 1;
    return line->content > blanks + size && strncmp(key, folder, size) == 0 &&
           key[size + strspn(key + size, " \t")] == '=';
}

/* Copies the text with another folder in the section of `name`. */
static bool copy_moved(struct edit *edit, const char *name, const char *folder,
                       bool *out_found)
{
    const char *at = edit->old;
    const char *end = at + edit->old_size;
    bool inside = false;
    struct line line;
    while (next_line(&at, end, &line)) {
        enum config_line kind = config_line_kind(line.text, line.content);
        if (kind == CONFIG_LINE_SECTION)
            inside = heads(&line, name);
        bool is_it = inside && kind == CONFIG_LINE_VALUE && is_folder_line(&line);
        bool fits = is_it ? bytes_append_format(&edit->text, "folder = %s\n", folder)
                          : bytes_append(&edit->text, line.text, line.size);
        if (!fits)
            return false;
        *out_found = *out_found || is_it;
    }
    return true;
}

enum failure_kind config_move_mirror(const char *path, const char *name, const char *folder,
                                     struct failure *failure)
{
    SCOPED(edit_end) struct edit edit = {.lock = -1};
    enum failure_kind kind = edit_begin(&edit, path, failure);
    if (kind != FAILURE_NONE)
        return kind;
    bool found = false;
    if (edit.old != NULL && !copy_moved(&edit, name, folder, &found))
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    if (!found)
        return failure_set(failure, FAILURE_CONFIG, 0, "no mirror named %s in %s", name,
                           path);
    const struct config_addition moved = {.name = name, .folder = folder};
    if (!reads_back(&edit, &moved))
        return refuse(folder, failure);
    return edit_commit(&edit, path, failure);
}
