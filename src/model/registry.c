/* Answers: which text, and what stands in its places. The words are in registry_texts.c. */
#include "model/registry.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/registry_int.h"

const char *reg_result_name(enum reg_result r)
{
    static const char *const NAMES[REG_RESULT_N] = {
        [REG_OK_CONFIRMED] = "confirmed", [REG_OK_WAITING] = "waiting",
        [REG_OK_LEFT] = "left",           [REG_ALREADY] = "already",
        [REG_CHANGED] = "changed",        [REG_NOT_REGISTERED] = "not-registered",
        [REG_NOT_OPEN] = "not-open",      [REG_NO_ACTIVITY] = "no-activity",
        [REG_TOO_MANY] = "too-many",      [REG_CANCELLED_ACTIVITY] = "activity-cancelled",
    };
    return NAMES[r];
}

enum registry_lang registry_lang_of(const char *lang)
{
    return lang && strncmp(lang, "en", 2) == 0 && (lang[2] == '\0' || lang[2] == '-' || lang[2] == '_')
               ? REGISTRY_EN
               : REGISTRY_ZH;
}

/* --- filling the places --------------------------------------------------------------------------------------- */

void registry_put_str(struct registry_values *v, const char *name, const char *s)
{
    if (v->n == ARRAY_LEN(v->v))
        panic("registry: too many values");
    v->v[v->n].name = name;
    v->v[v->n++].s = s;
}

void registry_put_num(struct registry_values *v, const char *name, uint32_t value)
{
    registry_put_str(v, name, NULL);
    snprintf(v->v[v->n - 1].text, sizeof v->v[0].text, "%u", value); /* ten digits at most */
}

static const char *value_of(const struct registry_values *v, const char *name, size_t n)
{
    for (size_t i = 0; i < v->n; i++)
        if (strlen(v->v[i].name) == n && memcmp(v->v[i].name, name, n) == 0)
            return v->v[i].s ? v->v[i].s : v->v[i].text;
    panic("registry: no value for {%.*s}", (int)n, name);
}

int registry_fill(struct buf *out, enum registry_lang lang, enum registry_text_id id,
                  const struct registry_values *v)
{
    const char *p = registry_texts[id][lang], *open, *close;

    while ((open = strchr(p, '{')) != NULL && (close = strchr(open, '}')) != NULL) {
        buf_add(out, p, (size_t)(open - p));
        buf_str(out, value_of(v, open + 1, (size_t)(close - open - 1)));
        p = close + 1;
    }
    buf_str(out, p);
    return out->overflow ? -1 : 0;
}

static int fill_plain(struct buf *out, const char *lang, enum registry_text_id id)
{
    return registry_fill(out, registry_lang_of(lang), id, &(struct registry_values){.n = 0});
}

const char *registry_part_fill(struct registry_part *p, enum registry_lang lang, enum registry_text_id id,
                               const struct registry_values *v)
{
    p->b = BUF_INIT(REGISTRY_PART_MAX);
    return registry_fill(&p->b, lang, id, v) ? "" : buf_cstr(&p->b);
}

/* --- parts ---------------------------------------------------------------------------------------------------- */

static const char *places(struct registry_part *p, enum registry_lang lang, uint32_t place, uint32_t count)
{
    struct registry_values v = {.n = 0};

    registry_put_num(&v, "place", place);
    registry_put_num(&v, "last", place + (count ? count - 1 : 0));
    registry_put_num(&v, "count", count);
    return registry_part_fill(p, lang, count > 1 ? TEXT_PLACE_MANY : TEXT_PLACE_ONE, &v);
}

static const char *party(struct registry_part *p, enum registry_lang lang, uint32_t count)
{
    struct registry_values v = {.n = 0};

    registry_put_num(&v, "count", count);
    if (count > 1)
        return registry_part_fill(p, lang, TEXT_PARTY, &v);
    p->b = BUF_INIT(REGISTRY_PART_MAX);
    return "";
}

