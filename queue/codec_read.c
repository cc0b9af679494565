/* Reading the members of a notice: one row per member of contract 3. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/activity.h"
#include "queue/codec_int.h"
#include "text/fold.h"

#define VARS_MAX     64
#define VAR_MAX      1000 /* bytes of one value */
#define CHANNELS_MAX 4
#define CHOICES_MAX  ((size_t)9)
#define CHOICE_BYTES 90

static const char *type_name(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "something else";
}

static bool is_type(const json_t *v, const struct codec_member *m)
{
    if (m->type == JSON_NULL) /* several types: the reader checks */
        return true;
    if (m->type == JSON_TRUE)
        return json_is_boolean(v);
    return json_typeof(v) == m->type;
}

int codec_read_members(struct notice *n, const json_t *o, const struct codec_member *table, size_t n_rows,
                       const char *prefix, struct err *e)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)o, key, v)
    {
        const struct codec_member *m = NULL;
        char field[64];

        if (snprintf(field, sizeof(field), "%s%.40s", prefix, key) < 0)
            panic("snprintf");
        for (size_t i = 0; i < n_rows; i++)
            if (strcmp(table[i].name, key) == 0)
                m = &table[i];
        if (m == NULL)
            return err_set(e, "unknown-member", field, "there is no member named \"%.80s\" here", key);
        if (!is_type(v, m))
            return err_set(e, "bad-type", field, "\"%s\" must be %s, found %s", field, m->type_words,
                           type_name(v));
        if (m->read(n, v, field, e) != 0)
            return -1;
    }
    return 0;
}

static int bad_type(const char *field, const char *must, const json_t *v, struct err *e)
{
    return err_set(e, "bad-type", field, "\"%s\" must be %s, found %s", field, must, type_name(v));
}

/* A non-empty string of at most ${max} bytes, copied. */
int codec_read_string(char **out, const json_t *v, size_t max, const char *field, struct err *e)
{
    size_t len = json_string_length(v);

    if (len > max)
        return err_set(e, "too-long", field, "\"%s\" has %zu bytes; at most %zu are allowed", field, len,
                       max);
    *out = xstrndup(json_string_value(v), len);
    return 0;
}

int codec_read_id(char *out, const json_t *v, const char *field, struct err *e)
{
    size_t len = json_is_string(v) ? json_string_length(v) : 0;

    if (!json_is_string(v))
        return bad_type(field, "a string", v, e);
    if (!notice_id_valid(json_string_value(v), len))
        return err_set(e, "bad-id", field, "\"%s\" must be 1 to %d of the characters A-Z a-z 0-9 . _ -",
                       field, NOTICE_ID_MAX);
    memcpy(out, json_string_value(v), len + 1);
    return 0;
}

int codec_read_time(int64_t *out, const json_t *v, const char *field, struct err *e)
{
    if (clock_parse_iso(json_string_value(v), out, e) == 0 && *out > 0)
        return 0;
    return err_set(e, "bad-time", field,
                   "\"%s\" must be a time like 2026-09-25T09:00:00+08:00, found \"%.60s\"", field,
                   json_string_value(v));
}

/* ---- the notice's members ---- */

static int read_version(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    (void)n;
    if (json_is_integer(v) && json_integer_value(v) == 1)
        return 0;
    return err_set(e, "bad-version", field, "\"v\" must be 1");
}

static int read_id(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    return codec_read_id(n->id, v, field, e);
}

static int read_cancels(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    return codec_read_id(n->cancels, v, field, e);
}

static int read_template(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    return codec_read_id(n->template_name, v, field, e);
}

static int read_kind(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    int k = notice_kind_parse(json_string_value(v));

    if (k < 0)
        return err_set(e, "bad-kind", field,
                       "\"kind\" must be notice, promotion, alert, cancel or allclear, found \"%.40s\"",
                       json_string_value(v));
    n->kind = (enum notice_kind)k;
    return 0;
}

static int read_lane(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    int l = lane_parse(json_string_value(v));

    if (l < 0)
        return err_set(e, "bad-lane", field,
                       "\"lane\" must be emergency, urgent, normal or bulk, found \"%.40s\"",
                       json_string_value(v));
    n->lane = (enum lane)l;
    n->lane_set = true;
    return 0;
}

static int read_on_unknown(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    const char *s = json_string_value(v);

    if (strcmp(s, "park") != 0 && strcmp(s, "resend") != 0)
        return err_set(e, "bad-on-unknown", field, "\"on_unknown\" must be park or resend, found \"%.40s\"",
                       s);
    n->on_unknown = strcmp(s, "resend") == 0 ? ON_UNKNOWN_RESEND : ON_UNKNOWN_PARK;
    n->on_unknown_set = true;
    return 0;
}

static int read_to(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    (void)field;
    n->to = audience_parse(v, e);
    return n->to != NULL ? 0 : -1;
}

