#include "queue/keyring.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/queue_int.h"

struct done_op {
    struct queue_op op;
    queue_done_fn cb;
    void *arg;
    const char *none_code, *none_words; /* what Redis' answer 0 means */
};

static void on_done(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct done_op *o = (struct done_op *)op;
    struct err e;
    struct queue_result none = {.status = QUEUE_REFUSED, .e = &e};

    if (r->status == QUEUE_OK && redis_value_int(v, 1) == 0) {
        err_set(&e, o->none_code, "id", "%s", o->none_words);
        r = &none;
    }
    o->cb(o->arg, r);
}

static struct done_op *done_op(struct queue *q, const char *code, const char *words, queue_done_fn cb,
                               void *arg)
{
    struct done_op *o = queue_op_new(q, sizeof(*o), on_done);

    o->cb = cb;
    o->arg = arg;
    o->none_code = code;
    o->none_words = words;
    return o;
}

void keyring_put(struct queue *q, const struct keyring_key *k, queue_done_fn cb, void *arg)
{
    struct done_op *o = done_op(q, "exists", "there is a key with this id", cb, arg);
    json_t *value =
        json_pack("{s:i,s:s,s:s,s:s,s:s,s:I}", "v", 1, "name", k->name, "role", k->role, "community",
                  k->community, "sha256", k->sha256, "created_at", (json_int_t)k->created_at);
    char *text = json_dumps(value, JSON_COMPACT);

    if (text == NULL)
        panic("a key that is no JSON: check its name first");
    queue_op_str(&o->op, "HSETNX");
    queue_op_key(&o->op, KEY_API_KEYS, NULL);
    queue_op_str(&o->op, k->id);
    queue_op_str(&o->op, text);
    queue_op_command(&o->op, REDIS_INTEGER);
    free(text);
    json_decref(value);
}

void keyring_delete(struct queue *q, const char *id, queue_done_fn cb, void *arg)
{
    struct done_op *o = done_op(q, "no-such-key", "there is no key with this id", cb, arg);

    queue_op_str(&o->op, "HDEL");
    queue_op_key(&o->op, KEY_API_KEYS, NULL);
    queue_op_str(&o->op, id);
    queue_op_command(&o->op, REDIS_INTEGER);
}

/* ---- reading ---- */

struct list_op {
    struct queue_op op;
    void (*each)(void *arg, const struct keyring_key *k);
    queue_done_fn cb;
    void *arg;
};

static int copy(char *out, size_t n, const char *s)
{
    size_t len = s != NULL ? strlen(s) : n;

    if (len >= n)
        return -1;
    memcpy(out, s, len + 1);
    return 0;
}

static int parse(struct keyring_key *k, const char *id, const char *text, size_t n)
{
    json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    int bad =
        o == NULL || copy(k->id, sizeof(k->id), id) != 0 ||
        copy(k->name, sizeof(k->name), json_string_value(json_object_get(o, "name"))) != 0 ||
        copy(k->role, sizeof(k->role), json_string_value(json_object_get(o, "role"))) != 0 ||
        copy(k->community, sizeof(k->community), json_string_value(json_object_get(o, "community"))) != 0 ||
        copy(k->sha256, sizeof(k->sha256), json_string_value(json_object_get(o, "sha256"))) != 0;

    k->created_at = json_integer_value(json_object_get(o, "created_at"));
    json_decref(o);
    return bad ? -1 : 0;
}

static void on_list(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct list_op *o = (struct list_op *)op;
    size_t n = redis_value_count(v);

    for (size_t i = 0; i + 1 < n; i += 2) {
        struct keyring_key k;
        size_t len = 0;
        const char *id = redis_value_str(redis_value_at(v, i), NULL),
                   *text = redis_value_str(redis_value_at(v, i + 1), &len);
        if (id != NULL && text != NULL && parse(&k, id, text, len) == 0)
            o->each(o->arg, &k);
    }
    o->cb(o->arg, r);
}

void keyring_list(struct queue *q, void (*each)(void *arg, const struct keyring_key *k), queue_done_fn cb,
                  void *arg)
{
    struct list_op *o = queue_op_new(q, sizeof(*o), on_list);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, "HGETALL");
    queue_op_key(&o->op, KEY_API_KEYS, NULL);
    queue_op_command(&o->op, REDIS_ARRAY);
}
