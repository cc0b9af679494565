#include "queue/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "queue/queue_int.h"

/* A word that no other life of this daemon, and no other daemon, has: owner tokens are compared for equality only, and a counter in Redis
 * could repeat after Redis lost its last writes. */
static void make_nonce(char out[17])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char raw[8];

    if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
        panic("the kernel gives no random bytes");
    for (size_t i = 0; i < sizeof(raw); i++) {
        out[2 * i] = hex[raw[i] >> 4];
        out[2 * i + 1] = hex[raw[i] & 15];
    }
    out[16] = '\0';
}

/* FNV-1a: daemons that share a Redis are few. */
static void make_tag(const char *daemon_id, char out[13])
{
    uint64_t h = 0xcbf29ce484222325u;
    int n;

    for (const char *p = daemon_id; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    n = snprintf(out, 13, "%012llx", (unsigned long long)(h >> 16));
    if (n != 12)
        panic("a tag has %d characters", n);
}

struct queue *queue_new(const struct queue_opts *o)
{
    struct queue *q = xcalloc(1, sizeof(*q));

    q->redis = o->redis;
    keys_init(&q->keys, o->prefix, o->community);
    q->community = xstrdup(o->community);
    q->daemon_id = xstrdup(o->daemon_id);
    q->lease_ms = o->lease_ms > 0 ? o->lease_ms : 60000;
    q->on_misconf = o->on_misconf;
    q->arg = o->arg;
    make_nonce(q->nonce);
    make_tag(o->daemon_id, q->tag);
    TAILQ_INIT(&q->ops);
    return q;
}

const char *queue_community(const struct queue *q)
{
    return q->community;
}

int64_t queue_latency_us(const struct queue *q)
{
    return redis_latency_us(q->redis);
}
