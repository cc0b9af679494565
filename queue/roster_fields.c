/* An activity as a hash in Redis, there and back. */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "queue/queue_int.h"
#include "queue/roster_int.h"

/* ---- reading ---- */

static int64_t field_i64(const struct redis_value *fields, const char *name)
{
    return redis_value_int(queue_value_field(fields, name), 0);
}

static uint32_t field_u32(const struct redis_value *fields, const char *name)
{
    int64_t v = field_i64(fields, name);

    return v > 0 && v <= UINT32_MAX ? (uint32_t)v : 0;
}

/* Texts of at most ${size} - 1 bytes, one a line. */
static size_t read_texts(char *out, size_t max, size_t size, const struct redis_value *v)
{
    size_t n = 0, n_texts = 0;
    const char *s = redis_value_str(v, &n), *end = s ? s + n : NULL;

    while (s && s < end && n_texts < max) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        size_t len = (size_t)((stop ? stop : end) - s);
        if (len > 0 && len < size) {
            memcpy(out + n_texts * size, s, len);
            out[n_texts++ * size + len] = '\0';
        }
        s += len + 1;
    }
    return n_texts;
}

/* "1440 120"; nothing: the community's. */
static void read_reminders(struct activity_reminders *r, const struct redis_value *v)
{
    size_t n = 0;
    const char *s = redis_value_str(v, &n), *end = s ? s + n : NULL;

    r->set = s != NULL && n > 0;
    while (s && s < end && r->n < ACTIVITY_REMINDERS) {
        const char *stop = memchr(s, ' ', (size_t)(end - s));
        size_t len = (size_t)((stop ? stop : end) - s);
        int64_t minutes;
        if (num_i64_n(s, len, 1, UINT32_MAX, &minutes) == 0)
            r->minutes[r->n++] = (uint32_t)minutes;
        s += len + 1;
    }
}

/* "START MINUTES": of another start it says nothing. */
static uint32_t read_reminded(const struct activity *a, const struct redis_value *v)
{
    size_t n = 0;
    const char *s = redis_value_str(v, &n), *gap = s ? memchr(s, ' ', n) : NULL;
    int64_t start, minutes;

    if (!gap || num_i64_n(s, (size_t)(gap - s), 0, INT64_MAX, &start) != 0 || start != a->starts_at ||
        num_i64_n(gap + 1, n - (size_t)(gap + 1 - s), 0, UINT32_MAX, &minutes) != 0)
        return 0;
    return (uint32_t)minutes;
}

void roster_read_activity(struct activity *a, const struct redis_value *fields, int64_t taken,
                          int64_t waiting)
{
    int64_t state = field_i64(fields, "state");

    memset(a, 0, sizeof(*a));
    queue_value_copy(queue_value_field(fields, "code"), a->code, sizeof(a->code));
    queue_value_copy(queue_value_field(fields, "title"), a->title, sizeof(a->title));
    queue_value_copy(queue_value_field(fields, "place"), a->place, sizeof(a->place));
    queue_value_copy(queue_value_field(fields, "price"), a->price, sizeof(a->price));
    queue_value_copy(queue_value_field(fields, "sign_in"), a->sign_in, sizeof(a->sign_in));
    queue_value_copy(queue_value_field(fields, "map"), a->map, sizeof(a->map));
    a->n_aliases = read_texts(a->aliases[0], ACTIVITY_ALIASES, sizeof(a->aliases[0]),
                              queue_value_field(fields, "aliases"));
    a->n_tags =
        read_texts(a->tags[0], ACTIVITY_TAGS, sizeof(a->tags[0]), queue_value_field(fields, "for_tags"));
    a->n_areas =
        read_texts(a->areas[0], ACTIVITY_AREAS, sizeof(a->areas[0]), queue_value_field(fields, "for_areas"));
    a->seats = field_u32(fields, "seats");
    a->max_party = field_u32(fields, "max_party");
    a->confirm_within = field_u32(fields, "confirm");
    a->opens_at = field_i64(fields, "opens");
    a->closes_at = field_i64(fields, "closes");
    a->starts_at = field_i64(fields, "starts");
    a->stored = state >= 0 && state <= ACTIVITY_CANCELLED ? (enum activity_state)state : ACTIVITY_OPEN;
    a->rev = field_u32(fields, "rev");
    read_reminders(&a->reminders, queue_value_field(fields, "reminders"));
    a->reminded = read_reminded(a, queue_value_field(fields, "reminded"));
    a->fixed_at = field_i64(fields, "fixed");
    a->taken = (uint32_t)taken;
    a->waiting = (uint32_t)waiting;
}

/* ---- writing ---- */

void roster_put_number(struct queue_op *op, const char *name, int64_t v)
{
    queue_op_str(op, name);
    queue_op_i64(op, v);
}

static void put_text(struct queue_op *op, const char *name, const char *s)
{
    queue_op_str(op, name);
    queue_op_str(op, s);
}

/* "-": none at all, whatever the community does. */
static void put_reminders(struct queue_op *op, const struct activity_reminders *r)
{
    struct buf list = BUF_INIT(ACTIVITY_REMINDERS * 12);

    if (r->set && r->n == 0)
        buf_str(&list, "-");
    for (size_t i = 0; r->set && i < r->n; i++)
        buf_fmt(&list, "%s%u", i ? " " : "", r->minutes[i]);
    put_text(op, "reminders", buf_cstr(&list));
    buf_fini(&list);
}

static void put_texts(struct queue_op *op, const char *name, const char *list, size_t n, size_t size)
{
    struct buf b = BUF_INIT(n * size + 1);

    for (size_t i = 0; i < n; i++)
        if (buf_fmt(&b, "%s%s", i ? "\n" : "", list + i * size) < 0)
            panic("%s do not fit", name);
    put_text(op, name, buf_cstr(&b));
    buf_fini(&b);
}

/* Staff's fields, as the scripts take them. */
void roster_put_fields(struct queue_op *op, const struct activity *a)
{
    put_text(op, "code", a->code);
    put_text(op, "title", a->title);
    put_text(op, "place", a->place);
    put_text(op, "price", a->price);
    put_text(op, "map", a->map);
    put_text(op, "sign_in", a->sign_in);
    put_texts(op, "aliases", a->aliases[0], a->n_aliases, sizeof(a->aliases[0]));
    put_texts(op, "for_tags", a->tags[0], a->n_tags, sizeof(a->tags[0]));
    put_texts(op, "for_areas", a->areas[0], a->n_areas, sizeof(a->areas[0]));
    roster_put_number(op, "seats", a->seats);
    roster_put_number(op, "max_party", a->max_party);
    roster_put_number(op, "opens", a->opens_at);
    roster_put_number(op, "closes", a->closes_at);
    roster_put_number(op, "starts", a->starts_at);
    roster_put_number(op, "confirm", a->confirm_within);
    put_reminders(op, &a->reminders);
}
