#include "queue/queue_int.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define OP_BYTES_MAX (16u << 20) /* one command; a bigger one is our bug */

void *queue_op_new(struct queue *q, size_t size, queue_op_fn on_answer)
{
    struct queue_op *op = xcalloc(1, size);

    op->q = q;
    op->redis = q->redis;
    op->on_answer = on_answer;
    op->script = -1;
    buf_init(&op->bytes, OP_BYTES_MAX);
    TAILQ_INSERT_TAIL(&q->ops, op, entry);
    return op;
}

static void op_free(struct queue_op *op)
{
    if (op->fini != NULL)
        op->fini(op);
    buf_fini(&op->bytes);
    free(op->args);
    free(op);
}

void queue_op_reset(struct queue_op *op)
{
    buf_reset(&op->bytes);
    op->n_args = op->n_keys = 0;
    op->script = -1;
    op->loaded = false;
    op->shared = false;
}

/* What was appended to the bytes since ${at} is the next argument. */
static void push(struct queue_op *op, size_t at)
{
    if (op->bytes.overflow)
        panic("a command of more than %u bytes", OP_BYTES_MAX);
    if (op->n_args == op->cap_args) {
        op->cap_args = op->cap_args != 0 ? op->cap_args * 2 : 16;
        op->args = xrealloc(op->args, op->cap_args * sizeof(*op->args));
    }
    op->args[op->n_args].at = at;
    op->args[op->n_args].len = op->bytes.len - at;
    op->n_args++;
}

void queue_op_key_n(struct queue_op *op, enum key key, const char *name, size_t n)
{
    size_t at = op->bytes.len;

    if (op->n_keys == op->n_args)
        op->n_keys++;
    keys_add(&op->q->keys, &op->bytes, key, name, n);
    push(op, at);
}

void queue_op_key(struct queue_op *op, enum key key, const char *name)
{
    queue_op_key_n(op, key, name, name != NULL ? strlen(name) : 0);
}

void queue_op_key_u64(struct queue_op *op, enum key key, uint64_t name)
{
    char s[24];
    int n = snprintf(s, sizeof(s), "%llu", (unsigned long long)name);

    if (n < 0 || (size_t)n >= sizeof(s))
        panic("a number does not fit");
    queue_op_key_n(op, key, s, (size_t)n);
}

void queue_op_key_whole(struct queue_op *op, const char *key)
{
    size_t at = op->bytes.len;

    if (op->n_keys == op->n_args)
        op->n_keys++;
    buf_str(&op->bytes, key);
    push(op, at);
}

void queue_op_arg(struct queue_op *op, const void *p, size_t n)
{
    size_t at = op->bytes.len;

    buf_add(&op->bytes, p, n);
    push(op, at);
}

void queue_op_str(struct queue_op *op, const char *s)
{
    queue_op_arg(op, s != NULL ? s : "", s != NULL ? strlen(s) : 0);
}

void queue_op_digest(struct queue_op *op, const char *p, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char out[2 * EVP_MAX_MD_SIZE];

    if (EVP_Digest(p, n, md, &len, EVP_sha256(), NULL) != 1)
        panic("SHA-256 is not available");
    for (unsigned i = 0; i < len; i++) {
        out[2 * i] = hex[md[i] >> 4];
        out[2 * i + 1] = hex[md[i] & 15];
    }
    queue_op_arg(op, out, 2 * len);
}

void queue_op_i64(struct queue_op *op, int64_t v)
{
    size_t at = op->bytes.len;

    buf_i64(&op->bytes, v);
    push(op, at);
}

void queue_op_lanes(struct queue_op *op, unsigned lanes)
{
    char digits[LANE_N];
    size_t n = 0;

    for (int lane = 0; lane < LANE_N; lane++)
        if ((lanes & (1u << lane)) != 0)
            digits[n++] = (char)('0' + lane);
    queue_op_arg(op, digits, n);
}

static void on_redis(void *arg, const struct redis_answer *a);

