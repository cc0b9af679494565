#include "queue/tally.h"

#include <string.h>

#include "base/num.h"
#include "queue/queue_int.h"

struct tally_op {
    struct queue_op op;
    tally_fn cb;
    void *arg;
};

/* "lane:state", both as numbers. */
static void count(struct tally *t, const char *pair, int64_t n)
{
    const char *colon = pair != NULL ? strchr(pair, ':') : NULL;
    int64_t lane, state;

    if (colon != NULL && num_i64_n(pair, (size_t)(colon - pair), 0, LANE_N - 1, &lane) == 0 &&
        num_i64(colon + 1, 0, NOTICE_STATE_N - 1, &state) == 0)
        t->notices[lane][state] += (uint64_t)n;
}

static void on_tally(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct tally_op *o = (struct tally_op *)op;
    struct tally t;

    memset(&t, 0, sizeof(t));
    for (size_t i = 1; i + 1 < redis_value_count(v); i += 2)
        count(&t, redis_value_str(redis_value_at(v, i), NULL), queue_value_i64(v, i + 1, 0));
    o->cb(o->arg, r, r->status == QUEUE_OK ? &t : NULL);
}

void tally_read(struct queue *q, tally_fn cb, void *arg)
{
    struct tally_op *o = queue_op_new(q, sizeof(*o), on_tally);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_NOTICES, NULL);
    queue_op_script(&o->op, SCRIPT_TALLY);
}
