/* Inside stager*.c only: the flow (stager.c), where people come from (stager_source.c), who is registered where (stager_rolls.c). */
#ifndef DAEMON_STAGER_INT_H
#define DAEMON_STAGER_INT_H

#include <uthash.h>

#include "base/buf.h"
#include "daemon/stager.h"

enum {
    STAGER_CHUNK = 100,      /* names of a list asked for at once; at most one line each */
    STAGER_PAGE = 800,       /* lines: then a page is stored; + one chunk <= 1,000 */
    STAGER_PAGE_FIRST = 100, /* sending begins with the first slice */
    STAGER_LINE_MAX = 1200,
    STAGER_ROLLS = 2, /* the activity of the selector and the one of its `not` */
    STAGER_AGAIN_MS = 300
};

struct stager_member {
    char phone[ROSTER_WHO_MAX], name[96];
    enum reg_status status;
    UT_hash_handle hh;
};
struct stager_roll {
    char code[ACTIVITY_CODE_MAX + 1];
    struct stager_member *members;
};

enum stager_phone { STAGER_PHONE_NOBODY = 0, STAGER_PHONE_KNOWN, STAGER_PHONE_ADDED };
enum stager_kind { STAGER_WALK, STAGER_PHONES, STAGER_RESIDENTS, STAGER_TOLD };

struct stager {
    struct stager_opts o;
    struct queue_stage_job job; /* id, cursor (stored last), lane */
    struct notice *notice;      /* NULL when only counting */
    const struct audience *audience;
    enum stager_kind kind;
    const char *const *channels;
    size_t n_channels;
    struct stager_roll rolls[STAGER_ROLLS];
    size_t n_rolls, n_rolls_loaded, n_superseded;
    const char **phones; /* STAGER_PHONES: all of them, borrowed from audience or roll */
    size_t n_phones;

    uint64_t at; /* where reading is: resident id, place in the list, index in the other notice */
    bool reading, putting, eof, put_any, begun;
    uint64_t chunk_at; /* STAGER_PHONES: first phone of the chunk under way */
    size_t chunk_n;
    uint8_t chunk[STAGER_CHUNK]; /* enum stager_phone of each */
    size_t told_n;
    struct buf pages[2]; /* one is filled, the other one on its way */
    size_t n_lines[2], filling;
    char put_cursor[64];
    bool put_last, put_waits /* for the timer: nothing of it is under way */, wants_area;
    bool put_unsure;    /* the answer of the last put was lost: it may have been carried out */
    char *asked_lines;  /* a copy of the page on its way, cut up */
    const char **asked; /* the phones in it */
    size_t n_asked, asked_at;
    struct stager_counts counts;
    size_t mark_len, mark_lines; /* the page and the counts before the chunk under way */
    struct stager_counts mark_counts;
    bool ended, lost; /* how it ends, once nothing is under way */
    enum queue_status end_status;
    struct err end_why;
    struct loop_task step;
    struct loop_timer *again;
    stager_page_fn on_page;
    stager_done_fn cb;
    void *arg;
    int64_t began_us;
};

/* It is over, as ${r} says; goes as soon as neither a page nor a reading is under way. ${s} may be gone afterwards. */
void stager_over(struct stager *s, const struct queue_result *r, bool lost);

/* stager_source.c: read one more chunk; stager_read_over or stager_read_failed follows, later. */
void stager_source_init(struct stager *s);
void stager_source_read(struct stager *s);
void stager_read_over(struct stager *s, bool eof);
void stager_read_failed(struct stager *s, const struct queue_result *r);
/* One person: left out, or a line. ${first}: the number that was named, to be tried first; NULL = the person's own order. */
void stager_add(struct stager *s, const struct resident *r, const char *first);
void stager_add_line(struct stager *s, const char *line, size_t n);

/* stager_ask.c: stager_asked or stager_put_again follows, later or at once. */
bool stager_asks(const struct stager *s);
void stager_ask(struct stager *s, const struct buf *page);
void stager_ask_fini(struct stager *s);
void stager_asked(struct stager *s);
void stager_put_again(struct stager *s);

/* stager_rolls.c */
void stager_rolls_init(struct stager *s);
void stager_rolls_fini(struct stager *s);
void stager_rolls_load(struct stager *s); /* the next one; stager_roll_over or stager_read_failed follows */
void stager_roll_over(struct stager *s);
/* For audience_matches. */
void stager_on_refused(void *arg, const struct queue_result *r);
bool stager_in_activity(void *arg, const char *activity, const struct audience *which,
                        const struct resident *r);
const struct stager_member *stager_member(const struct stager *s, size_t roll, const char *phone);

#endif
