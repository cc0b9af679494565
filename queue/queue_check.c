/* What this Redis promises, in words. Part of queue.h; queue-protocol 3.2.
 *
 *   INFO -> CONFIG GET (may be forbidden) -> script `check` (rights, schema, restart) -> BGREWRITEAOF once per run of Redis
 *     -> a write that changes nothing (is new work refused?) -> report */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/secret.h"
#include "queue/queue_int.h"

#define HOLD_MS          3000
#define REWRITE_AGAIN_MS 20000
#define CLOCK_OFF_MS     5000

enum check_step { CHECK_INFO, CHECK_CONFIG, CHECK_SCRIPT, CHECK_REWRITE, CHECK_PROBE };
struct check_op {
    struct queue_op op;
    queue_check_fn cb;
    void *arg;
    enum check_step step;
    struct queue_durability d;
    bool rewrite, no_fsync_on_rewrite, config_known, aof_failing;
    int64_t max, used; /* memory */
};

/* The value of "name:" in INFO's text, "" when it is not there. */
static void info_field(const char *info, const char *name, char *out, size_t n)
{
    size_t len = strlen(name);

    out[0] = '\0';
    for (const char *p = info; p != NULL; p = strchr(p, '\n'), p = p != NULL ? p + 1 : NULL) {
        size_t value;

        if (strncmp(p, name, len) != 0 || p[len] != ':')
            continue;
        value = strcspn(p + len + 1, "\r\n");
        if (value < n) {
            memcpy(out, p + len + 1, value);
            out[value] = '\0';
        }
        return;
    }
}

static int64_t info_i64(const char *info, const char *name)
{
    char s[64];
    int64_t v = 0;

    info_field(info, name, s, sizeof(s));
    return num_i64(s, INT64_MIN, INT64_MAX, &v) == 0 ? v : 0;
}

static bool info_is(const char *info, const char *name, const char *value)
{
    char s[64];

    info_field(info, name, s, sizeof(s));
    return strcmp(s, value) == 0;
}

__attribute__((format(printf, 2, 3))) static void warn(struct queue_durability *d, const char *fmt, ...)
{
    va_list ap;

    if (d->n_warnings == sizeof(d->warnings) / sizeof(d->warnings[0]))
        return;
    va_start(ap, fmt);
    if (vsnprintf(d->warnings[d->n_warnings], sizeof(d->warnings[0]), fmt, ap) >= 0)
        d->n_warnings++;
    va_end(ap);
}

/* The first problem stays: it is the one to mend first. */
__attribute__((format(printf, 2, 3))) static void problem(struct queue_durability *d, const char *fmt, ...)
{
    va_list ap;

    if (d->problem[0] != '\0')
        return;
    va_start(ap, fmt);
    if (vsnprintf(d->problem, sizeof(d->problem), fmt, ap) < 0)
        d->problem[0] = '?';
    va_end(ap);
}

static void judge_version(struct check_op *o)
{
    struct queue_durability *d = &o->d;
    char *rest = NULL;
    long major = strtol(d->redis_version, &rest, 10);
    long minor = rest != NULL && *rest == '.' ? strtol(rest + 1, NULL, 10) : 0;

    if (major < 6 || (major == 6 && minor < 2))
        problem(d, "Redis %s is too old: 6.2 or newer is needed", d->redis_version);
    o->op.q->legacy = major < 7;
    if (major == 6)
        warn(d, "Redis %s: when its memory is full, running notices stop too (7.0 or newer lets them finish)",
             d->redis_version);
}

static void judge_info(struct check_op *o, const char *info)
{
    struct queue_durability *d = &o->d;
    char policy[64];
    int64_t max = info_i64(info, "maxmemory"), used = info_i64(info, "used_memory");

    o->max = max;
    o->used = used;
    info_field(info, "redis_version", d->redis_version, sizeof(d->redis_version));
    info_field(info, "run_id", d->run_id, sizeof(d->run_id));
    judge_version(o);
    if (!info_is(info, "role", "master"))
        problem(d, "this Redis is a replica: connect to its master");
    if (info_is(info, "loading", "1"))
        problem(d, "Redis is still loading its data");
    info_field(info, "maxmemory_policy", policy, sizeof(policy));
    d->noeviction = strcmp(policy, "noeviction") == 0;
    if (!d->noeviction)
        problem(d,
                "maxmemory-policy is %s: Redis would throw notices away when memory is short; set it to "
                "noeviction",
                policy);
    if (max > 0 && max - used < max / 5)
        warn(d, "Redis uses %" PRId64 " of %" PRId64 " MiB: new notices are refused when it is full",
             used >> 20, max >> 20);
    d->aof = info_is(info, "aof_enabled", "1");
    o->aof_failing = d->aof && info_is(info, "aof_last_write_status", "err");
    if (o->aof_failing)
        warn(d, "Redis cannot write its append-only file: it refuses work until that is mended (disk full?)");
    if (o->aof_failing || (d->aof && info_is(info, "aof_last_bgrewrite_status", "err")))
        o->op.q->aof_torn = true;
    if (info_is(info, "rdb_last_bgsave_status", "err"))
        warn(d, "Redis could not save its snapshot: it may refuse work (disk full?)");
    if (info_i64(info, "connected_slaves") > 0)
        warn(d, "Redis has replicas: a failover may lose the last accepted notices (min-replicas-to-write "
                "bounds that)");
    if (d->run_id[0] == '\0')
        problem(d, "INFO of this Redis is incomplete: no run_id");
}

