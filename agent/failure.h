/* What went wrong, once, at the point where the facts are known.
 *
 * `kind` is the class of failure-model 4 and says what to do next; `number` is the F-xx
 * that explains it (0: none); `text` says what failed, on what, why and what to do, in one
 * line without a final stop and without secrets. Nobody branches on text or number.
 */
#ifndef AGENT_FAILURE_H
#define AGENT_FAILURE_H

#include <stdint.h>

enum failure_kind {
    FAILURE_NONE,
    FAILURE_TRANSIENT, /* network, 429, 5xx, busy: wait and try again */
    FAILURE_ITEM,      /* one item cannot be done: hold it, go on */
    FAILURE_RESOURCE,  /* disk full, no memory: pause the affected work */
    FAILURE_SIGN_IN,   /* a person must sign in */
    FAILURE_GUARD,     /* a person's word is wanted */
    FAILURE_CONFIG,    /* refuse to start, or keep the old configuration */
    FAILURE_PROTOCOL,  /* the server speaks nonsense, TLS not verified */
    FAILURE_INTERNAL,  /* an invariant failed: stop without another write */
    FAILURE_USAGE,     /* the command line */
    FAILURE_HELD,      /* another agent holds this state or this folder */
    FAILURE_CANCELLED, /* we ended it ourselves: never shown */
};

struct failure {
    enum failure_kind kind;
    int number;              /* F-xx, 0 none */
    uint64_t retry_after_ms; /* a wait that the service asked for, 0 none */
    char text[512];
};

/* Fills `*out` (may be NULL) with a formatted text in the language of the person (words.h),
 * cut at a character where it is too long; answers `kind`, for `return`. */
enum failure_kind failure_set(struct failure *out, enum failure_kind kind, int number,
                              const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The exit code of product.md for one class; 0 for NONE and CANCELLED, 6 for ITEM. */
int failure_exit_code(enum failure_kind kind);

/* Which of two exit codes wins when both apply: the first of 1, 3, 4, 8, 7, 5, 6 (2 is
 * never combined). */
int failure_stronger_code(int one, int other);

/* One word for JSON and logs: "transient", "item", … */
const char *failure_kind_text(enum failure_kind kind);

#endif