const char *registry_moment(struct registry_part *p, enum registry_lang lang, const char *tz, int64_t at)
{
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct clock_local t;
    char clock[32];
    struct registry_values v = {.n = 0};

    clock_local(at, tz, &t);
    snprintf(clock, sizeof clock, "%02d:%02d", t.hour, t.minute); /* five characters */
    registry_put_num(&v, "month", (uint32_t)t.month);
    registry_put_num(&v, "day", (uint32_t)t.day);
    registry_put_str(&v, "month_name", MONTHS[t.month >= 1 && t.month <= 12 ? t.month - 1 : 0]);
    registry_put_str(&v, "clock", clock);
    return registry_part_fill(p, lang, TEXT_TIME, &v);
}

static const char *fee_of(struct registry_part *p, enum registry_lang lang, const struct activity *a)
{
    struct registry_values v = {.n = 0};

    registry_put_str(&v, "price", a->price);
    if (a->price[0] != '\0')
        return registry_part_fill(p, lang, TEXT_FEE, &v);
    p->b = BUF_INIT(REGISTRY_PART_MAX);
    return "";
}

static const char *when(struct registry_part *p, enum registry_lang lang, const char *tz,
                        const struct activity *a)
{
    struct registry_part starts, fee;
    struct registry_values v = {.n = 0};

    if (a->starts_at == 0) {
        p->b = BUF_INIT(REGISTRY_PART_MAX);
        return "";
    }
    registry_put_str(&v, "starts", registry_moment(&starts, lang, tz, a->starts_at));
    registry_put_str(&v, "where", a->place);
    registry_put_str(&v, "fee", fee_of(&fee, lang, a));
    const char *s = registry_part_fill(p, lang, a->place[0] ? TEXT_WHEN_WHERE : TEXT_WHEN, &v);
    buf_fini(&starts.b);
    buf_fini(&fee.b);
    return s;
}

/* How people text the activity: its first alias, else its title. */
static const char *call_name(const struct activity *a)
{
    return a->n_aliases ? a->aliases[0] : a->title;
}

/* --- outcomes ------------------------------------------------------------------------------------------------- */

static uint32_t most_in_party(const struct activity *a)
{
    uint32_t max = a->max_party ? a->max_party : 10;

    return a->seats && a->seats < max ? a->seats : max;
}

/* "Full" is said only when it is: a party that does not fit waits beside free seats, and so does everybody behind it. */
static enum registry_text_id waiting_text(const struct registry_outcome *o)
{
    if (o->seats_left == 0)
        return TEXT_WAITING;
    return o->count > o->seats_left ? TEXT_WAITING_PARTY : TEXT_WAITING_TURN;
}

static enum registry_text_id text_for(const struct registry_outcome *o, enum intent_kind asked)
{
    bool waiting = o->status == REG_WAITING;

    switch (o->result) {
    case REG_OK_CONFIRMED:
        return TEXT_CONFIRMED;
    case REG_OK_WAITING:
        return waiting_text(o);
    case REG_OK_LEFT:
        return TEXT_LEFT;
    case REG_ALREADY:
        return waiting ? TEXT_ALREADY_WAITING : TEXT_ALREADY_CONFIRMED;
    case REG_CHANGED:
        return waiting ? TEXT_CHANGED_WAITING : TEXT_CHANGED_CONFIRMED;
    case REG_NOT_REGISTERED:
        return TEXT_NOT_REGISTERED;
    case REG_NOT_OPEN:
        if (asked == INTENT_LEAVE)
            return TEXT_LEAVE_CLOSED;
        return o->opens_at && o->closes_at ? TEXT_NOT_OPEN : TEXT_CLOSED;
    case REG_NO_ACTIVITY:
        return TEXT_NO_ACTIVITY;
    case REG_TOO_MANY:
        return TEXT_TOO_MANY;
    case REG_CANCELLED_ACTIVITY:
        return TEXT_CANCELLED;
    }
    panic("registry: result %d", (int)o->result);
}