static int add_text(struct notice *n, const char *lang, const json_t *v, const char *field, struct err *e)
{
    struct notice_text *t = &n->texts[n->n_texts];

    if (!json_is_string(v))
        return bad_type(field, "a string", v, e);
    if (json_string_length(v) > NOTICE_TEXT_MAX)
        return err_set(e, "text-too-long", field, "the text has %zu bytes; at most %d are allowed",
                       json_string_length(v), NOTICE_TEXT_MAX);
    if (snprintf(t->lang, sizeof(t->lang), "%s", lang) >= (int)sizeof(t->lang))
        return err_set(e, "bad-language", field, "a language is named like zh-CN or en, found \"%.40s\"",
                       lang);
    t->text = xstrdup(json_string_value(v));
    n->n_texts++;
    return 0;
}

static int read_text(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    const char *lang;
    json_t *one;

    if (!json_is_string(v) && !json_is_object(v))
        return bad_type(field, "a string or an object of languages", v, e);
    n->texts = xcalloc(NOTICE_LANGS_MAX, sizeof(*n->texts));
    if (json_is_string(v))
        return add_text(n, "", v, field, e);
    if (json_object_size(v) == 0 || json_object_size(v) > NOTICE_LANGS_MAX)
        return err_set(e, "no-text", field, "\"text\" must hold 1 to %d languages", NOTICE_LANGS_MAX);
    json_object_foreach((json_t *)(uintptr_t)v, lang,
                        one) if (add_text(n, lang, one, field, e) != 0) return -1;
    return 0;
}

static int read_vars(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    const char *name;
    json_t *one;

    if (json_object_size(v) > VARS_MAX)
        return err_set(e, "too-long", field, "\"vars\" holds %zu values; at most %d are allowed",
                       json_object_size(v), VARS_MAX);
    n->vars = xcalloc(json_object_size(v), sizeof(*n->vars));
    json_object_foreach((json_t *)(uintptr_t)v, name, one)
    {
        struct notice_var *var = &n->vars[n->n_vars];

        if (!json_is_string(one))
            return bad_type(field, "an object of strings", one, e);
        if (codec_read_string(&var->value, one, VAR_MAX, field, e) != 0)
            return -1;
        var->name = xstrdup(name);
        n->n_vars++;
    }
    return 0;
}

static int read_channels(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    static const char *const known[] = {"sms", "wechat", "wecom", "loudspeaker"};
    bool seen[ARRAY_LEN(known)] = {false};
    size_t count = json_array_size(v);

    if (count == 0 || count > CHANNELS_MAX)
        return err_set(e, "bad-channel", field, "\"channels\" must name 1 to %d channels", CHANNELS_MAX);
    n->channels = xcalloc(count, sizeof(*n->channels));
    for (size_t i = 0; i < count; i++) {
        const char *s = json_string_value(json_array_get(v, i));
        size_t k = 0;

        while (k < ARRAY_LEN(known) && (s == NULL || strcmp(known[k], s) != 0))
            k++;
        if (k == ARRAY_LEN(known) || seen[k])
            return err_set(
                e, "bad-channel", field,
                "channels are sms, wechat, wecom and loudspeaker, each at most once; found \"%.40s\"",
                s != NULL ? s : "no string");
        seen[k] = true;
        n->channels[n->n_channels++] = xstrdup(s);
    }
    return 0;
}

static int read_send_at(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    return codec_read_time(&n->send_at, v, field, e);
}

static int read_not_after(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    return codec_read_time(&n->not_after, v, field, e);
}

static int read_repeat(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    (void)field;
    n->repeat = repeat_parse(v, e);
    return n->repeat != NULL ? 0 : -1;
}

static int read_plan(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    return codec_read_id(n->plan, v, field, e);
}

static int read_rollcall(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    (void)field;
    (void)e;
    n->ask_rollcall = json_is_true(v);
    return 0;
}

static int read_rsvp(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    const char *code = json_string_value(v);
    size_t len = json_string_length(v);

    if (!activity_code_valid(code, len))
        return err_set(e, "bad-ask", field, "\"ask.rsvp\" must be the code of an activity, found \"%s\"",
                       code);
    memcpy(n->ask_rsvp, code, len + 1);
    return 0;
}

/* Would a reply that says the one say the other? */
static bool same_choice(const char *a, const char *b)
{
    struct buf one = BUF_INIT(4 * CHOICE_BYTES), other = BUF_INIT(4 * CHOICE_BYTES);
    bool same = fold_trim(a, strlen(a), &one) == 0 && fold_trim(b, strlen(b), &other) == 0 &&
                strcmp(buf_cstr(&one), buf_cstr(&other)) == 0;

    buf_fini(&one);
    buf_fini(&other);
    return same;
}

static int read_choices(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    size_t count = json_array_size(v);

    if (count < 2 || count > CHOICES_MAX)
        return err_set(e, "bad-ask", field, "\"ask.choices\" must hold 2 to %zu choices", CHOICES_MAX);
    n->choices = xcalloc(count, sizeof(*n->choices));
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(v, i);
        const char *s = json_string_value(one);

        if (s == NULL || s[0] == '\0' || json_string_length(one) > CHOICE_BYTES ||
            strlen(s) != json_string_length(one) || strpbrk(s, "\t\r\n") != NULL)
            return err_set(e, "bad-ask", field, "a choice is one line of 1 to %d bytes", CHOICE_BYTES);
        for (size_t k = 0; k < n->n_choices; k++)
            if (same_choice(n->choices[k], s))
                return err_set(e, "bad-ask", field, "\"%s\" is there twice", s);
        n->choices[n->n_choices++] = xstrdup(s);
    }
    return 0;
}

