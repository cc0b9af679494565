#include "queue/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "queue/queue_int.h"
#include "queue/roster_int.h"

#define ROUNDS 6

/* look ──▶ each registration ──▶ look again, until there is none to move: then that look was the merge */
struct merge_op {
    struct queue_op op;
    merge_fn cb;
    void *arg;
    uint64_t into, from;
    bool one_seat, dry;
    struct merge_report report;
    struct merge_move *moves; /* all that were made */
    char (*who)[96];          /* addresses of the last look, one per move of it */
    char first[PHONE_MAX];
    size_t n_moves, at, n_now;
    uint32_t round;
};

static const char *const FATES[MERGE_FATE_N] = {[MERGE_MOVES] = "moves",
                                                [MERGE_STAYS] = "stays",
                                                [MERGE_GOES] = "goes",
                                                [MERGE_GIVEN_UP] = "given-up",
                                                [MERGE_INSTEAD] = "instead"};

const char *merge_fate_name(enum merge_fate f)
{
    return FATES[f];
}

static void merge_fini(struct queue_op *op)
{
    struct merge_op *o = (struct merge_op *)op;

    free(o->moves);
    free(o->who);
}

static void answer(struct merge_op *o, const struct queue_result *r)
{
    o->report.moves = o->moves;
    o->report.n_moves = o->n_moves;
    o->cb(o->arg, r, &o->report);
}

static void look(struct merge_op *o);
static void next_move(struct merge_op *o);

static void on_moved(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct merge_op *o = (struct merge_op *)op;

    if (r->status != QUEUE_OK) {
        answer(o, r);
        return;
    }
    o->report.n_promoted += redis_value_count(v) > 9 ? (uint32_t)(redis_value_count(v) - 9) / 4 : 0;
    o->at++;
    next_move(o);
}

static void next_move(struct merge_op *o)
{
    const char *code, *who;

    if (o->at == o->n_now) {
        look(o);
        return;
    }
    code = o->moves[o->n_moves - o->n_now + o->at].code;
    who = o->who[o->at];
    queue_op_reset(&o->op);
    o->op.on_answer = on_moved;
    roster_register_keys(&o->op, code, who);
    queue_op_str(&o->op, "merge");
    queue_op_str(&o->op, "");
    queue_op_str(&o->op, who);
    queue_op_str(&o->op, o->report.resident.name);
    queue_op_i64(&o->op, (int64_t)o->report.resident.id);
    queue_op_i64(&o->op, 0);
    queue_op_i64(&o->op, 100);
    queue_op_str(&o->op, code);
    queue_op_str(&o->op, o->first);
    queue_op_str(&o->op, o->one_seat ? "1" : "0");
    queue_op_script(&o->op, SCRIPT_REGISTER);
}

static enum merge_fate fate_of(const char *s)
{
    enum merge_fate f = MERGE_MOVES;

    while (f < MERGE_FATE_N - 1 && strcmp(FATES[f], s) != 0)
        f++;
    return f;
}

/* What the look says there is to move, behind what was moved before. */
static void take_moves(struct merge_op *o, const struct redis_value *list)
{
    size_t n = redis_value_count(list) / 3;

    o->moves = xrealloc(o->moves, (o->n_moves + n + 1) * sizeof(*o->moves));
    o->who = xrealloc(o->who, (n + 1) * sizeof(*o->who));
    for (size_t i = 0; i < n; i++) {
        struct merge_move *m = &o->moves[o->n_moves + i];
        char fate[16];

        if (!queue_value_copy(redis_value_at(list, 3 * i), m->code, sizeof(m->code)) ||
            !queue_value_copy(redis_value_at(list, 3 * i + 1), o->who[i], sizeof(o->who[i])) ||
            !queue_value_copy(redis_value_at(list, 3 * i + 2), fate, sizeof(fate)))
            panic("people_merge: a registration that does not fit");
        m->fate = fate_of(fate);
    }
    o->n_moves += n;
    o->n_now = n;
    o->at = 0;
}

static void take_resident(struct merge_op *o, const struct redis_value *v)
{
    struct resident *r = &o->report.resident;
    size_t n = 0;
    const char *line = redis_value_str(redis_value_at(v, 3), &n);

    if (line == NULL || resident_parse(line, n, r) < 0)
        memset(r, 0, sizeof(*r));
    r->id = (uint64_t)queue_value_i64(v, 2, 0);
    memcpy(o->first, r->phones[0], sizeof(o->first));
}

static void on_look(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct merge_op *o = (struct merge_op *)op;
    char what[16] = "";

    if (r->status != QUEUE_OK) {
        answer(o, r);
        return;
    }
    queue_value_copy(redis_value_at(v, 1), what, sizeof(what));
    o->report.already = strcmp(what, "already") == 0 && o->n_moves == 0;
    take_resident(o, v);
    take_moves(o, redis_value_at(v, 4));
    if (strcmp(what, "moves") != 0) {
        answer(o, r);
        return;
    }
    if (o->round++ == ROUNDS) {
        struct err e = {.code = ""};
        err_set(&e, "busy", NULL, "they register faster than that is merged: ask again");
        answer(o, &(struct queue_result){.status = QUEUE_REFUSED, .e = &e});
        return;
    }
    next_move(o);
}

static void look(struct merge_op *o)
{
    queue_op_reset(&o->op);
    o->op.on_answer = on_look;
    queue_op_key(&o->op, KEY_PEOPLE, NULL);
    queue_op_key(&o->op, KEY_ACTIVITIES, NULL);
    queue_op_key(&o->op, KEY_MERGED, NULL);
    queue_op_key(&o->op, KEY_FORMER, NULL);
    queue_op_key(&o->op, KEY_ERASING, NULL);
    queue_op_i64(&o->op, (int64_t)o->into);
    queue_op_i64(&o->op, (int64_t)o->from);
    queue_op_str(&o->op, o->one_seat ? "1" : "0");
    queue_op_str(&o->op, o->dry ? "1" : "0");
    queue_op_script(&o->op, SCRIPT_PEOPLE_MERGE);
}

void merge_run(struct queue *q, uint64_t into, uint64_t from, bool one_seat, bool dry, merge_fn cb, void *arg)
{
    struct merge_op *o = queue_op_new(q, sizeof(*o), on_look);

    o->op.fini = merge_fini;
    o->cb = cb;
    o->arg = arg;
    o->into = into;
    o->from = from;
    o->one_seat = one_seat;
    o->dry = dry;
    look(o);
}