static void judge_config(struct check_op *o, const struct redis_value *v)
{
    const char *fsync = redis_value_str(queue_value_field(v, "appendfsync"), NULL);
    const char *pause = redis_value_str(queue_value_field(v, "no-appendfsync-on-rewrite"), NULL);

    if (fsync == NULL)
        return;
    o->config_known = true;
    o->d.fsync_always = o->d.aof && strcmp(fsync, "always") == 0;
    o->d.fsync_everysec = o->d.aof && strcmp(fsync, "everysec") == 0;
    o->no_fsync_on_rewrite = pause != NULL && strcmp(pause, "yes") == 0;
}

static void put_words(struct check_op *o)
{
    struct queue_durability *d = &o->d;
    const char *why;

    d->survives_daemon_crash = true;
    d->survives_redis_crash = d->aof;
    d->survives_power_loss = d->fsync_always && !o->no_fsync_on_rewrite;
    if (!d->aof)
        why = "appendonly no";
    else if (!o->config_known)
        why = "appendfsync unknown: CONFIG GET is not allowed";
    else if (d->fsync_always)
        why = o->no_fsync_on_rewrite ? "no-appendfsync-on-rewrite yes" : "appendfsync always";
    else
        why = d->fsync_everysec ? "appendfsync everysec" : "appendfsync no";
    if (snprintf(d->words, sizeof(d->words),
                 "alerts accepted now survive: daemon crash yes, Redis crash %s, host power loss %s (%s)",
                 d->survives_redis_crash ? "yes" : "NO", d->survives_power_loss ? "yes" : "NO", why) < 0)
        d->words[0] = '\0';
    if (!d->aof)
        warn(d, "Redis keeps notices in memory only: set appendonly yes and appendfsync always");
    else if (!d->survives_power_loss)
        warn(d,
             "up to the last 2 seconds of accepted notices and sends are lost when the host loses power "
             "(%s); set appendfsync always",
             why);
}

static void report(struct check_op *o, const struct queue_result *r)
{
    static const struct queue_result answered = {.status = QUEUE_OK, .e = NULL};
    struct queue *q = o->op.q;
    struct queue_durability *d = &o->d;

    d->forbidden = r->status == QUEUE_REFUSED && strcmp(r->e->code, "redis-rights") == 0;
    if (r->status != QUEUE_OK)
        problem(d, "%s", r->e != NULL ? r->e->msg : "Redis did not answer");
    if (r->status == QUEUE_REFUSED) /* Redis is there, and will not do: no reason to try again and again */
        r = &answered;
    d->ok = d->problem[0] == '\0';
    if (d->ok) {
        d->run_id_changed = q->run_id[0] != '\0' && strcmp(q->run_id, d->run_id) != 0;
        memcpy(q->run_id, d->run_id, sizeof(q->run_id));
    }
    o->cb(o->arg, r, d);
}

static void ask_config(struct check_op *o)
{
    o->step = CHECK_CONFIG;
    queue_op_reset(&o->op);
    queue_op_str(&o->op, "CONFIG");
    queue_op_str(&o->op, "GET");
    queue_op_str(&o->op, "*append*");
    queue_op_command(&o->op, REDIS_ARRAY);
}

/* No other data is called so. */
static int64_t new_name(void)
{
    uint64_t random;

    secret_random(&random, sizeof(random));
    return (int64_t)(random >> 1);
}

static void ask_script(struct check_op *o)
{
    o->step = CHECK_SCRIPT;
    queue_op_reset(&o->op);
    queue_op_i64(&o->op, QUEUE_SCHEMA_VERSION);
    queue_op_str(&o->op, o->d.run_id);
    queue_op_i64(&o->op, HOLD_MS);
    queue_op_i64(&o->op, new_name());
    queue_op_script(&o->op, SCRIPT_CHECK);
}

