#include "queue/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "queue/queue_int.h"

#define PUT_CHUNK      250 /* rows per script: Redis is busy for about 2 ms */
#define LINE_MAX_BYTES 2048

/* ---- storing ---- */

struct put_op {
    struct queue_op op;
    people_import_fn cb;
    void *arg;
    const struct resident *list;
    size_t n, done;
    bool dry;
    struct people_import counts;
};

static void put_chunk(struct put_op *o)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    size_t end = o->n - o->done > PUT_CHUNK ? o->done + PUT_CHUNK : o->n;

    queue_op_reset(&o->op);
    queue_op_key(&o->op, KEY_PEOPLE, NULL);
    queue_op_key(&o->op, KEY_OPTOUT, NULL);
    queue_op_str(&o->op, o->dry ? "1" : "0");
    for (; o->done < end; o->done++) {
        buf_reset(&line);
        if (o->list[o->done].n_phones == 0 || resident_line(&line, &o->list[o->done]) < 0)
            panic("a resident that cannot be stored: check it first");
        queue_op_arg(&o->op, line.data, line.len);
    }
    buf_fini(&line);
    queue_op_script(&o->op, SCRIPT_PEOPLE_PUT);
}

static void on_put(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct put_op *o = (struct put_op *)op;

    if (r->status == QUEUE_OK) {
        o->counts.added += (uint64_t)queue_value_i64(v, 1, 0);
        o->counts.changed += (uint64_t)queue_value_i64(v, 2, 0);
        o->counts.kept += (uint64_t)queue_value_i64(v, 3, 0);
        o->counts.duplicate += (uint64_t)queue_value_i64(v, 4, 0);
        if (o->done < o->n) {
            put_chunk(o);
            return;
        }
    }
    o->cb(o->arg, r, &o->counts);
}

void people_put(struct queue *q, const struct resident *list, size_t n, bool dry, people_import_fn cb,
                void *arg)
{
    struct put_op *o = queue_op_new(q, sizeof(*o), on_put);

    o->cb = cb;
    o->arg = arg;
    o->list = list;
    o->n = n;
    o->dry = dry;
    put_chunk(o);
}

/* ---- reading ---- */

struct each_op {
    struct queue_op op;
    people_each_fn each;
    queue_done_fn cb;
    people_walk_fn walk_cb;
    void *arg;
    uint64_t after, block;
};

/* Few are dead: a list is enough. */
static bool is_among(const struct redis_value *list, const char *phone)
{
    for (size_t i = 0; i < redis_value_count(list); i++) {
        const char *s = redis_value_str(redis_value_at(list, i), NULL);

        if (s != NULL && strcmp(s, phone) == 0)
            return true;
    }
    return false;
}

/* Few were merged: {id, ids, ...} is looked through. */
static void read_former(const struct redis_value *former, struct resident *r)
{
    for (size_t i = 0; i + 1 < redis_value_count(former); i += 2) {
        const char *s = redis_value_str(redis_value_at(former, i + 1), NULL);
        if ((uint64_t)queue_value_i64(former, i, 0) != r->id)
            continue;
        for (; s != NULL && *s != '\0' && r->n_former < RESIDENT_FORMER; s += strspn(s, " ")) {
            int64_t id;
            size_t n = strcspn(s, " ");
            if (num_i64_n(s, n, 1, INT64_MAX, &id) == 0)
                r->former[r->n_former++] = (uint64_t)id;
            s += n;
        }
    }
}

static bool parse_one(const struct redis_value *v, size_t i, const struct redis_value *dead,
                      const struct redis_value *former, struct resident *out)
{
    size_t n = 0;
    const char *line = redis_value_str(redis_value_at(v, i + 1), &n);
    int64_t id = queue_value_i64(v, i, 0);

    if (!line || id <= 0 || resident_parse(line, n, out) < 0)
        return false;
    out->id = (uint64_t)id;
    for (size_t k = 0; k < out->n_phones; k++)
        if (is_among(dead, out->phones[k]))
            out->dead |= 1u << k;
    read_former(former, out);
    return true;
}

