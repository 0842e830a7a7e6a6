/* Names: what the drive may call an item here, and what we call things ourselves. Pure. */
#ifndef AGENT_PLACE_NAME_H
#define AGENT_PLACE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAME_MAX_BYTES = 255 };

#define NAME_WORKING_FOLDER ".drive-agent"

/* The F-number why a name from the drive cannot stand here (F-38 empty, dots, slash, NUL;
 * F-39 the working folder in any letter case, in the root only if `in_root`; F-40 not
 * UTF-8; F-41 over 255 bytes), or 0. Never repaired, never shortened. */
int name_flaw(const char *name, bool in_root);

/* "NAME (conflict YYYY-MM-DD HHMMSS HOST).EXT", the number added from 2 on: NAME is cut at
 * a character border where the whole would exceed 255 bytes. Time is local. */
void name_conflict(char out[NAME_MAX_BYTES + 1], const char *name, int64_t wall_ms,
                   const char *host, unsigned number);

/* Names in the working folder, made and recognised here only. */
enum name_work {
    NAME_WORK_FOREIGN,
    NAME_WORK_PARTIAL,   /* "KEY.part": a download, complete or not */
    NAME_WORK_STAGE,     /* "KEY.stage": an object between two places */
    NAME_WORK_DISPLACED, /* "KEY.INODE.out": what a new version took the place of. The
                            exchange that puts it there is one step, so the name says which
                            inode is the new version: any other one may be a person's */
    NAME_WORK_REMOVED,   /* "KEY.INODE.gone": on its way out, INODE is its own */
};
/* For PARTIAL and STAGE. */
void name_work_format(char out[NAME_MAX_BYTES + 1], enum name_work kind, int64_t key);
/* For DISPLACED and REMOVED. */
void name_work_format_inode(char out[NAME_MAX_BYTES + 1], enum name_work kind, int64_t key,
                            uint64_t inode);
/* Outputs are written unless FOREIGN; `out_inode` may be NULL and is 0 where the name
 * carries none. */
enum name_work name_work_parse(const char *name, int64_t *out_key, uint64_t *out_inode);

#endif
