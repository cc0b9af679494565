/* Reading answers: a struct redis_value is hiredis' redisReply under another name. */
#include "net/redis.h"

#include <hiredis/hiredis.h>

#include "base/num.h"

static const redisReply *reply_of(const struct redis_value *v)
{
    return (const redisReply *)(const void *)v;
}

enum redis_type redis_value_type(const struct redis_value *v)
{
    if (v == NULL)
        return REDIS_NIL;
    switch (reply_of(v)->type) { /* hiredis' numbers, not our enum */
    case REDIS_REPLY_STRING:
        return REDIS_STRING;
    case REDIS_REPLY_INTEGER:
        return REDIS_INTEGER;
    case REDIS_REPLY_ARRAY:
        return REDIS_ARRAY;
    case REDIS_REPLY_STATUS:
        return REDIS_STATUS;
    case REDIS_REPLY_ERROR:
        return REDIS_ERROR;
    default:
        return REDIS_NIL;
    }
}

const char *redis_value_str(const struct redis_value *v, size_t *len)
{
    enum redis_type t = redis_value_type(v);
    bool text = t == REDIS_STRING || t == REDIS_STATUS || t == REDIS_ERROR;

    if (len != NULL)
        *len = text ? reply_of(v)->len : 0;
    return text ? reply_of(v)->str : NULL;
}

int64_t redis_value_int(const struct redis_value *v, int64_t otherwise)
{
    const char *s;
    size_t n;
    int64_t out;

    if (redis_value_type(v) == REDIS_INTEGER)
        return reply_of(v)->integer;
    s = redis_value_str(v, &n);
    return s != NULL && num_i64_n(s, n, INT64_MIN, INT64_MAX, &out) == 0 ? out : otherwise;
}

size_t redis_value_count(const struct redis_value *v)
{
    return redis_value_type(v) == REDIS_ARRAY ? reply_of(v)->elements : 0;
}

const struct redis_value *redis_value_at(const struct redis_value *v, size_t i)
{
    if (i >= redis_value_count(v))
        return NULL;
    return (const struct redis_value *)(const void *)reply_of(v)->element[i];
}
