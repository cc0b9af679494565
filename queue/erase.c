/* Forgetting a person: step by step, each of which may be repeated. */
#include "queue/erase.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "queue/people.h"
#include "queue/queue_int.h"
#include "queue/roster_int.h"

#define ROUNDS      6
#define SCAN_COUNT  "200"
#define CURSOR_MAX  48
#define SECRET_SIZE 32

/* begin ──▶ each registration ──▶ every key ──▶ the resident ──▶ begin again, until a look at every key found nothing ──▶ end */
struct erase_op {
    struct queue_op op;
    erase_fn cb;
    void *arg;
    uint64_t id;
    struct erase_report report;
    char **mine, **regs, **keys;
    size_t n_mine, n_regs, at_reg, n_keys, at_key;
    char scan[CURSOR_MAX], page[CURSOR_MAX];
    uint64_t found; /* in this look */
    uint32_t round;
    bool unlisted;
};

static void free_list(char ***list, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        free((*list)[i]);
    free(*list);
    *list = NULL;
    *n = 0;
}

static void take_list(char ***list, size_t *n, const struct redis_value *v)
{
    free_list(list, n);
    *list = xcalloc(redis_value_count(v) + 1, sizeof(char *));
    for (size_t i = 0; i < redis_value_count(v); i++) {
        size_t len = 0;
        const char *s = redis_value_str(redis_value_at(v, i), &len);
        if (s != NULL)
            (*list)[(*n)++] = xstrndup(s, len);
    }
}

static void erase_fini(struct queue_op *op)
{
    struct erase_op *o = (struct erase_op *)op;

    free_list(&o->mine, &o->n_mine);
    free_list(&o->regs, &o->n_regs);
    free_list(&o->keys, &o->n_keys);
}

static void on_begun(struct queue_op *op, const struct queue_result *r, const struct redis_value *v);

/* Every answer goes to the step that asked. */
static void step(struct erase_op *o, queue_op_fn next)
{
    queue_op_reset(&o->op);
    o->op.on_answer = next;
}

static void tell(struct erase_op *o, const struct queue_result *r)
{
    o->cb(o->arg, r, &o->report, (const char *const *)o->mine, o->n_mine);
}

static void begin(struct erase_op *o)
{
    char secret[2 * SECRET_SIZE + 1];

    step(o, on_begun);
    secret_random_hex(secret, SECRET_SIZE);
    queue_op_key(&o->op, KEY_ERASING, NULL);
    queue_op_key(&o->op, KEY_OPTOUT, NULL);
    queue_op_key(&o->op, KEY_OPTOUT_KEY, NULL);
    queue_op_key(&o->op, KEY_ACTIVITIES, NULL);
    queue_op_i64(&o->op, (int64_t)o->id);
    queue_op_str(&o->op, secret);
    queue_op_script(&o->op, SCRIPT_ERASE_BEGIN);
}

/* ---- the end ---- */

static void on_rewrite(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct erase_op *o = (struct erase_op *)op;

    (void)v;
    o->report.rewritten = r->status == QUEUE_OK;
    tell(o, &(struct queue_result){.status = QUEUE_OK});
}

static void on_end(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct erase_op *o = (struct erase_op *)op;

    (void)v;
    if (r->status != QUEUE_OK) {
        tell(o, r);
        return;
    }
    step(o, on_rewrite); /* the append-only file holds what was, until it is written anew */
    queue_op_str(&o->op, "BGREWRITEAOF");
    queue_op_command(&o->op, REDIS_STATUS);
}

static void end(struct erase_op *o)
{
    step(o, on_end);
    queue_op_key(&o->op, KEY_ERASING, NULL);
    queue_op_i64(&o->op, (int64_t)o->id);
    queue_op_script(&o->op, SCRIPT_ERASE_END);
}

/* ---- the resident ---- */

