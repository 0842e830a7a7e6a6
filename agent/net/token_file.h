/* tokens.json in the state folder: 0600 from the start, replaced in one step (F-08, F-116,
 * F-117). Holds one text; the caller wipes what it gets.
 */
#ifndef AGENT_NET_TOKEN_FILE_H
#define AGENT_NET_TOKEN_FILE_H

#include "agent/failure.h"
#include "protocol/bytes.h"

/* Appends the file's text to `out`; nothing where there is no file. A file that others
 * may read is closed to them. */
enum failure_kind token_file_load(const char *folder, struct bytes *out,
                                  struct failure *failure);

/* Durable on return; on failure the old file is as it was. Makes the folder (0700). */
enum failure_kind token_file_save(const char *folder, const struct bytes *text,
                                  struct failure *failure);

/* No file is no error. */
enum failure_kind token_file_forget(const char *folder, struct failure *failure);

#endif