/* ${head}: arguments before the collected ones. */
static void send_op(struct queue_op *op, const char *const *head, const size_t *head_len, size_t n_head)
{
    size_t n = n_head + op->n_args;
    const char **argv = xmalloc(n * sizeof(*argv));
    size_t *lens = xmalloc(n * sizeof(*lens));

    for (size_t i = 0; i < n_head; i++) {
        argv[i] = head[i];
        lens[i] = head_len[i];
    }
    for (size_t i = 0; i < op->n_args; i++) {
        argv[n_head + i] = op->args[i].len != 0 ? op->bytes.data + op->args[i].at : "";
        lens[n_head + i] = op->args[i].len;
    }
    op->busy = true;
    op->cmd = op->timeout_ms != 0
                  ? redis_begin_timeout(op->redis, op->timeout_ms, on_redis, op, (int)n, argv, lens)
                  : redis_begin(op->redis, on_redis, op, (int)n, argv, lens);
    free(argv);
    free(lens);
}

static void send_script(struct queue_op *op)
{
    enum script s = (enum script)op->script;
    struct buf clock = BUF_INIT(4096);
    char n_keys[24];
    size_t text_len = 40;
    const char *text = op->loaded ? script_text(s, op->q->legacy, &text_len) : script_sha(s, op->q->legacy);
    int n = snprintf(n_keys, sizeof(n_keys), "%zu", op->n_keys + 1);

    if (n < 0 || keys_add(&op->q->keys, &clock, op->shared ? KEY_SHARED_CLOCK : KEY_CLOCK, NULL, 0) != 0)
        panic("a key does not fit");
    const char *head[] = {op->loaded ? "EVAL" : "EVALSHA", text, n_keys, clock.data};
    const size_t lens[] = {strlen(head[0]), text_len, (size_t)n, clock.len};
    send_op(op, head, lens, ARRAY_LEN(head));
    buf_fini(&clock);
}

void queue_op_script(struct queue_op *op, enum script s)
{
    op->script = (int)s;
    op->loaded = false;
    send_script(op);
}

void queue_op_command(struct queue_op *op, enum redis_type answer)
{
    op->script = -1;
    op->answer = answer;
    send_op(op, NULL, NULL, 0);
}

/* ---- answers ---- */

/* First words of errors that say "not now" about Redis as a whole; nothing was done. */
static const char *const unusable[] = {"OOM",    "MISCONF",    "READONLY",    "NOREPLICAS", "LOADING", "BUSY",
                                       "NOAUTH", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN",   "MOVED",   "ASK"};

static bool begins_with_word(const char *s, const char *word)
{
    size_t n = strlen(word);

    return strncmp(s, word, n) == 0 && (s[n] == ' ' || s[n] == '\0' || s[n] == ':');
}

static enum queue_status refused_by_redis(const char *error, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(unusable); i++)
        if (begins_with_word(error, unusable[i])) {
            err_set(e, "unavailable", unusable[i], "Redis refuses: %s", error);
            return QUEUE_UNAVAILABLE;
        }
    /* Inside a script Redis 7 words it differently. */
    if (begins_with_word(error, "NOPERM") || strstr(error, "can't run this command") != NULL ||
        strstr(error, "can't access at least one of the keys") != NULL)
        err_set(e, "redis-rights", NULL, "the Redis user lacks a right: %s", error);
    else
        err_set(e, "redis-error", NULL, "Redis answered: %s", error);
    return QUEUE_REFUSED;
}

static enum queue_status refused_by_script(const struct redis_value *v, struct err *e)
{
    const char *code = redis_value_str(redis_value_at(v, 1), NULL);
    const char *msg = redis_value_str(redis_value_at(v, 2), NULL);
    const char *field = redis_value_str(redis_value_at(v, 3), NULL);

    err_set(e, code != NULL ? code : "refused", field != NULL && field[0] != '\0' ? field : NULL, "%s",
            msg != NULL ? msg : "refused");
    return QUEUE_REFUSED;
}

static void note_misconf(struct queue *q)
{
    bool known = q->aof_torn;

    q->aof_torn = true;
    if (!known && q->on_misconf != NULL)
        q->on_misconf(q->arg);
}

/* Has it the shape of an answer to this? A script says {'ok', ...} or {'err', code, ...}. */
static bool is_answer(const struct queue_op *op, const struct redis_value *v)
{
    enum redis_type t = redis_value_type(v);
    const char *first;

    if (op->script < 0)
        return t == op->answer || (t == REDIS_NIL && op->answer == REDIS_STRING);
    first = redis_value_str(redis_value_at(v, 0), NULL);
    if (first != NULL && strcmp(first, "err") == 0)
        return redis_value_str(redis_value_at(v, 1), NULL) != NULL;
    return first != NULL && strcmp(first, "ok") == 0;
}

