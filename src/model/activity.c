#include "model/activity.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/span.h"
#include "text/utf8.h"

#define SEATS_MAX     1000000
#define PARTY_DEFAULT 10
#define PARTY_MAX     1000

static const char *const STATES[] = {"planned", "open", "closed", "cancelled"};
static const char *const STATUSES[] = {"confirmed", "waiting", "withdrawn", "attended", "offered"};

const char *activity_state_name(enum activity_state s)
{
    return STATES[s];
}

const char *reg_status_name(enum reg_status s)
{
    return STATUSES[s];
}

int reg_status_parse(const char *s)
{
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++)
        if (strcmp(STATUSES[i], s) == 0)
            return (int)i;
    return -1;
}

enum activity_state activity_state_at(const struct activity *a, int64_t now_at)
{
    int64_t closes_at = a->closes_at ? a->closes_at : a->starts_at;

    switch (a->stored) {
    case ACTIVITY_CLOSED:
    case ACTIVITY_CANCELLED:
        return a->stored;
    case ACTIVITY_PLANNED:
    case ACTIVITY_OPEN:
        break;
    }
    if (now_at < a->opens_at)
        return ACTIVITY_PLANNED;
    return closes_at && now_at >= closes_at ? ACTIVITY_CLOSED : ACTIVITY_OPEN;
}

static json_t *time_json(int64_t at, const char *tz)
{
    char s[40];

    return at ? json_string(clock_format_iso(at, tz, s, sizeof(s))) : json_null();
}

static json_t *reminders_json(const struct activity_reminders *r)
{
    json_t *list = json_array();
    char span[16];

    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(list, json_string(span_format(r->minutes[i], span, sizeof(span))));
    if (r->set)
        return list;
    json_decref(list);
    return json_null();
}

static json_t *texts_json(const char *list, size_t n, size_t size)
{
    json_t *o = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(o, json_string(list + i * size));
    return o;
}

static json_t *span_json(uint32_t minutes)
{
    char span[16];

    return minutes ? json_string(span_format(minutes, span, sizeof(span))) : json_null();
}

json_t *activity_json(const struct activity *a, int64_t now_at, const char *tz)
{
    json_t *aliases = texts_json(a->aliases[0], a->n_aliases, sizeof(a->aliases[0]));

    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:s, s:I, s:o, s:o, s:s, s:s, "
                     "s:o, s:o, s:o}",
                     "code", a->code, "title", a->title, "seats", (json_int_t)a->seats, "taken",
                     (json_int_t)a->taken, "free",
                     (json_int_t)(a->seats > a->taken ? a->seats - a->taken : 0), "waiting",
                     (json_int_t)a->waiting, "state", activity_state_name(activity_state_at(a, now_at)),
                     "opens_at", time_json(a->opens_at, tz), "closes_at", time_json(a->closes_at, tz),
                     "starts_at", time_json(a->starts_at, tz), "aliases", aliases, "place", a->place,
                     "max_party", (json_int_t)a->max_party, "confirm_within", span_json(a->confirm_within),
                     "reminders", reminders_json(&a->reminders), "map", a->map, "price", a->price, "for_tags",
                     texts_json(a->tags[0], a->n_tags, sizeof(a->tags[0])), "for_areas",
                     texts_json(a->areas[0], a->n_areas, sizeof(a->areas[0])), "sign_in",
                     a->sign_in[0] != '\0' ? json_string(a->sign_in) : json_null());
}

/* ---- from JSON ---- */

struct ctx {
    struct activity *a;
    const char *tz;
    struct err *e;
};

static int bad(const struct ctx *c, const char *member, const char *what)
{
    return err_set(c->e, "bad-activity", member, "%s: %s", member, what);
}

static bool is_cjk(int32_t c)
{
    return (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff) ||
           c == 0x3007 || (c >= 0x3041 && c <= 0x30ff) || (c >= 0xac00 && c <= 0xd7a3);
}

bool activity_code_valid(const char *s, size_t n)
{
    const char *p = s, *end = s + n;

    while (p < end) {
        int32_t c = utf8_next(&p, end);
        bool ascii = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                     c == '_' || c == '-';
        if (!ascii && !is_cjk(c))
            return false;
    }
    return n > 0 && n <= ACTIVITY_CODE_MAX;
}

/* A short line of text: no control characters, blanks trimmed at both ends. */
static int take_text(const struct ctx *c, const char *member, const json_t *v, char *out, size_t size)
{
    const char *s = json_string_value(v);
    size_t n = s ? json_string_length(v) : 0;

    if (!s)
        return bad(c, member, "must be a text");
    for (; n > 0 && s[n - 1] == ' '; n--)
        ;
    for (; n > 0 && *s == ' '; n--)
        s++;
    if (n >= size)
        return err_set(c->e, "bad-activity", member, "%s: at most %zu bytes, found %zu", member, size - 1, n);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return bad(c, member, "holds a line break or control character");
    memcpy(out, s, n);
    out[n] = '\0';
    return 0;
}