static int read_until(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    return codec_read_time(&n->ask_until, v, field, e);
}

static int read_ask(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    static const struct codec_member ask_members[] = {
        {"rollcall", JSON_TRUE,   "true or false", read_rollcall},
        {"rsvp",     JSON_STRING, "a string",      read_rsvp    },
        {"choices",  JSON_ARRAY,  "a list",        read_choices },
        {"until",    JSON_STRING, "a string",      read_until   },
    };

    bool closes = json_object_get(v, "until") != NULL && json_object_get(v, "choices") != NULL;

    if (json_object_size(v) != (closes ? 2 : 1))
        return err_set(e, "bad-ask", field, "\"ask\" holds one question: rollcall, rsvp or choices");
    return codec_read_members(n, v, ask_members, ARRAY_LEN(ask_members), "ask.", e);
}

static const struct codec_member notice_members[] = {
    {"v",          JSON_NULL,   "1",         read_version    },
    {"id",         JSON_STRING, "a string",  read_id         },
    {"kind",       JSON_STRING, "a string",  read_kind       },
    {"lane",       JSON_STRING, "a string",  read_lane       },
    {"to",         JSON_NULL,   "an object", read_to         },
    {"text",       JSON_NULL,   "a string",  read_text       },
    {"template",   JSON_STRING, "a string",  read_template   },
    {"vars",       JSON_OBJECT, "an object", read_vars       },
    {"channels",   JSON_ARRAY,  "a list",    read_channels   },
    {"send_at",    JSON_STRING, "a string",  read_send_at    },
    {"repeat",     JSON_NULL,   "an object", read_repeat     },
    {"plan",       JSON_STRING, "a string",  read_plan       },
    {"not_after",  JSON_STRING, "a string",  read_not_after  },
    {"alert",      JSON_OBJECT, "an object", codec_read_alert},
    {"on_unknown", JSON_STRING, "a string",  read_on_unknown },
    {"ask",        JSON_OBJECT, "an object", read_ask        },
    {"cancels",    JSON_STRING, "a string",  read_cancels    },
};

/* What only makes sense together. */
static int check_whole(const struct notice *n, bool stored, struct err *e)
{
    if (stored)
        return 0;
    if (strncmp(n->id, NOTICE_ANSWERS, strlen(NOTICE_ANSWERS)) == 0)
        return err_set(e, "bad-id", "id",
                       "ids that begin with \"" NOTICE_ANSWERS "\" are kept for answers to residents");
    if (n->kind == NOTICE_ANSWER)
        return err_set(e, "bad-kind", "kind",
                       "\"kind\" must be notice, promotion, alert, cancel or allclear, found \"answer\"");
    if (n->to != NULL && audience_told(n->to) != NULL && n->kind != NOTICE_ALLCLEAR)
        return err_set(e, "bad-audience", "told",
                       "who was told of a notice is asked for by kind allclear alone");
    if (n->cancels[0] != '\0' && n->kind != NOTICE_CANCEL && n->kind != NOTICE_ALLCLEAR)
        return err_set(e, "unexpected-member", "cancels", "only kind cancel or allclear carries \"cancels\"");
    if (n->n_texts != 0 && n->template_name[0] != '\0')
        return err_set(e, "text-and-template", "template",
                       "\"text\" and \"template\" exclude each other: either would be left unsaid");
    if (n->repeat != NULL && n->plan[0] != '\0')
        return err_set(e, "unexpected-member", "plan", "an occurrence of a plan does not repeat itself");
    if (n->kind == NOTICE_CANCEL && (n->to != NULL || n->n_texts != 0))
        return err_set(e, "unexpected-member", n->to != NULL ? "to" : "text",
                       "kind cancel takes back a notice and sends nothing; kind allclear sends");
    return 0;
}

struct notice *codec_read(const json_t *tree, bool stored, struct err *e)
{
    struct notice *n;

    if (!json_is_object(tree)) {
        err_set(e, "bad-type", NULL, "one JSON object is expected, found %s",
                tree != NULL ? type_name(tree) : "nothing");
        return NULL;
    }
    if (!stored && json_object_get(json_object_get(tree, "text"), "") != NULL) {
        /* only a template's file without a language is kept under this name */
        err_set(e, "bad-language", "text", "a language is named like zh-CN or en, found an empty name");
        return NULL;
    }
    n = notice_new();
    if (codec_read_members(n, tree, notice_members, ARRAY_LEN(notice_members), "", e) != 0 ||
        check_whole(n, stored, e) != 0) {
        notice_free(n);
        return NULL;
    }
    if (!stored)
        n->asked = codec_canonical(n, NULL);
    return n;
}