static void take_holdings(struct queue_holdings *h, const struct redis_value *v)
{
    const char *acked = redis_value_str(redis_value_at(v, 5), NULL);
    size_t born = acked != NULL ? strcspn(acked, " ") : 0;

    h->gen = queue_value_i64(v, 3, 0);
    queue_value_copy(redis_value_at(v, 4), h->born, sizeof(h->born));
    if (born > 0 && born < sizeof(h->acked_born) && acked[born] == ' ' &&
        num_i64(acked + born + 1, 0, INT64_MAX, &h->acked_gen) == 0) {
        memcpy(h->acked_born, acked, born);
        h->acked_born[born] = '\0';
    }
    h->n_residents = (uint64_t)queue_value_i64(v, 6, 0);
    h->n_activities = (uint64_t)queue_value_i64(v, 7, 0);
    h->n_notices = (uint64_t)queue_value_i64(v, 8, 0);
    while (h->n_ids < sizeof(h->ids) / sizeof(h->ids[0]) &&
           queue_value_copy(redis_value_at(v, 9 + h->n_ids), h->ids[h->n_ids], sizeof(h->ids[0])))
        h->n_ids++;
}

static void take_script(struct check_op *o, const struct redis_value *v)
{
    int64_t off = queue_value_i64(v, 1, 0) - clock_wall_ms();
    struct queue *q = o->op.q;
    bool torn = q->aof_torn && !o->aof_failing && clock_mono_ms() >= q->rewrite_after_ms;

    if (off > CLOCK_OFF_MS || off < -CLOCK_OFF_MS)
        warn(&o->d, "the clocks of Redis and of this host differ by %" PRId64 " ms: times follow Redis", off);
    take_holdings(&o->d.holds, v);
    o->rewrite = o->d.aof && (queue_value_i64(v, 2, 0) != 0 || torn);
    if (torn) /* it may fail again, and costs a fork */
        q->rewrite_after_ms = clock_mono_ms() + REWRITE_AGAIN_MS;
}

/* Redis 7.0.15: an append-only file torn inside a script's block loses later writes at the *second* restart, unless it is rewritten. And one
 * that a full disk has cut inside a command is written on behind the half command when there is room again: Redis then refuses to start
 * with it, and redis-check-aof would cut off everything that came later. */
static void ask_rewrite(struct check_op *o)
{
    o->step = CHECK_REWRITE;
    queue_op_reset(&o->op);
    queue_op_str(&o->op, "BGREWRITEAOF");
    queue_op_command(&o->op, REDIS_STATUS);
}

/* Redis refuses it exactly when it refuses new work; appending nothing to nothing makes no key. */
static void ask_probe(struct check_op *o)
{
    o->step = CHECK_PROBE;
    queue_op_reset(&o->op);
    queue_op_str(&o->op, "SETRANGE");
    queue_op_key(&o->op, KEY_PROBE, NULL);
    queue_op_i64(&o->op, 0);
    queue_op_str(&o->op, "");
    queue_op_command(&o->op, REDIS_INTEGER);
}

static void judge_probe(struct check_op *o, const struct queue_result *r)
{
    struct queue_durability *d = &o->d;

    d->full = r->status == QUEUE_UNAVAILABLE && strcmp(r->e->field, "OOM") == 0;
    if (d->full && snprintf(d->refusal, sizeof(d->refusal),
                            "Redis' memory is full (%" PRId64 " of %" PRId64
                            " MiB): give it more (maxmemory), or wait until old audiences are purged",
                            o->used >> 20, o->max >> 20) < 0)
        d->refusal[0] = '\0';
}

static void on_check(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct check_op *o = (struct check_op *)op;
    const char *info = redis_value_str(v, NULL);
    bool there = r->status == QUEUE_OK || r->status == QUEUE_REFUSED;
    const struct queue_result fine = {.status = QUEUE_OK, .e = NULL};

    switch (o->step) {
    case CHECK_INFO:
        if (r->status == QUEUE_OK)
            judge_info(o, info != NULL ? info : "");
        if (r->status != QUEUE_OK || o->d.problem[0] != '\0')
            break;
        ask_config(o);
        return;
    case CHECK_CONFIG:
        if (!there)
            break;
        judge_config(o, v);
        put_words(o);
        ask_script(o);
        return;
    case CHECK_SCRIPT:
        if (r->status != QUEUE_OK)
            break;
        take_script(o, v);
        if (o->rewrite)
            ask_rewrite(o);
        else
            ask_probe(o);
        return;
    case CHECK_REWRITE:
        if (!there)
            break;
        o->op.q->aof_torn = false; /* until a check finds that it failed */
        if (r->status == QUEUE_REFUSED && strcmp(r->e->code, "redis-rights") == 0)
            warn(&o->d, "Redis restarted or had no room on its disk: run BGREWRITEAOF once by hand (this "
                        "Redis user may not)");
        ask_probe(o);
        return;
    case CHECK_PROBE:
        judge_probe(o, r);
        report(o, o->d.full || r->status == QUEUE_REFUSED ? &fine : r);
        return;
    }
    report(o, r);
}

void queue_check(struct queue *q, queue_check_fn cb, void *arg)
{
    struct check_op *o = queue_op_new(q, sizeof(*o), on_check);

    o->cb = cb;
    o->arg = arg;
    o->step = CHECK_INFO;
    queue_op_str(&o->op, "INFO");
    queue_op_command(&o->op, REDIS_STRING);
}
