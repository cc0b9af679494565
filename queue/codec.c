#include "queue/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/codec_int.h"

#define DEPTH_MAX 32

/* jansson would follow 2048 levels, each a recursion in whoever walks the tree afterwards. */
static bool too_deep(const char *json, size_t n)
{
    int depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < n; i++) {
        char c = json[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > DEPTH_MAX)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

/* Each fault of the bytes has a code of its own: producers mend them in different places. */
static const char *code_of(const json_error_t *je)
{
    enum json_error_code code = json_error_code(je);

    if (code == json_error_duplicate_key)
        return "duplicate-member";
    if (code == json_error_invalid_utf8)
        return "bad-utf8";
    return code == json_error_null_character ? "nul-byte" : "bad-json";
}

/* jansson's "... near 'TEXT'" quotes the entry, numbers and all, and errors end up in the log: line and column say where. */
static int text_len(const json_error_t *je)
{
    const char *near = strstr(je->text, " near '");

    return near != NULL ? (int)(near - je->text) : (int)strlen(je->text);
}

json_t *codec_load(const char *json, size_t n, struct err *e)
{
    json_error_t je;
    json_t *tree;

    if (n == 0) {
        err_set(e, "bad-json", NULL, "empty: one JSON object is expected");
        return NULL;
    }
    if (memchr(json, '\0', n) != NULL) {
        err_set(e, "nul-byte", NULL, "not JSON: it holds a NUL byte");
        return NULL;
    }
    if (too_deep(json, n)) {
        err_set(e, "bad-json", NULL, "nested deeper than %d levels", DEPTH_MAX);
        return NULL;
    }
    tree = json_loadb(json, n, JSON_REJECT_DUPLICATES, &je);
    if (tree == NULL)
        err_set(e, code_of(&je), NULL, "not JSON: line %d, column %d: %.*s", je.line, je.column,
                text_len(&je), je.text);
    return tree;
}

static struct notice *from_bytes(const char *json, size_t n, bool stored, struct err *e)
{
    json_t *tree = codec_load(json, n, e);
    struct notice *notice = tree != NULL ? codec_read(tree, stored, e) : NULL;

    json_decref(tree);
    return notice;
}

struct notice *codec_notice(const char *json, size_t n, struct err *e)
{
    if (n > NOTICE_JSON_MAX) {
        err_set(e, "too-large", NULL, "an entry has %zu bytes; at most %d are allowed", n, NOTICE_JSON_MAX);
        return NULL;
    }
    return from_bytes(json, n, false, e);
}

struct notice *codec_stored(const char *json, size_t n, struct err *e)
{
    return from_bytes(json, n, true, e);
}

struct notice *codec_notice_json(const json_t *tree, struct err *e)
{
    return codec_read(tree, false, e);
}

/* ---- writing ---- */

static void put_str(json_t *o, const char *name, const char *s)
{
    if (s != NULL && s[0] != '\0')
        json_object_set_new(o, name, json_string(s));
}

/* Milliseconds are kept: what is written must be read back as the same instant. */
static void put_time(json_t *o, const char *name, int64_t at)
{
    char iso[40], with_ms[48];
    int n;

    if (at == 0)
        return;
    clock_format_iso(at - at % 1000, "UTC", iso, sizeof(iso));
    n = at % 1000 != 0 ? snprintf(with_ms, sizeof(with_ms), "%.19s.%03dZ", iso, (int)(at % 1000))
                       : snprintf(with_ms, sizeof(with_ms), "%.19sZ", iso);
    if (n < 0 || (size_t)n >= sizeof(with_ms))
        panic("a time does not fit");
    json_object_set_new(o, name, json_string(with_ms));
}

static json_t *texts_json(const struct notice *n)
{
    json_t *o;

    if (n->n_texts == 1 && n->texts[0].lang[0] == '\0')
        return json_string(n->texts[0].text);
    o = json_object();
    for (size_t i = 0; i < n->n_texts; i++)
        json_object_set_new(o, n->texts[i].lang, json_string(n->texts[i].text));
    return o;
}

static json_t *vars_json(const struct notice *n)
{
    json_t *o = json_object();

    for (size_t i = 0; i < n->n_vars; i++)
        json_object_set_new(o, n->vars[i].name, json_string(n->vars[i].value));
    return o;
}

static json_t *alert_json(const struct notice_alert *a)
{
    json_t *o = json_object();

    put_str(o, "issuer", a->issuer);
    put_str(o, "event", a->event);
    put_str(o, "level", a->level);
    put_str(o, "official_id", a->official_id);
    put_str(o, "official_text", a->official_text);
    put_str(o, "advice", a->advice);
    put_time(o, "issued_at", a->issued_at);
    put_time(o, "expires", a->expires_at);
    if (a->exercise)
        json_object_set_new(o, "exercise", json_true());
    if (a->n_supersedes != 0) {
        json_t *list = json_array();

        for (size_t i = 0; i < a->n_supersedes; i++)
            json_array_append_new(list, json_string(a->supersedes[i]));
        json_object_set_new(o, "supersedes", list);
    }
    return o;
}

static json_t *choices_json(const struct notice *n)
{
    json_t *ask = json_object(), *list = json_array();

    for (size_t i = 0; i < n->n_choices; i++)
        json_array_append_new(list, json_string(n->choices[i]));
    json_object_set_new(ask, "choices", list);
    if (n->ask_until != 0)
        put_time(ask, "until", n->ask_until);
    return ask;
}

static void put_what(json_t *o, const struct notice *n)
{
    if (n->n_texts != 0)
        json_object_set_new(o, "text", texts_json(n));
    put_str(o, "template", n->template_name);
    if (n->n_vars != 0)
        json_object_set_new(o, "vars", vars_json(n));
    if (n->alert.present)
        json_object_set_new(o, "alert", alert_json(&n->alert));
    if (n->n_channels != 0) {
        json_t *list = json_array();

        for (size_t i = 0; i < n->n_channels; i++)
            json_array_append_new(list, json_string(n->channels[i]));
        json_object_set_new(o, "channels", list);
    }
    if (n->ask_rollcall)
        json_object_set_new(o, "ask", json_pack("{s:b}", "rollcall", 1));
    else if (n->ask_rsvp[0] != '\0')
        json_object_set_new(o, "ask", json_pack("{s:s}", "rsvp", n->ask_rsvp));
    else if (n->n_choices != 0)
        json_object_set_new(o, "ask", choices_json(n));
}

char *codec_canonical(const struct notice *n, size_t *len)
{
    json_t *o = json_object();
    char *s;

    json_object_set_new(o, "v", json_integer(1));
    put_str(o, "id", n->id);
    json_object_set_new(o, "kind", json_string(notice_kind_name(n->kind)));
    if (n->lane_set)
        json_object_set_new(o, "lane", json_string(lane_name(n->lane)));
    if (n->on_unknown_set)
        json_object_set_new(o, "on_unknown",
                            json_string(n->on_unknown == ON_UNKNOWN_RESEND ? "resend" : "park"));
    if (n->to != NULL)
        json_object_set_new(o, "to", audience_json(n->to));
    put_time(o, "send_at", n->send_at);
    put_time(o, "not_after", n->not_after);
    put_str(o, "cancels", n->cancels);
    put_str(o, "plan", n->plan);
    if (n->repeat != NULL)
        json_object_set_new(o, "repeat", repeat_json(n->repeat));
    put_what(o, n);
    s = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(o);
    if (s == NULL)
        panic("a notice cannot be written as JSON");
    if (len != NULL)
        *len = strlen(s);
    return s;
}

void codec_new_id(int64_t now_at, char out[NOTICE_ID_MAX + 1])
{
    struct clock_local t;
    unsigned char r[4];
    int n;

    if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
        panic("the kernel gives no random bytes");
    clock_local(now_at, "Asia/Shanghai", &t);
    n = snprintf(out, NOTICE_ID_MAX + 1, "n-%04d%02d%02d-%02d%02d-%02x%02x%02x%02x", t.year, t.month, t.day,
                 t.hour, t.minute, r[0], r[1], r[2], r[3]);
    if (n < 0 || n > NOTICE_ID_MAX)
        panic("an id does not fit");
}