static int take_number(const struct ctx *c, const char *member, const json_t *v, json_int_t max,
                       uint32_t *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > max)
        return err_set(c->e, "bad-activity", member, "%s: must be a whole number from 1 to %lld", member,
                       (long long)max);
    *out = (uint32_t)json_integer_value(v);
    return 0;
}

static int take_time(const struct ctx *c, const char *member, const json_t *v, int64_t *out)
{
    struct err e = {.msg = ""};

    *out = 0;
    if (json_is_null(v))
        return 0;
    if (!json_is_string(v))
        return bad(c, member, "must be a time such as \"2026-11-28T09:00:00+08:00\"");
    if (clock_parse_local(json_string_value(v), c->tz, out, &e) < 0)
        return err_set(c->e, "bad-activity", member, "%s: %s", member, e.msg);
    return 0;
}

/* A list of at most ${max} texts, none of them empty. */
static int take_texts(const struct ctx *c, const char *member, const json_t *v, char *out, size_t max,
                      size_t size, size_t *n)
{
    char what[64];

    *n = 0;
    snprintf(what, sizeof(what), "must be a list of at most %zu texts", max);
    if (!json_is_array(v) || json_array_size(v) > max)
        return bad(c, member, what);
    for (; *n < json_array_size(v); ++*n) {
        char *to = out + *n * size;
        if (take_text(c, member, json_array_get(v, *n), to, size) < 0)
            return -1;
        if (to[0] == '\0')
            return bad(c, member, "a text is empty");
    }
    return 0;
}

static int take_areas(const struct ctx *c, const json_t *v)
{
    struct activity *a = c->a;

    if (take_texts(c, "for_areas", v, a->areas[0], ACTIVITY_AREAS, sizeof(a->areas[0]), &a->n_areas) < 0)
        return -1;
    for (size_t i = 0; i < a->n_areas; i++)
        if (a->areas[i][strspn(a->areas[i], "0123456789")] != '\0')
            return bad(c, "for_areas", "must be codes of areas such as \"460106\"");
    return 0;
}

static int take_sign_in(const struct ctx *c, const json_t *v)
{
    char *digits = c->a->sign_in;
    size_t n;

    digits[0] = '\0';
    if (json_is_null(v))
        return 0;
    if (take_text(c, "sign_in", v, digits, sizeof(c->a->sign_in)) < 0)
        return -1;
    n = strspn(digits, "0123456789");
    return digits[n] == '\0' && n >= 4 ? 0 : bad(c, "sign_in", "must be 4 to 8 digits, or null");
}

/* Goes into messages and pages: an address of the web, with nothing in it that would end it. */
static int take_map(const struct ctx *c, const json_t *v)
{
    char *map = c->a->map;

    if (take_text(c, "map", v, map, sizeof(c->a->map)) < 0)
        return -1;
    if (map[0] != '\0' &&
        (strncmp(map, "https://", 8) != 0 || map[8] == '\0' || strpbrk(map, " \"<>\\^`{|}") != NULL))
        return bad(c, "map", "must be a link that begins with https://");
    return 0;
}

static int take_span(const struct ctx *c, const char *member, const json_t *v, uint32_t *out)
{
    *out = 0;
    if (json_is_null(v))
        return 0;
    return json_is_string(v) && span_parse(json_string_value(v), out) == 0
               ? 0
               : bad(c, member, "must be " SPAN_FORM ", or null");
}

static int take_reminders(const struct ctx *c, const json_t *v)
{
    struct activity_reminders *r = &c->a->reminders;

    *r = (struct activity_reminders){.set = !json_is_null(v)};
    if (!r->set)
        return 0;
    if (!json_is_array(v) || json_array_size(v) > ACTIVITY_REMINDERS)
        return bad(c, "reminders", "must be a list of at most 4 lengths of time such as \"24h\"");
    for (; r->n < json_array_size(v); r->n++) {
        const char *s = json_string_value(json_array_get(v, r->n));
        if (s == NULL || span_parse(s, &r->minutes[r->n]) != 0)
            return bad(c, "reminders", "each must be " SPAN_FORM);
    }
    return 0;
}

