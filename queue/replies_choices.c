/* What people chose: answers to a notice with ask.choices. */
#include "queue/queue_int.h"
#include "queue/replies.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define PART 500

struct choices_op {
    struct queue_op op;
    char *notice;
    void (*each)(void *arg, const struct replies_choice *c);
    void (*cb)(void *arg, const struct queue_result *r, const struct replies_choices *c);
    void *arg;
};

static void choices_fini(struct queue_op *op)
{
    free(((struct choices_op *)op)->notice);
}

static void next_part(struct choices_op *o, const char *cursor)
{
    char at[32];
    size_t n = strlen(cursor) < sizeof(at) ? strlen(cursor) : 0;

    memcpy(at, cursor, n); /* it lies in the answer that is let go */
    at[n] = '\0';
    queue_op_reset(&o->op);
    queue_op_key(&o->op, KEY_NOTICE, o->notice);
    queue_op_key(&o->op, KEY_NOTICE_ANS, o->notice);
    queue_op_str(&o->op, at);
    queue_op_i64(&o->op, PART);
    queue_op_script(&o->op, SCRIPT_REPLY_ANSWERS);
}

/* "CHOICE AT NAME". */
static void tell(struct choices_op *o, const char *who, const char *what)
{
    struct replies_choice c = {.who = who};
    size_t n = strcspn(what, " ");
    const char *at = what + n + (what[n] == ' ');
    size_t m = strcspn(at, " ");
    int64_t choice;

    if (num_i64_n(what, n, 1, 99, &choice) != 0 || num_i64_n(at, m, 0, INT64_MAX, &c.at) != 0)
        return;
    c.choice = (unsigned)choice;
    c.name = at + m + (at[m] == ' ');
    o->each(o->arg, &c);
}

static void on_part(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct choices_op *o = (struct choices_op *)op;
    const struct redis_value *list = redis_value_at(v, 4);
    const char *cursor = redis_value_str(redis_value_at(v, 3), NULL);
    struct replies_choices c = {.choices = redis_value_str(redis_value_at(v, 1), NULL),
                                .until = queue_value_i64(v, 2, 0)};

    if (r->status != QUEUE_OK) {
        c.choices = NULL;
        o->cb(o->arg, r, &c);
        return;
    }
    for (size_t i = 0; i + 1 < redis_value_count(list); i += 2) {
        const char *who = redis_value_str(redis_value_at(list, i), NULL),
                   *what = redis_value_str(redis_value_at(list, i + 1), NULL);
        if (who != NULL && what != NULL)
            tell(o, who, what);
    }
    if (cursor != NULL && strcmp(cursor, "0") != 0)
        next_part(o, cursor);
    else
        o->cb(o->arg, r, &c);
}

void replies_choices(struct queue *q, const char *notice,
                     void (*each)(void *arg, const struct replies_choice *c),
                     void (*cb)(void *arg, const struct queue_result *r, const struct replies_choices *c),
                     void *arg)
{
    struct choices_op *o = queue_op_new(q, sizeof(*o), on_part);

    o->op.fini = choices_fini;
    o->notice = xstrdup(notice);
    o->each = each;
    o->cb = cb;
    o->arg = arg;
    next_part(o, "0");
}
