/* Inside the journal only: what reading (journal.c) and writing (journal_write.c) share. */
#ifndef DAEMON_JOURNAL_INT_H
#define DAEMON_JOURNAL_INT_H

#include "base/list.h"
#include "daemon/journal.h"

/* One record:  V1 <length of body> <sha256 of body, hex> <body> LF      body = community TAB json
 * One mark:    D1 <place> LF                                             the record in that place (counted from 1 in this file) is struck out */
#define JOURNAL_RECORD_MAX (70u << 10)
#define JOURNAL_FILE_MAX   (64u << 20)
#define JOURNAL_HASH_HEX   64

struct record {
    struct journal_record r; /* its strings belong to this */
    char *community, *id, *json;
    int64_t place; /* in the file */
    size_t bytes;
    TAILQ_ENTRY(record) entry;
};

struct journal {
    int fd;
    char *path;
    int64_t n_places; /* records in the file */
    int64_t last_number;
    size_t n_open, size, live; /* bytes in the file, and those of records that are not struck out */
    bool failing;              /* the last write did not succeed */
    bool torn;                 /* ... and what it left behind could not be cut off: nothing may follow it */
    bool unnamed; /* the file's name may not be on disk yet: nothing that is added is safe before */
    TAILQ_HEAD(records, record) open;
};

void journal_sha256_hex(const char *p, size_t n, char out[JOURNAL_HASH_HEX + 1]);
/* ${body} is the next record of the file, ${bytes} long in it. */
struct record *journal_remember(struct journal *j, const char *body, size_t n, size_t bytes);
void journal_forget(struct journal *j, struct record *r);
struct record *journal_find(const struct journal *j, int64_t number);
/* The file's name is on disk when this returns 0; otherwise errno says why not. */
int journal_sync_name(struct journal *j);

#endif