static int take_member(const struct ctx *c, const char *key, const json_t *v)
{
    struct activity *a = c->a;

    if (strcmp(key, "code") == 0) {
        if (take_text(c, key, v, a->code, sizeof(a->code)) < 0)
            return -1;
        return activity_code_valid(a->code, strlen(a->code))
                   ? 0
                   : bad(c, key, "letters, digits, '.', '_', '-' or Chinese characters, no blanks");
    }
    if (strcmp(key, "title") == 0)
        return take_text(c, key, v, a->title, sizeof(a->title));
    if (strcmp(key, "place") == 0)
        return take_text(c, key, v, a->place, sizeof(a->place));
    if (strcmp(key, "price") == 0)
        return take_text(c, key, v, a->price, sizeof(a->price));
    if (strcmp(key, "sign_in") == 0)
        return take_sign_in(c, v);
    if (strcmp(key, "map") == 0)
        return take_map(c, v);
    if (strcmp(key, "for_tags") == 0)
        return take_texts(c, key, v, a->tags[0], ACTIVITY_TAGS, sizeof(a->tags[0]), &a->n_tags);
    if (strcmp(key, "for_areas") == 0)
        return take_areas(c, v);
    if (strcmp(key, "aliases") == 0)
        return take_texts(c, key, v, a->aliases[0], ACTIVITY_ALIASES, sizeof(a->aliases[0]), &a->n_aliases);
    if (strcmp(key, "confirm_within") == 0)
        return take_span(c, key, v, &a->confirm_within);
    if (strcmp(key, "reminders") == 0)
        return take_reminders(c, v);
    if (strcmp(key, "seats") == 0)
        return take_number(c, key, v, SEATS_MAX, &a->seats);
    if (strcmp(key, "max_party") == 0)
        return take_number(c, key, v, PARTY_MAX, &a->max_party);
    if (strcmp(key, "opens_at") == 0 || strcmp(key, "opens") == 0)
        return take_time(c, key, v, &a->opens_at);
    if (strcmp(key, "closes_at") == 0 || strcmp(key, "closes") == 0)
        return take_time(c, key, v, &a->closes_at);
    if (strcmp(key, "starts_at") == 0 || strcmp(key, "starts") == 0)
        return take_time(c, key, v, &a->starts_at);
    return err_set(
        c->e, "bad-activity", key,
        "unknown member \"%.*s\"; known are code, title, aliases, seats, opens_at, closes_at, starts_at, "
        "place, map, price, sign_in, for_tags, for_areas, max_party, confirm_within, reminders",
        (int)utf8_cut(key, strlen(key), 40), key);
}

static int take_members(const struct ctx *c, const json_t *body)
{
    json_t *v, *tree = (json_t *)(uintptr_t)body; /* jansson's iterator is not const, but changes nothing */
    const char *key;

    if (!json_is_object(body))
        return bad(c, "body", "must be an object");
    json_object_foreach(tree, key, v)
    {
        if (take_member(c, key, v) < 0)
            return -1;
    }
    return 0;
}

static int check_whole(const struct ctx *c)
{
    const struct activity *a = c->a;

    if (a->title[0] == '\0')
        return bad(c, "title", "is missing");
    if (a->seats == 0)
        return bad(c, "seats", "is missing");
    if (a->starts_at == 0)
        return bad(c, "starts_at", "is missing");
    if (a->opens_at && a->opens_at >= (a->closes_at ? a->closes_at : a->starts_at))
        return bad(c, a->closes_at ? "closes_at" : "starts_at", "registration would end before it opens");
    return 0;
}

int activity_from_json(struct activity *a, const json_t *body, const char *tz, struct err *e)
{
    const struct ctx c = {.a = a, .tz = tz, .e = e};

    memset(a, 0, sizeof(*a));
    a->stored = ACTIVITY_OPEN;
    a->max_party = PARTY_DEFAULT;
    if (take_members(&c, body) < 0)
        return -1;
    if (a->code[0] == '\0')
        return bad(&c, "code", "is missing: it is what people text");
    return check_whole(&c);
}

int activity_change_from_json(struct activity *a, const json_t *body, const char *tz, struct err *e)
{
    const struct ctx c = {.a = a, .tz = tz, .e = e};

    if (json_object_get(body, "code") != NULL)
        return bad(&c, "code", "never changes: it is what people text");
    if (take_members(&c, body) < 0)
        return -1;
    return check_whole(&c);
}

json_t *activity_differences(const struct activity *a, const struct activity *b)
{
    json_t *x = activity_json(a, 0, "UTC"), *y = activity_json(b, 0, "UTC"), *list = json_array(), *v;
    static const char *const counted[] = {"taken", "free", "waiting", "state"};
    const char *key;

    for (size_t i = 0; i < ARRAY_LEN(counted); i++)
        json_object_del(x, counted[i]);
    json_object_foreach(x, key, v)
    {
        if (!json_equal(v, json_object_get(y, key)))
            json_array_append_new(list, json_string(key));
    }
    json_decref(x);
    json_decref(y);
    return list;
}