static void on_get(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct each_op *o = (struct each_op *)op;
    const struct redis_value *list = redis_value_at(v, 1);
    struct resident one;

    for (size_t i = 0; r->status == QUEUE_OK && i + 1 < redis_value_count(list); i += 2)
        if (parse_one(list, i, redis_value_at(v, 2), redis_value_at(v, 3), &one))
            o->each(o->arg, &one);
    o->cb(o->arg, r);
}

static struct each_op *get_op(struct queue *q, const char *by, people_each_fn each, queue_done_fn cb,
                              void *arg)
{
    struct each_op *o = queue_op_new(q, sizeof(*o), on_get);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, by);
    return o;
}

void people_by_ids(struct queue *q, const uint64_t *ids, size_t n, people_each_fn each, queue_done_fn cb,
                   void *arg)
{
    struct each_op *o = get_op(q, "id", each, cb, arg);

    for (size_t i = 0; i < n; i++)
        queue_op_i64(&o->op, (int64_t)ids[i]);
    queue_op_script(&o->op, SCRIPT_PEOPLE_GET);
}

void people_by_phones(struct queue *q, const char *const *phones, size_t n, people_each_fn each,
                      queue_done_fn cb, void *arg)
{
    struct each_op *o = get_op(q, "phone", each, cb, arg);

    for (size_t i = 0; i < n; i++)
        queue_op_str(&o->op, phones[i]);
    queue_op_script(&o->op, SCRIPT_PEOPLE_GET);
}

/* A hash has no order: the block's ids are taken in turn. */
static void each_of_block(struct each_op *o, const struct redis_value *all, const struct redis_value *dead,
                          const struct redis_value *former)
{
    size_t at[PEOPLE_BLOCK], n = redis_value_count(all);
    struct resident one;

    for (size_t i = 0; i < PEOPLE_BLOCK; i++)
        at[i] = SIZE_MAX;
    for (size_t i = 0; i + 1 < n; i += 2) {
        int64_t id = queue_value_i64(all, i, 0);
        if (id > 0 && (uint64_t)id / PEOPLE_BLOCK == o->block)
            at[(uint64_t)id % PEOPLE_BLOCK] = i;
    }
    for (size_t i = 0; i < PEOPLE_BLOCK; i++)
        if (at[i] != SIZE_MAX && o->block * PEOPLE_BLOCK + i > o->after &&
            parse_one(all, at[i], dead, former, &one))
            o->each(o->arg, &one);
}

static void on_walk(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct each_op *o = (struct each_op *)op;
    uint64_t last = (uint64_t)queue_value_i64(v, 1, 0), next = (o->block + 1) * PEOPLE_BLOCK - 1;

    if (r->status == QUEUE_OK)
        each_of_block(o, redis_value_at(v, 2), redis_value_at(v, 3), redis_value_at(v, 4));
    o->walk_cb(o->arg, r, r->status == QUEUE_OK && next < last ? next : 0);
}

void people_walk(struct queue *q, uint64_t after, people_each_fn each, people_walk_fn cb, void *arg)
{
    struct each_op *o = queue_op_new(q, sizeof(*o), on_walk);

    o->each = each;
    o->walk_cb = cb;
    o->arg = arg;
    o->after = after;
    o->block = (after + 1) / PEOPLE_BLOCK;
    queue_op_key(&o->op, KEY_PEOPLE, NULL);
    queue_op_key_u64(&o->op, KEY_RESIDENTS, o->block);
    queue_op_script(&o->op, SCRIPT_PEOPLE_WALK);
}

struct count_op {
    struct queue_op op;
    void (*cb)(void *arg, const struct queue_result *r, uint64_t n);
    void *arg;
};

static void on_count(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct count_op *o = (struct count_op *)op;

    o->cb(o->arg, r, (uint64_t)redis_value_int(v, 0));
}

