/* Inside queue/ only: how an operation is made, sent, answered once and freed.
 *
 * One operation = one struct queue_op at the head of a struct of its own (callback, argument, what it must remember):
 *
 *     struct put_op { struct queue_op op; people_import_fn cb; void *arg; };
 *     struct put_op *o = queue_op_new(q, sizeof(*o), on_put);          zeroed
 *     queue_op_key(&o->op, KEY_PEOPLE, NULL); queue_op_str(&o->op, ...);   keys first, then arguments; all are copied
 *     queue_op_script(&o->op, SCRIPT_PEOPLE_PUT);                      EVALSHA, EVAL when the script is not loaded, once
 *
 *     static void on_put(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
 *     {
 *         struct put_op *o = (struct put_op *)op;
 *         o->cb(o->arg, r, ...);   r->status says whether v is there (v = whole answer, v[0] is "ok"; NULL unless QUEUE_OK)
 *     }                            the op is freed afterwards, unless on_put began another command with it (queue_op_reset, key, script)
 *
 * queue_op_command sends what was collected as a plain command instead. The callback of the caller may free the queue: on_... must touch
 * neither the queue nor the op after calling it as its last act. */
#ifndef QUEUE_QUEUE_INT_H
#define QUEUE_QUEUE_INT_H

#include "base/list.h"
#include "queue/keys.h"
#include "queue/queue.h"
#include "queue/scripts.h"

#define QUEUE_SCHEMA_VERSION 1

struct queue_op;
typedef void (*queue_op_fn)(struct queue_op *op, const struct queue_result *r, const struct redis_value *v);

struct queue_op {
    struct queue *q;
    struct redis *redis;   /* the queue's, unless the operation set another one (blocking commands) */
    struct redis_cmd *cmd; /* under way */
    queue_op_fn on_answer;
    void (*fini)(struct queue_op *op); /* frees what the operation holds besides itself; may be NULL */
    struct buf bytes;                  /* all arguments, one after the other */
    struct {
        size_t at, len;
    } * args;
    size_t n_args, cap_args, n_keys;
    int script;             /* enum script, or -1: plain command */
    enum redis_type answer; /* of a plain command */
    bool shared;            /* keys under PREFIX{_}: */
    bool loaded;            /* sent with its text (EVAL) already */
    bool busy;              /* begun (again) */
    int64_t timeout_ms;     /* for blocking commands; 0 = the connection's */
    TAILQ_ENTRY(queue_op) entry;
};

struct queue {
    struct redis *redis;
    struct keys keys;
    char *community, *daemon_id;
    char tag[13];   /* short form of daemon_id: first part of every owner token */
    char nonce[17]; /* random per life of this daemon: part of every owner token */
    uint64_t n_claims;
    int64_t lease_ms;
    char (
        *lost_claims)[40]; /* owner tokens of claims whose answer was lost: the next claim frees them first */
    size_t n_lost_claims;
    bool lost_stage; /* the same for staging: the next stage_next hands out again what this life holds */
    bool legacy;     /* Redis 6.2: see script_text */
    char run_id[48]; /* of the last check */
    int64_t rewrite_after_ms; /* by the monotonic clock: not asked for again before */
    bool aof_torn; /* Redis could not write its append-only file for a while: it is to be written anew */
    void (*on_misconf)(void *arg);
    void *arg;
    TAILQ_HEAD(queue_ops, queue_op) ops;
};

/* ${size} >= sizeof(struct queue_op); zeroed beyond it. */
void *queue_op_new(struct queue *q, size_t size, queue_op_fn on_answer);
/* Forget keys and arguments, for another command with the same op. */
void queue_op_reset(struct queue_op *op);
/* The key of ${name} (NULL for keys that stand alone). Keys come before arguments. */
void queue_op_key(struct queue_op *op, enum key key, const char *name);
void queue_op_key_u64(struct queue_op *op, enum key key, uint64_t name);
void queue_op_key_n(struct queue_op *op, enum key key, const char *name, size_t n);
/* A key as Redis told it. */
void queue_op_key_whole(struct queue_op *op, const char *key);
void queue_op_arg(struct queue_op *op, const void *p, size_t n);
void queue_op_str(struct queue_op *op, const char *s); /* NULL = "" */
void queue_op_i64(struct queue_op *op, int64_t v);
void queue_op_digest(struct queue_op *op, const char *p, size_t n); /* SHA-256 of these bytes, in hex */
void queue_op_lanes(struct queue_op *op, unsigned lanes);           /* bits 1 << lane, as digits: "023" */
/* Send. The completion comes later, once. */
void queue_op_script(struct queue_op *op, enum script s);
/* A plain command; ${answer}: of which type its answer is (REDIS_STRING: or nil). Another one is QUEUE_UNSURE and ends the connection. */
void queue_op_command(struct queue_op *op, enum redis_type answer);

/* An operation whose completion says only how it went. */
struct queue_op *queue_done_new(struct queue *q, queue_done_fn cb, void *arg);
/* Send one step of housekeeping with ${op} (queue_stage.c). */
void queue_sweep_begin(struct queue_op *op);

/* A claim's answer was lost: whatever slice it got is leased to nobody. queue_claims_free_lost ends such leases, before the next claim. */
void queue_claim_lost(struct queue *q, const char *owner);
void queue_claims_free_lost(struct queue *q);

/* Reading scripts' answers: string into a fixed buffer; false (and "") when it is no string or does not fit. */
bool queue_value_copy(const struct redis_value *v, char *out, size_t n);
/* ${v}[${i}] as integer. */
int64_t queue_value_i64(const struct redis_value *v, size_t i, int64_t otherwise);
/* A flat array name, value, name, value...: the value of ${name}, or NULL. */
const struct redis_value *queue_value_field(const struct redis_value *v, const char *name);

#endif
