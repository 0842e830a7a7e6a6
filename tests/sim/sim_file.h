/* The bytes of the database's files, in memory while they are open.
 *
 * SQLite reads and writes a page at a time, and a call to the system for each was half the
 * time of a run. All connections of the process share what is here; the last one that
 * closes a file writes it to its place, where it is found while nobody has it open.
 *
 * One thread. Whoever runs out of memory here ends the process. */
#ifndef TESTS_SIM_SIM_FILE_H
#define TESTS_SIM_SIM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_file;

/* Of a file that exists. Each call wants one sim_file_close(). */
struct sim_file *sim_file_open(const char *path);
void sim_file_close(struct sim_file *file);

/* Writes all to their places now: for who looks into the state of a failed run. */
void sim_file_save_all(void);

/* NULL: nobody has it open. Borrowed. */
const struct sim_file *sim_file_find(const char *path);

int64_t sim_file_size(const struct sim_file *file);
/* False: it ends before; what is missing is zeros. */
bool sim_file_read(const struct sim_file *file, void *out, size_t size, int64_t offset);
void sim_file_write(struct sim_file *file, const void *bytes, size_t size, int64_t offset);
/* Makes it shorter, never longer. */
void sim_file_truncate(struct sim_file *file, int64_t size);

#endif