int registry_say_outcome(struct buf *out, const char *lang, const char *tz, const struct activity *a,
                         enum intent_kind asked, const struct registry_outcome *o)
{
    enum registry_lang l = registry_lang_of(lang);
    struct registry_part part[5];
    struct registry_values v = {.n = 0};

    registry_put_str(&v, "title", a->title);
    registry_put_str(&v, "call", call_name(a));
    registry_put_num(&v, "left", o->seats_left);
    registry_put_num(&v, "count", o->count);
    registry_put_num(&v, "position", o->position);
    registry_put_num(&v, "max", most_in_party(a));
    registry_put_str(&v, "places", places(&part[0], l, o->place, o->count));
    registry_put_str(&v, "party", party(&part[1], l, o->count));
    registry_put_str(&v, "when", when(&part[2], l, tz, a));
    registry_put_str(&v, "opens", registry_moment(&part[3], l, tz, o->opens_at));
    registry_put_str(&v, "closes", registry_moment(&part[4], l, tz, o->closes_at));
    int rc = registry_fill(out, l, text_for(o, asked), &v);
    for (size_t i = 0; i < ARRAY_LEN(part); i++)
        buf_fini(&part[i].b);
    return rc;
}

int registry_say_promoted(struct buf *out, const char *lang, const char *tz, const struct activity *a,
                          uint32_t place, uint32_t count, int64_t confirm_by)
{
    enum registry_lang l = registry_lang_of(lang);
    struct registry_part part[3];
    struct registry_values v = {.n = 0};

    registry_put_str(&v, "title", a->title);
    registry_put_str(&v, "places", places(&part[0], l, place, count));
    registry_put_str(&v, "when", when(&part[1], l, tz, a));
    registry_put_str(&v, "until", registry_moment(&part[2], l, tz, confirm_by));
    registry_put_num(&v, "count", count);
    int rc = registry_fill(out, l, confirm_by != 0 ? TEXT_OFFERED : TEXT_PROMOTED, &v);
    for (size_t i = 0; i < ARRAY_LEN(part); i++)
        buf_fini(&part[i].b);
    return rc;
}

int registry_say_lapsed(struct buf *out, const char *lang, const struct activity *a)
{
    struct registry_values v = {.n = 0};

    registry_put_str(&v, "title", a->title);
    registry_put_str(&v, "call", call_name(a));
    return registry_fill(out, registry_lang_of(lang), TEXT_LAPSED, &v);
}

/* --- lists ---------------------------------------------------------------------------------------------------- */

/* The finished ${list} is the one value of the text. */
static int fill_list(struct buf *out, enum registry_lang l, enum registry_text_id id, struct buf *list,
                     const char *call)
{
    struct registry_values v = {.n = 0};
    int rc = -1;

    registry_put_str(&v, "list", buf_cstr(list));
    registry_put_str(&v, "call", call);
    if (!list->overflow)
        rc = registry_fill(out, l, id, &v);
    buf_fini(list);
    return rc;
}

int registry_say_choice(struct buf *out, const char *lang, enum intent_kind asked,
                        const struct activity *const *list, size_t n)
{
    enum registry_lang l = registry_lang_of(lang);
    struct buf items = BUF_INIT(out->ceiling);

    for (size_t i = 0; i < n; i++) {
        struct registry_values v = {.n = 0};
        registry_put_num(&v, "n", (uint32_t)(i + 1));
        registry_put_str(&v, "title", list[i]->title);
        if (i)
            buf_str(&items, registry_texts[TEXT_ITEM_SEPARATOR][l]);
        registry_fill(&items, l, TEXT_CHOICE_ITEM, &v);
    }
    return fill_list(out, l, asked == INTENT_LEAVE ? TEXT_CHOICE_LEAVE : TEXT_CHOICE_JOIN, &items, "");
}