void people_count(struct queue *q, void (*cb)(void *arg, const struct queue_result *r, uint64_t n), void *arg)
{
    struct count_op *o = queue_op_new(q, sizeof(*o), on_count);

    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, "HGET");
    queue_op_key(&o->op, KEY_PEOPLE, NULL);
    queue_op_str(&o->op, "n");
    queue_op_command(&o->op, REDIS_STRING);
}

/* ---- consent ---- */

struct opt_op {
    struct queue_op op;
    void (*cb)(void *arg, const struct queue_result *r, bool changed);
    void *arg;
};

static void on_opt(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct opt_op *o = (struct opt_op *)op;

    o->cb(o->arg, r, queue_value_i64(v, 1, 0) == 1);
}

void people_about(struct queue *q, const char *phone, const char *about, const char *why, queue_done_fn cb,
                  void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, phone);
    queue_op_str(op, about);
    queue_op_str(op, why);
    queue_op_script(op, SCRIPT_PEOPLE_ABOUT);
}

void people_opt(struct queue *q, const char *phone, bool out, const char *words, const char *reply,
                void (*cb)(void *arg, const struct queue_result *r, bool changed), void *arg)
{
    struct opt_op *o = queue_op_new(q, sizeof(*o), on_opt);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_REPLIES, NULL);
    queue_op_str(&o->op, phone);
    queue_op_str(&o->op, out ? "1" : "0");
    queue_op_str(&o->op, words);
    queue_op_str(&o->op, reply);
    queue_op_script(&o->op, SCRIPT_PEOPLE_OPT);
}

struct opted_op {
    struct queue_op op;
    void (*cb)(void *arg, const struct queue_result *r, const bool *out, size_t n);
    void *arg;
    size_t n;
    bool *out;
};

static void opted_fini(struct queue_op *op)
{
    free(((struct opted_op *)op)->out);
}

static void on_opted(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct opted_op *o = (struct opted_op *)op;

    for (size_t i = 0; r->status == QUEUE_OK && i < o->n; i++)
        o->out[i] = queue_value_i64(v, i + 1, 0) == 1;
    o->cb(o->arg, r, o->out, r->status == QUEUE_OK ? o->n : 0);
}

void people_opted_out(struct queue *q, const char *const *phones, size_t n,
                      void (*cb)(void *arg, const struct queue_result *r, const bool *out, size_t n),
                      void *arg)
{
    struct opted_op *o = queue_op_new(q, sizeof(*o), on_opted);

    if (n == 0)
        panic("nobody to ask about");
    o->op.fini = opted_fini;
    o->cb = cb;
    o->arg = arg;
    o->n = n;
    o->out = xcalloc(n, sizeof(*o->out));
    queue_op_key(&o->op, KEY_OPTOUT, NULL);
    queue_op_key(&o->op, KEY_OPTOUT_KEY, NULL);
    for (size_t i = 0; i < n; i++)
        queue_op_str(&o->op, phones[i]);
    queue_op_script(&o->op, SCRIPT_PEOPLE_OPTED);
}

struct erase_op {
    struct queue_op op;
    queue_done_fn cb;
    void *arg;
};

static void on_erase(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct erase_op *o = (struct erase_op *)op;

    (void)v;
    o->cb(o->arg, r);
}

void people_reach(struct queue *q, const char *address, bool can, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, address);
    queue_op_str(op, can ? "1" : "0");
    queue_op_script(op, SCRIPT_PEOPLE_REACH);
}

void people_erase(struct queue *q, uint64_t id, queue_done_fn cb, void *arg)
{
    struct erase_op *o = queue_op_new(q, sizeof(*o), on_erase);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_PEOPLE, NULL);
    queue_op_key(&o->op, KEY_ACTIVITIES, NULL);
    queue_op_i64(&o->op, (int64_t)id);
    queue_op_script(&o->op, SCRIPT_PEOPLE_ERASE);
}