static void on_unlisted(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct erase_op *o = (struct erase_op *)op;

    (void)v;
    if (r->status != QUEUE_OK &&
        !(r->status == QUEUE_REFUSED && strcmp(r->e->code, "no-such-resident") == 0)) {
        tell(o, r);
        return;
    }
    o->unlisted = true;
    begin(o);
}

static void unlist(struct erase_op *o)
{
    step(o, on_unlisted);
    queue_op_key(&o->op, KEY_PEOPLE, NULL);
    queue_op_key(&o->op, KEY_ACTIVITIES, NULL);
    queue_op_i64(&o->op, (int64_t)o->id);
    queue_op_script(&o->op, SCRIPT_PEOPLE_ERASE);
}

/* ---- every key ---- */

/* clang-format off */
static const char *const KINDS[ERASE_KIND_N][2] = { /* what keys begin with, what people call it */
    [ERASE_AUDIENCE] = {"n:",          "messages"},
    [ERASE_LOG]      = {"replies.log", "replies"},
    [ERASE_TEXTS]    = {"texts",       "texts"},
    [ERASE_CONSENT]  = {"consent",     "consent"},
    [ERASE_REJECTED] = {"rejected",    "rejected"},
    [ERASE_SENDER]   = {"ctx:",        "sender"},
    [ERASE_MID]      = {"mid:",        "provider-ids"},
    [ERASE_OTHER]    = {"",            "other"},
};
/* clang-format on */

const char *erase_kind_name(enum erase_kind k)
{
    return KINDS[k][1];
}

static void count(struct erase_op *o, const char *stem, uint64_t found, uint64_t kept)
{
    size_t k = 0;

    if (found == 0)
        return;
    o->found += found;
    while (strncmp(stem, KINDS[k][0], strlen(KINDS[k][0])) != 0)
        k++;
    o->report.removed[k] += found - kept;
}

static void scan(struct erase_op *o);

static void next_key(struct erase_op *o);

static void on_key(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct erase_op *o = (struct erase_op *)op;
    char stem[256] = "";

    if (r->status != QUEUE_OK) {
        tell(o, r);
        return;
    }
    queue_value_copy(redis_value_at(v, 2), stem, sizeof(stem));
    count(o, stem, (uint64_t)queue_value_i64(v, 3, 0), (uint64_t)queue_value_i64(v, 4, 0));
    queue_value_copy(redis_value_at(v, 1), o->page, sizeof(o->page));
    if (o->page[0] == '\0') {
        o->at_key++;
        o->report.n_keys++;
    }
    next_key(o);
}

/* Marks that a message is known hold no more than "1": there are many, and their name says all. */
static bool is_bare_mark(const struct erase_op *o, const char *key)
{
    const char *stem = key + strlen(o->op.q->keys.community);

    if (strncmp(stem, "in:", 3) != 0)
        return false;
    for (size_t i = 0; i < o->n_mine; i++)
        if (strstr(stem, o->mine[i] + (strncmp(o->mine[i], "+86", 3) == 0 ? 3 : 0)) != NULL)
            return false;
    return true;
}

static void next_key(struct erase_op *o)
{
    for (; o->at_key < o->n_keys && is_bare_mark(o, o->keys[o->at_key]); o->at_key++)
        o->report.n_keys++;
    if (o->at_key == o->n_keys) {
        scan(o);
        return;
    }
    step(o, on_key);
    queue_op_key_whole(&o->op, o->keys[o->at_key]);
    queue_op_str(&o->op, o->page);
    queue_op_i64(&o->op, (int64_t)o->id);
    for (size_t i = 0; i < o->n_mine; i++)
        queue_op_str(&o->op, o->mine[i]);
    queue_op_script(&o->op, SCRIPT_ERASE_KEY);
}