int registry_say_choice_answer(struct buf *out, const char *lang, const char *const *list, size_t n)
{
    enum registry_lang l = registry_lang_of(lang);
    struct buf items = BUF_INIT(out->ceiling);

    for (size_t i = 0; i < n; i++) {
        struct registry_values v = {.n = 0};
        registry_put_num(&v, "n", (uint32_t)(i + 1));
        registry_put_str(&v, "title", list[i]);
        if (i)
            buf_str(&items, registry_texts[TEXT_ITEM_SEPARATOR][l]);
        registry_fill(&items, l, TEXT_CHOICE_ITEM, &v);
    }
    return fill_list(out, l, TEXT_CHOICE_ANSWER, &items, "");
}

int registry_say_choice_of(struct buf *out, const char *lang, const char *question, const char *choice)
{
    struct registry_values v = {.n = 0};

    registry_put_str(&v, "question", question);
    registry_put_str(&v, "choice", choice);
    return registry_fill(out, registry_lang_of(lang), TEXT_CHOICE_OF, &v);
}

int registry_say_answered(struct buf *out, const char *lang, const char *choice)
{
    struct registry_values v = {.n = 0};

    registry_put_str(&v, "choice", choice);
    return registry_fill(out, registry_lang_of(lang), TEXT_ANSWERED, &v);
}

int registry_say_choice_rollcall(struct buf *out, const char *lang, const struct activity *a)
{
    struct registry_values v = {.n = 0};

    if (!a)
        return fill_plain(out, lang, TEXT_CHOICE_ROLLCALL_ASK);
    registry_put_str(&v, "title", a->title);
    registry_put_str(&v, "call", call_name(a));
    return registry_fill(out, registry_lang_of(lang), TEXT_CHOICE_ROLLCALL, &v);
}

static enum registry_text_id own_text(enum reg_status s)
{
    return s == REG_WAITING ? TEXT_OWN_WAITING : s == REG_OFFERED ? TEXT_OWN_OFFERED : TEXT_OWN_CONFIRMED;
}

int registry_say_own(struct buf *out, const char *lang, const struct registry_own *own, size_t n)
{
    enum registry_lang l = registry_lang_of(lang);
    struct buf items = BUF_INIT(out->ceiling);

    if (n == 0)
        return fill_plain(out, lang, TEXT_OWN_NONE);
    for (size_t i = 0; i < n; i++) {
        struct registry_part part[2];
        struct registry_values v = {.n = 0};
        registry_put_str(&v, "title", own[i].activity->title);
        registry_put_str(&v, "places", places(&part[0], l, own[i].place, own[i].count));
        registry_put_str(&v, "party", party(&part[1], l, own[i].count));
        registry_put_num(&v, "position", own[i].position);
        if (i)
            buf_str(&items, registry_texts[TEXT_ITEM_SEPARATOR][l]);
        registry_fill(&items, l, own_text(own[i].status), &v);
        buf_fini(&part[0].b);
        buf_fini(&part[1].b);
    }
    return fill_list(out, l, TEXT_OWN, &items, "");
}

int registry_say_help(struct buf *out, const char *lang, const struct activity *const *open, size_t n)
{
    enum registry_lang l = registry_lang_of(lang);
    struct buf items = BUF_INIT(out->ceiling);

    if (n == 0)
        return fill_plain(out, lang, TEXT_HELP_NONE);
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_str(&items, registry_texts[TEXT_TITLE_SEPARATOR][l]);
        buf_str(&items, open[i]->title);
    }
    return fill_list(out, l, TEXT_HELP, &items, call_name(open[0]));
}

/* --- plain ---------------------------------------------------------------------------------------------------- */

int registry_say_stop(struct buf *out, const char *lang, bool already)
{
    return fill_plain(out, lang, already ? TEXT_STOP_ALREADY : TEXT_STOP);
}

int registry_say_start(struct buf *out, const char *lang, bool already)
{
    return fill_plain(out, lang, already ? TEXT_START_ALREADY : TEXT_START);
}

int registry_say_none_open(struct buf *out, const char *lang)
{
    return fill_plain(out, lang, TEXT_NONE_OPEN);
}

int registry_say_rollcall(struct buf *out, const char *lang, bool sos)
{
    return fill_plain(out, lang, sos ? TEXT_SOS : TEXT_SAFE);
}