/* Whatever it is, it says nothing about what was asked; and what comes after it on this connection may answer something else, too. */
static enum queue_status no_answer(const struct queue_op *op, struct err *e)
{
    redis_reconnect(op->redis, "an answer is none to what was asked");
    err_set(e, "unsure", NULL, "Redis' answer is none to what was asked");
    return QUEUE_UNSURE;
}

static enum queue_status judge(const struct queue_op *op, const struct redis_answer *a, struct err *e)
{
    switch (a->fault) {
    case REDIS_NOT_SENT:
        err_set(e, "unavailable", NULL, "Redis is not reachable: %s",
                a->error != NULL ? a->error : "not connected");
        return QUEUE_UNAVAILABLE;
    case REDIS_LOST:
        err_set(e, "unsure", NULL, "Redis did not answer: %s",
                a->error != NULL ? a->error : "connection lost");
        return QUEUE_UNSURE;
    case REDIS_REFUSED:
        /* Demoted: behind the same address there may be a new master, but this connection stays with the old one. */
        if (a->error != NULL && begins_with_word(a->error, "READONLY"))
            redis_reconnect(op->redis, "this Redis has become a replica");
        if (a->error != NULL && begins_with_word(a->error, "NOREPLICAS"))
            redis_rediscover(op->redis, "this Redis has lost its replicas");
        if (a->error != NULL && begins_with_word(a->error, "MISCONF"))
            note_misconf(op->q);
        return refused_by_redis(a->error != NULL ? a->error : "", e);
    case REDIS_OK:
        break;
    }
    if (!is_answer(op, a->value))
        return no_answer(op, e);
    if (op->script < 0)
        return QUEUE_OK;
    return strcmp(redis_value_str(redis_value_at(a->value, 0), NULL), "err") == 0
               ? refused_by_script(a->value, e)
               : QUEUE_OK;
}

static void on_redis(void *arg, const struct redis_answer *a)
{
    struct queue_op *op = arg;
    struct queue *q = op->q;
    struct err e = {{0}, {0}, {0}};
    struct queue_result r = {.status = QUEUE_OK, .e = NULL};

    op->cmd = NULL;
    if (op->script >= 0 && !op->loaded && a->fault == REDIS_REFUSED && a->error != NULL &&
        begins_with_word(a->error, "NOSCRIPT")) {
        op->loaded = true;
        send_script(op);
        return;
    }
    r.status = judge(op, a, &e);
    if (r.status != QUEUE_OK)
        r.e = &e;
    /* Off the queue's list while the caller's callback runs: it may free the queue. */
    op->busy = false;
    TAILQ_REMOVE(&q->ops, op, entry);
    op->on_answer(op, &r, r.status == QUEUE_OK ? a->value : NULL);
    if (op->busy)
        TAILQ_INSERT_TAIL(&q->ops, op, entry);
    else
        op_free(op);
}

/* ---- the queue's own life ---- */

void queue_free(struct queue *q)
{
    struct queue_op *op;

    if (q == NULL)
        return;
    while ((op = TAILQ_FIRST(&q->ops)) != NULL) {
        TAILQ_REMOVE(&q->ops, op, entry);
        if (op->cmd != NULL)
            redis_cancel(op->cmd);
        op_free(op);
    }
    keys_fini(&q->keys);
    free(q->community);
    free(q->daemon_id);
    free(q->lost_claims);
    free(q);
}

/* ---- reading answers ---- */

bool queue_value_copy(const struct redis_value *v, char *out, size_t n)
{
    size_t len = 0;
    const char *s = redis_value_str(v, &len);

    out[0] = '\0';
    if (s == NULL || len >= n)
        return false;
    memcpy(out, s, len);
    out[len] = '\0';
    return true;
}

int64_t queue_value_i64(const struct redis_value *v, size_t i, int64_t otherwise)
{
    return redis_value_int(redis_value_at(v, i), otherwise);
}

const struct redis_value *queue_value_field(const struct redis_value *v, const char *name)
{
    size_t n = redis_value_count(v);

    for (size_t i = 0; i + 1 < n; i += 2) {
        const char *s = redis_value_str(redis_value_at(v, i), NULL);

        if (s != NULL && strcmp(s, name) == 0)
            return redis_value_at(v, i + 1);
    }
    return NULL;
}
