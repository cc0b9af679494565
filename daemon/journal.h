/* The journal: alerts taken over HTTP or the command line, on disk before anything else, and kept there until they are over.
 *
 * Hides: the file STATE_DIR/journal-SLOT. A record is one line, appended and fsynced; it is struck out when its notice is done, cancelled or expired, and
 * what is struck out is dropped from the file now and then. Until then Redis may lose it: whatever it lost is submitted again, harmless when it
 * did not, since a notice is accepted once per id. After a start nothing counts as confirmed. */
#ifndef DAEMON_JOURNAL_H
#define DAEMON_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct journal;
struct journal_record {
    int64_t number; /* never used again in this process */
    const char *community, *id, *json;
    size_t n;
    int64_t not_after; /* 0 = the record does not say */
    bool confirmed;    /* Redis had it */
    bool lost;         /* ... and has it no more */
};

/* Opens or makes the file. A torn last record (power loss while it was written: nobody was told "accepted") is cut off and logged. */
struct journal *journal_open(const char *state_dir, int slot, struct err *e) MUSTCHECK;
void journal_close(struct journal *j); /* NULL is fine */
/* Append ${json} (one line, copied) and fsync. Its number (>= 1), or -1 with code "journal": then nothing of it stays in the file. */
int64_t journal_add(struct journal *j, const char *community, const char *json, size_t n,
                    struct err *e) MUSTCHECK;
/* Redis has it: not said again, but kept. Unknown numbers are ignored, here and below. */
void journal_confirmed(struct journal *j, int64_t number);
/* Over, or never to be said: struck out. */
void journal_done(struct journal *j, int64_t number);
/* The notice was cancelled: struck out, and on disk when this returns. */
void journal_cancelled(struct journal *j, const char *community, const char *id);
/* Redis has it no more. */
void journal_lost(struct journal *j, int64_t number);
/* Is there another record of this notice than ${number}? */
bool journal_has_other(const struct journal *j, int64_t number, const char *community, const char *id);
size_t journal_n_open(const struct journal *j);
/* Every record that is not struck out, oldest first. The callback may call any function of above but add. */
void journal_each(struct journal *j, void (*each)(void *arg, const struct journal_record *r), void *arg);
/* Could a record be written now? -1 with code "journal" and why not. Reserves the space for the next ones where the file system can. */
int journal_probe(struct journal *j, struct err *e) MUSTCHECK;

#endif
