#include "model/repeat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define CODE "bad-repeat"

/* ---- reading ---- */

typedef int (*member_fn)(struct repeat *r, const char *name, const json_t *v, struct err *e);

static int wrong(const char *name, const char *allowed, struct err *e)
{
    char field[64];

    if (snprintf(field, sizeof(field), "repeat.%s", name) < 0)
        panic("snprintf");
    return err_set(e, CODE, field, "\"%s\" must be %s", field, allowed);
}

/* The word before the colon is the member's name. */
static int read_rule(struct repeat *r, const char *name, const json_t *v, struct err *e)
{
    struct when *w;
    struct err why;

    if (!json_is_string(v))
        return wrong(name, "a string", e);
    if (r->rule != NULL)
        return err_set(e, CODE, "repeat", "\"repeat\" holds one rule: lunar, term, festival or rrule");
    r->rule = xasprintf("%s:%s", name, json_string_value(v));
    w = when_parse(r->rule, &why);
    if (w == NULL)
        return err_set(e, CODE, "repeat", "%s", why.msg);
    when_free(w);
    return 0;
}

static int read_minutes(int *out, const char *name, const json_t *v, struct err *e)
{
    const char *s = json_string_value(v);
    int64_t h, m;

    if (s == NULL || strlen(s) != 5 || s[2] != ':' || num_i64_n(s, 2, 0, 23, &h) != 0 ||
        num_i64(s + 3, 0, 59, &m) != 0)
        return wrong(name, "a time of the day like \"09:00\"", e);
    *out = (int)(h * 60 + m);
    return 0;
}

static int read_at(struct repeat *r, const char *name, const json_t *v, struct err *e)
{
    return read_minutes(&r->at, name, v, e);
}

static int read_end(struct repeat *r, const char *name, const json_t *v, struct err *e)
{
    return read_minutes(&r->end, name, v, e);
}

static int read_before(struct repeat *r, const char *name, const json_t *v, struct err *e)
{
    json_int_t n = json_integer_value(v);

    if (!json_is_integer(v) || n < 0 || n > REPEAT_BEFORE_MAX)
        return wrong(name, "a number from 0 to 60", e);
    r->days_before = (int)n;
    return 0;
}

static int read_day(struct date *out, const char *name, const json_t *v, struct err *e)
{
    const char *s = json_string_value(v);

    /* year 0 would mean "not said" */
    return s != NULL && date_parse(s, out) && out->year >= 1900 ? 0
                                                                : wrong(name, "a day like \"2027-02-06\"", e);
}

static int read_from(struct repeat *r, const char *name, const json_t *v, struct err *e)
{
    return read_day(&r->from, name, v, e);
}

static int read_until(struct repeat *r, const char *name, const json_t *v, struct err *e)
{
    return read_day(&r->until, name, v, e);
}

static int read_except(struct repeat *r, const char *name, const json_t *v, struct err *e)
{
    size_t n = json_array_size(v);

    if (!json_is_array(v) || n > REPEAT_EXCEPT_MAX)
        return wrong(name, "a list of at most 200 days", e);
    r->except = xcalloc(n + 1, sizeof(*r->except));
    for (; r->n_except < n; r->n_except++)
        if (read_day(&r->except[r->n_except], name, json_array_get(v, r->n_except), e) != 0)
            return -1;
    return 0;
}

static int read_member(struct repeat *r, const char *name, const json_t *v, struct err *e)
{
    static const struct {
        const char *name;
        member_fn read;
    } members[] = {
        {"lunar",       read_rule  },
        {"term",        read_rule  },
        {"festival",    read_rule  },
        {"rrule",       read_rule  },
        {"at",          read_at    },
        {"not_after",   read_end   },
        {"days_before", read_before},
        {"from",        read_from  },
        {"until",       read_until },
        {"except",      read_except},
    };

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (strcmp(members[i].name, name) == 0)
            return members[i].read(r, name, v, e);
    return err_set(e, CODE, "repeat",
                   "\"repeat\" has no member \"%.40s\"; allowed: lunar, term, festival or rrule, and at, "
                   "not_after, days_before, from, until, except",
                   name);
}

struct repeat *repeat_parse(const json_t *v, struct err *e)
{
    struct repeat *r = xcalloc(1, sizeof(*r));
    const char *name;
    json_t *one;
    int rc = 0;

    r->at = r->end = -1;
    if (!json_is_object(v))
        rc = err_set(e, CODE, "repeat", "\"repeat\" must be an object");
    json_object_foreach((json_t *)(uintptr_t)v, name, one)
    {
        if (rc == 0)
            rc = read_member(r, name, one, e);
    }
    if (rc == 0 && r->rule == NULL)
        rc = err_set(e, CODE, "repeat", "\"repeat\" needs a rule: lunar, term, festival or rrule");
    if (rc == 0 && r->from.year != 0 && r->until.year != 0 && date_days(r->until) < date_days(r->from))
        rc = err_set(e, CODE, "repeat.until", "\"repeat.until\" is before \"repeat.from\"");
    if (rc == 0)
        return r;
    repeat_free(r);
    return NULL;
}

void repeat_free(struct repeat *r)
{
    if (r == NULL)
        return;
    free(r->rule);
    free(r->except);
    free(r);
}

/* ---- writing ---- */

const char *repeat_date(struct date d, char *out, size_t n)
{
    int len = snprintf(out, n, "%04d-%02d-%02d", d.year, d.month, d.day);

    if (len < 0 || (size_t)len >= n)
        panic("a day does not fit");
    return out;
}

static void put_minutes(json_t *o, const char *name, int at)
{
    if (at >= 0)
        json_object_set_new(o, name, json_sprintf("%02d:%02d", at / 60, at % 60));
}

static void put_day(json_t *o, const char *name, struct date d)
{
    char s[32];

    if (d.year != 0)
        json_object_set_new(o, name, json_string(repeat_date(d, s, sizeof(s))));
}

json_t *repeat_json(const struct repeat *r)
{
    const char *colon = strchr(r->rule, ':');
    json_t *o = json_object(), *except = json_array();
    char name[16], s[32];

    if (snprintf(name, sizeof(name), "%.*s", (int)(colon - r->rule), r->rule) < 0)
        panic("snprintf");
    json_object_set_new(o, name, json_string(colon + 1));
    put_minutes(o, "at", r->at);
    put_minutes(o, "not_after", r->end);
    if (r->days_before > 0)
        json_object_set_new(o, "days_before", json_integer(r->days_before));
    put_day(o, "from", r->from);
    put_day(o, "until", r->until);
    for (size_t i = 0; i < r->n_except; i++)
        json_array_append_new(except, json_string(repeat_date(r->except[i], s, sizeof(s))));
    if (r->n_except > 0)
        json_object_set(o, "except", except);
    json_decref(except);
    return o;
}
