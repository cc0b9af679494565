/* The journal: emergencies taken over HTTP or the command line, on disk before anything else.
 *
 * Hides: the file STATE_DIR/journal-SLOT. A record is one line `N SHA256 JSON` (N bytes of JSON), appended and fsynced; a record is done when Redis has
 * confirmed it, and the file is emptied when all are. After a crash what is not done is submitted again: harmless, since a notice is accepted once per id. */
#ifndef DAEMON_JOURNAL_H
#define DAEMON_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct journal;

/* Opens or makes the file. A torn last record (power loss while it was written: nobody was told "accepted") is cut off and logged. */
struct journal *journal_open(const char *state_dir, int slot, struct err *e) MUSTCHECK;
void journal_close(struct journal *j); /* NULL is fine */
/* Append ${json} (one line, copied) and fsync. Its number (>= 1), or -1 with code "journal". */
int64_t journal_add(struct journal *j, const char *community, const char *json, size_t n,
                    struct err *e) MUSTCHECK;
/* Redis has it. */
void journal_done(struct journal *j, int64_t number);
size_t journal_n_open(const struct journal *j);
/* Every record that is not done yet, oldest first. The callback may call journal_done. */
void journal_each(struct journal *j,
                  void (*each)(void *arg, int64_t number, const char *community, const char *json, size_t n),
                  void *arg);

#endif