static void looked(struct erase_op *o)
{
    if (!o->unlisted) {
        unlist(o);
        return;
    }
    if (o->found == 0 || ++o->round >= ROUNDS) {
        o->report.n_left = o->found;
        if (o->found == 0)
            end(o);
        else
            tell(o, &(struct queue_result){.status = QUEUE_OK});
        return;
    }
    begin(o);
}

static void on_scanned(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct erase_op *o = (struct erase_op *)op;

    if (r->status != QUEUE_OK) {
        tell(o, r);
        return;
    }
    queue_value_copy(redis_value_at(v, 0), o->scan, sizeof(o->scan));
    take_list(&o->keys, &o->n_keys, redis_value_at(v, 1));
    o->at_key = 0;
    o->page[0] = '\0';
    next_key(o);
}

static void scan_from(struct erase_op *o, const char *cursor)
{
    char *match = xasprintf("%s*", o->op.q->keys.community);

    step(o, on_scanned);
    queue_op_str(&o->op, "SCAN");
    queue_op_str(&o->op, cursor);
    queue_op_str(&o->op, "MATCH");
    queue_op_str(&o->op, match);
    queue_op_str(&o->op, "COUNT");
    queue_op_str(&o->op, SCAN_COUNT);
    queue_op_command(&o->op, REDIS_ARRAY);
    free(match);
}

static void scan(struct erase_op *o)
{
    char from[CURSOR_MAX];

    memcpy(from, o->scan, sizeof(from));
    if (strcmp(from, "0") == 0)
        looked(o);
    else
        scan_from(o, from);
}

/* ---- registrations ---- */

static void next_registration(struct erase_op *o);

static void on_forgotten(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct erase_op *o = (struct erase_op *)op;

    if (r->status != QUEUE_OK) {
        tell(o, r);
        return;
    }
    o->report.n_registrations += queue_value_i64(v, 1, REG_NOT_REGISTERED) != REG_NOT_REGISTERED;
    o->report.n_left_activities += queue_value_i64(v, 1, REG_NOT_REGISTERED) == REG_OK_LEFT;
    o->report.n_promoted += redis_value_count(v) > 9 ? (uint32_t)(redis_value_count(v) - 9) / 4 : 0;
    next_registration(o);
}

static void next_registration(struct erase_op *o)
{
    if (o->at_reg + 1 >= o->n_regs) {
        o->found = 0;
        o->report.n_keys = 0;
        if (o->n_mine == 0)
            looked(o);
        else
            scan_from(o, "0");
        return;
    }
    const char *code = o->regs[o->at_reg], *who = o->regs[o->at_reg + 1];

    o->at_reg += 2;
    step(o, on_forgotten);
    roster_register_keys(&o->op, code, who);
    queue_op_str(&o->op, "forget");
    queue_op_str(&o->op, "");
    queue_op_str(&o->op, who);
    queue_op_str(&o->op, "");
    queue_op_str(&o->op, "0");
    queue_op_i64(&o->op, 0);
    queue_op_i64(&o->op, 100);
    queue_op_str(&o->op, code);
    queue_op_script(&o->op, SCRIPT_REGISTER);
}

static void on_begun(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct erase_op *o = (struct erase_op *)op;

    if (r->status != QUEUE_OK) {
        tell(o, r);
        return;
    }
    o->report.suppressed = queue_value_i64(v, 1, 0) == 1;
    take_list(&o->mine, &o->n_mine, redis_value_at(v, 2));
    o->report.n_addresses = (uint32_t)o->n_mine;
    o->report.n_shared = (uint32_t)redis_value_count(redis_value_at(v, 3));
    take_list(&o->regs, &o->n_regs, redis_value_at(v, 4));
    o->at_reg = 0;
    next_registration(o);
}

void erase_run(struct queue *q, uint64_t id, erase_fn cb, void *arg)
{
    struct erase_op *o = queue_op_new(q, sizeof(*o), on_begun);

    o->op.fini = erase_fini;
    o->cb = cb;
    o->arg = arg;
    o->id = id;
    begin(o);
}
