/* Inside hooks*.c only. */
#ifndef DAEMON_HOOKS_INT_H
#define DAEMON_HOOKS_INT_H

#include "base/list.h"
#include "daemon/hooks.h"

#define HOOKS_FIRST_MAX 200 /* bytes of the sentence about the first bad item */

struct hooks {
    struct hooks_opts o;
    TAILQ_HEAD(, hooks_call) calls;
};

struct hooks_reply {
    char id[128], from[PROVIDER_ADDRESS_MAX];
    char *text;
    size_t text_len;
    int64_t sent_at;
    enum provider_event event;
};

/* An item that is no reply: kept for staff. */
struct hooks_bad {
    char reason[40], message[400];
    char *entry;
    size_t entry_len;
};

struct hooks_receipt {
    struct hooks_call *c;
    char notice[NOTICE_ID_MAX + 1];
    enum recipient_state state;
    LIST_ENTRY(hooks_receipt) entry;
};

/* One request; lives until it was answered and nothing of it is under way. */
struct hooks_call {
    struct hooks *h;
    hooks_done_fn cb; /* NULL once answered or cancelled */
    void *arg;
    size_t n_under_way, n_items;
    uint64_t n_new;
    bool failed; /* something is not in Redis */
    int status;  /* decided at once (bad body), 0 = by what Redis says */
    struct buf refusal;
    struct provider_ack ack;
    struct loop_task task;
    struct loop_timer *deadline;
    struct hooks_reply *replies; /* while the body is read */
    size_t n_replies;
    struct hooks_bad *bad; /* while the body is read; replies only */
    size_t n_kept, n_bad;
    char first[HOOKS_FIRST_MAX];         /* what is wrong with the first bad item */
    LIST_HEAD(, hooks_receipt) receipts; /* under way */
    TAILQ_ENTRY(hooks_call) entry;
};

/* One thing that was under way is over; the last one answers. */
void hooks_one_done(struct hooks_call *c);
/* For the driver: collects what it finds. */
extern const struct provider_sink hooks_sink;
/* Store what was collected; receipts are under way already. */
void hooks_store(struct hooks_call *c);
void hooks_items_free(struct hooks_call *c);

#endif
