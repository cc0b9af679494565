#include "net/redis_sentinel.h"

#include <string.h>

#include "base/num.h"

void redis_sentinel_init(struct redis_sentinel *s, const struct redis_url *url)
{
    *s = (struct redis_sentinel){.url = url};
}

bool redis_sentinel_needed(const struct redis_sentinel *s)
{
    return s->url->n_sentinels > 0 && !s->found;
}

void redis_sentinel_aim(const struct redis_sentinel *s, struct redis_dial *d)
{
    const struct redis_url *u = s->url;

    if (u->n_sentinels == 0)
        redis_dial_aim(d, u->path, u->at.host, u->at.port);
    else if (s->found)
        redis_dial_aim(d, NULL, s->host, s->port);
    else
        redis_dial_aim(d, NULL, u->sentinels[s->at].host, u->sentinels[s->at].port);
}

static bool copy(char *to, size_t cap, const struct redis_value *v)
{
    size_t n;
    const char *text = redis_value_str(v, &n);

    if (text == NULL || n == 0 || n >= cap || strlen(text) != n)
        return false;
    memcpy(to, text, n + 1);
    return true;
}

const char *redis_sentinel_answer(struct redis_sentinel *s, const struct redis_answer *a)
{
    int64_t port;

    if (a->fault == REDIS_REFUSED)
        return "the sentinel refuses to name the master";
    if (a->fault != REDIS_OK)
        return "the sentinel did not answer";
    if (redis_value_type(a->value) == REDIS_NIL)
        return "the sentinel knows no master of this name";
    if (redis_value_count(a->value) != 2 || !copy(s->host, sizeof(s->host), redis_value_at(a->value, 0)) ||
        !copy(s->port, sizeof(s->port), redis_value_at(a->value, 1)) || num_i64(s->port, 1, 65535, &port) < 0)
        return "the sentinel's answer is no address";
    s->found = true;
    return NULL;
}

bool redis_sentinel_next(struct redis_sentinel *s)
{
    size_t n = s->url->n_sentinels;

    if (n == 0)
        return false;
    s->found = false;
    s->at = (s->at + 1) % n;
    if (++s->n_asked < n)
        return true;
    s->n_asked = 0;
    return false;
}

void redis_sentinel_good(struct redis_sentinel *s)
{
    s->n_asked = 0;
    s->found = false;
}
