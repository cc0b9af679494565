/* Driver `http`: callbacks. Believed first (the description's [auth]), then read item by item; what is wrong with one keeps no other out. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/tz.h"
#include "provider/http_int.h"
#include "provider/sign.h"
#include "provider/spec_int.h"
#include "text/phone.h"
#include "text/utf8.h"

enum { VALUE_MAX = 65536 };

struct call {
    const struct provider_conf *c;
    const struct provider_callback *in;
    const struct provider_sink *sink;
    const struct spec_hook *hook;
    struct spec_doc doc;
    struct buf value, text; /* reused from item to item */
    int told;
};

/* ---- is it from whom it says ---- */

static bool is_equal(struct spec_env *env, const struct spec_equal *eq)
{
    struct buf left = BUF_INIT(VALUE_MAX), right = BUF_INIT(VALUE_MAX);
    bool same = spec_eval(env, eq->left, &left) == 0 && spec_eval(env, eq->right, &right) == 0 &&
                sign_equal(buf_cstr(&left), left.len, buf_cstr(&right), right.len);

    buf_wipe(&left);
    buf_fini(&left);
    buf_wipe(&right);
    buf_fini(&right);
    return same;
}

static bool is_timely(struct spec_env *env)
{
    struct buf b = BUF_INIT(100);
    int64_t at = 0;
    bool good =
        spec_eval(env, env->spec->auth_time, &b) == 0 && num_i64(buf_cstr(&b), 0, INT64_MAX / 2000, &at) == 0;

    buf_fini(&b);
    if (at < 100000000000) /* seconds, not milliseconds */
        at *= 1000;
    return good && at >= env->now_ms - env->spec->skew_ms && at <= env->now_ms + env->spec->skew_ms;
}

static bool is_form(const struct provider_callback *in)
{
    return strncasecmp(in->content_type, "application/x-www-form-urlencoded", 33) == 0;
}

static bool is_believed(const struct provider_conf *c, const struct provider_callback *in)
{
    struct form query = {.n = 0}, field = {.n = 0};
    struct err e;
    struct spec_env env;
    bool good = form_parse(&query, in->query, strlen(in->query), &e) == 0 &&
                (!is_form(in) || form_parse(&field, in->body, in->body_len, &e) == 0);

    spec_env_init(&env, c, &e);
    env.in = in;
    env.now_ms = in->now_ms;
    env.body = in->body;
    env.body_len = in->body_len;
    env.query = &query;
    env.field = &field;
    for (size_t i = 0; i < c->spec->n_equals; i++)
        good = is_equal(&env, &c->spec->equals[i]) && good;
    if (c->spec->auth_time != NULL)
        good = is_timely(&env) && good;
    spec_env_fini(&env);
    form_fini(&query);
    form_fini(&field);
    return good || (c->spec->n_equals == 0 && c->spec->auth_time == NULL);
}

/* ---- values ---- */

static bool get(struct call *x, const struct spec_pick *p, const json_t *item)
{
    buf_reset(&x->value);
    return spec_pick_get(p, &x->doc, item, &x->value);
}

/* What becomes part of keys and log fields: short, without control characters. */
static bool get_word(struct call *x, const struct spec_pick *p, const json_t *item, char *out, size_t max)
{
    out[0] = '\0';
    if (!get(x, p, item) || x->value.len >= max)
        return false;
    for (size_t i = 0; i < x->value.len; i++)
        if ((unsigned char)x->value.data[i] < 0x20 || x->value.data[i] == 0x7f)
            return false;
    memcpy(out, x->value.data, x->value.len + 1);
    return true;
}

static int digits(const char **s, size_t n, int *out)
{
    int64_t v;

    if (strnlen(*s, n) < n || num_i64_n(*s, n, 0, 9999, &v) != 0)
        return -1;
    *s += n;
    *out = (int)v;
    return 0;
}

/* As strptime, without the process's locale and zone. */
static int read_pattern(const char *s, const char *fmt, const char *zone, int64_t *at)
{
    int year = 1970, rest[5] = {1, 1, 0, 0, 0}; /* month, day, hour, minute, second */
    const struct tz *tz = tz_find(zone);
    int64_t seconds;

    for (; *fmt != '\0'; fmt++) {
        const char *which = *fmt == '%' ? strchr("mdHMS", *++fmt) : NULL;
        int rc = 0;

        if (which != NULL)
            rc = digits(&s, 2, &rest[which - "mdHMS"]);
        else if (fmt[0] == 'Y' && fmt[-1] == '%')
            rc = digits(&s, 4, &year);
        else if (fmt[0] == 'y' && fmt[-1] == '%')
            rc = digits(&s, 2, &year) == 0 ? (year += 2000, 0) : -1;
        else
            rc = *s++ == *fmt ? 0 : -1;
        if (rc != 0)
            return -1;
    }
    if (*s != '\0' || tz == NULL || rest[0] < 1 || rest[0] > 12 || rest[1] < 1 || rest[1] > 31 ||
        rest[2] > 23 || rest[3] > 59 || rest[4] > 60)
        return -1;
    seconds = tz_days(year, rest[0], rest[1]) * 86400 + rest[2] * 3600 + rest[3] * 60 + rest[4];
    if (!tz_instant(tz, seconds, &seconds))
        return -1;
    *at = seconds * 1000;
    return 0;
}

/* When somebody wrote; 0 when it is not told or cannot be read: a reply is not lost for its time. */
static int64_t time_of(struct call *x, const json_t *item)
{
    const char *fmt = x->hook->time_format;
    int64_t at = 0;
    char s[64];

    if (!get_word(x, &x->hook->time, item, s, sizeof(s)))
        return 0;
    if (strcmp(fmt, "unix") == 0)
        return num_i64(s, 0, 100000000000, &at) == 0 ? at * 1000 : 0;
    if (strcmp(fmt, "unix_ms") == 0)
        return num_i64(s, 0, 100000000000000, &at) == 0 ? at : 0;
    if (strcmp(fmt, "iso") == 0)
        return clock_parse_local(s, x->c->spec->zone, &at, NULL) == 0 ? at : 0;
    return read_pattern(s, fmt, x->c->spec->zone, &at) == 0 ? at : 0;
}

/* ---- receipts ---- */

static int state_of(const struct spec_hook *h, const char *status, enum recipient_state *out)
{
    for (size_t i = 0; i < h->n_statuses; i++)
        if (spec_pattern_fits(&h->statuses[i].pattern, status)) {
            *out = h->statuses[i].state;
            return 0;
        }
    return -1;
}

/* "CODE: words; detail" */
static void detail_of(struct call *x, const json_t *item, struct provider_receipt *r)
{
    const struct spec_classes *codes = &x->hook->codes;
    struct provider_verdict v = {.verdict = VERDICT_UNKNOWN};
    struct buf all = BUF_INIT(2000);
    char code[200];

    if (r->state == RECIPIENT_FAILED && get_word(x, &x->hook->code, item, code, sizeof(code)) &&
        utf8_valid(code, strlen(code))) {
        buf_str(&all, code);
        for (size_t i = 0; i < codes->n; i++) {
            if (!spec_pattern_fits(&codes->list[i].pattern, code))
                continue;
            r->about = codes->list[i].row.about;
            buf_fmt(&all, "%s%s", codes->list[i].row.words[0] != '\0' ? ": " : "", codes->list[i].row.words);
            break;
        }
    }
    if (get(x, &x->hook->detail, item) && x->value.len < 1000 && utf8_valid(x->value.data, x->value.len))
        buf_fmt(&all, "%s%s", all.len > 0 ? "; " : "", x->value.data);
    class_detail(&v, buf_cstr(&all));
    memcpy(r->detail, v.detail, sizeof(r->detail));
    buf_fini(&all);
}

static int read_receipt(struct call *x, const json_t *item, struct provider_receipt *r, struct err *e)
{
    const struct spec_hook *h = x->hook;
    char status[200], to[PROVIDER_ADDRESS_MAX];

    *r = (struct provider_receipt){.state = RECIPIENT_PENDING};
    if (!get_word(x, &h->status, item, status, sizeof(status)))
        return err_set(e, "bad-receipt", "status", "the receipt has no status");
    if (state_of(h, status, &r->state) != 0)
        return err_set(e, "bad-receipt", "status", "a receipt's status is none of those in [status]");
    if (!get_word(x, &h->ref, item, r->ref, sizeof(r->ref)))
        (void)get_word(x, &h->id, item, r->id, sizeof(r->id));
    if (r->ref[0] == '\0' && r->id[0] == '\0')
        return err_set(e, "bad-receipt", "id", "the receipt does not say which message it is about");
    if (x->c->batch > 1 && get_word(x, &h->to, item, to, sizeof(to))) {
        char e164[PHONE_MAX];
        bool number = phone_normalise(to, strlen(to), e164, NULL) == 0;

        memcpy(r->to, number ? e164 : to, strlen(number ? e164 : to) + 1);
    }
    detail_of(x, item, r);
    return 0;
}

/* ---- replies ---- */

/* Of all that it says: an API without ids tells the same reply twice in the same words. */
static void derive_id(struct call *x, const json_t *item, struct provider_reply *r)
{
    const struct spec_hook *h = x->hook;
    const struct spec_pick *all[] = {&h->from, &h->text, &h->time};
    struct buf b = BUF_INIT(4 * VALUE_MAX), hex = BUF_INIT(sizeof(r->id) - 1);
    size_t n = h->n_dedupe > 0 ? h->n_dedupe : ARRAY_LEN(all);
    uint8_t sum[SIGN_MAX];

    for (size_t i = 0; i < n; i++) {
        if (get(x, h->n_dedupe > 0 ? &h->dedupe[i] : all[i], item))
            buf_add(&b, x->value.data, x->value.len);
        buf_chr(&b, '\0');
    }
    buf_str(&hex, "h-");
    sign_hex(&hex, sum, sign_hash(SIGN_SHA256, buf_cstr(&b), b.len, sum) / 2, false);
    memcpy(r->id, buf_cstr(&hex), hex.len + 1);
    buf_fini(&hex);
    buf_fini(&b);
}

static int read_reply(struct call *x, const json_t *item, struct provider_reply *r, struct err *e)
{
    const struct spec_hook *h = x->hook;

    *r = (struct provider_reply){.text = NULL};
    if (!get_word(x, &h->from, item, r->from, sizeof(r->from)))
        return err_set(e, "bad-reply", "from", "the reply does not say whom it is from");
    r->sent_at = time_of(x, item);
    if (!get_word(x, &h->id, item, r->id, sizeof(r->id)))
        derive_id(x, item, r);
    buf_reset(&x->text);
    if (get(x, &h->text, item))
        callback_text(&x->text, x->value.data, x->value.len);
    r->text = x->text.len > 0 ? x->text.data : NULL;
    r->text_len = x->text.len;
    return 0;
}

/* ---- items ---- */

static void tell_bad(struct call *x, const json_t *item, const struct err *why)
{
    char *text = item != NULL ? json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    bool plain = utf8_valid(x->doc.text, x->doc.len) && x->doc.len > 0;
    struct provider_bad b = {.why = why,
                             .item = text != NULL ? text
                                     : plain      ? x->doc.text
                                                  : "?",
                             .len = text != NULL ? strlen(text)
                                    : plain      ? x->doc.len
                                                 : 1};

    (x->hook->reply ? x->sink->bad_reply : x->sink->bad_receipt)(x->sink->arg, &b);
    free(text);
}

static void take_item(struct call *x, const json_t *item)
{
    struct provider_receipt receipt;
    struct provider_reply reply;
    struct err why = {{0}, {0}, {0}};

    for (size_t i = 0; i < x->hook->n_when; i++)
        if (!spec_conds_hold(&x->hook->when[i], &x->doc, item, 0))
            return;
    x->told++;
    if (x->hook->reply && read_reply(x, item, &reply, &why) == 0)
        x->sink->reply(x->sink->arg, &reply);
    else if (!x->hook->reply && read_receipt(x, item, &receipt, &why) == 0 &&
             receipt.state != RECIPIENT_PENDING)
        x->sink->receipt(x->sink->arg, &receipt);
    else if (why.msg[0] != '\0')
        tell_bad(x, item, &why);
}

static void take_items(struct call *x)
{
    const json_t *from = x->doc.tree, *item;
    size_t i;

    if (spec_is_tree(x->doc.format) && x->hook->items != NULL && spec_path(from, x->hook->items) != NULL)
        from = spec_path(from, x->hook->items);
    if (!json_is_array(from)) {
        take_item(x, from);
        return;
    }
    json_array_foreach(from, i, item)
    {
        take_item(x, item);
    }
}

/* The document of this hook. 1 when the call is none for it: the field it looks into is not there. */
static int open_doc(struct call *x, struct err *e)
{
    const struct spec_hook *h = x->hook;
    bool query = h->format == FORMAT_QUERY || (h->format == FORMAT_FORM && strcmp(x->in->method, "GET") == 0);
    const char *s = query ? x->in->query : x->in->body, *inner;
    size_t n = query ? strlen(s) : x->in->body_len;
    struct spec_doc outer;
    int rc;

    if (h->unwrap == NULL)
        return spec_doc_read(&x->doc, h->format, s, n, true, e);
    if (spec_doc_read(&outer, h->format, s, n, true, e) != 0) {
        spec_doc_fini(&outer);
        return -1;
    }
    inner = form_get(&outer.form, h->unwrap);
    rc = inner[0] == '\0' ? 1 : spec_doc_read(&x->doc, FORMAT_JSON, inner, strlen(inner), true, e);
    spec_doc_fini(&outer);
    x->doc.text = ""; /* it was the field's */
    x->doc.len = 0;
    return rc;
}

static bool is_for(const struct spec_hook *h, const struct provider_callback *in)
{
    return h->line > 0 && strcmp(h->kind, in->kind) == 0 &&
           (h->method == NULL || strcmp(h->method, in->method) == 0);
}

static int take_hook(struct call *x, struct provider_ack *ack, struct err *e)
{
    int rc;

    x->doc = (struct spec_doc){.text = ""};
    rc = open_doc(x, e);
    if (rc == 0) {
        take_items(x);
        if (x->hook->ack != NULL && ack->type == NULL) {
            ack->type = x->hook->ack_type;
            buf_str(&ack->body, x->hook->ack);
        }
    }
    spec_doc_fini(&x->doc);
    return rc;
}

int http_callback(const struct provider_conf *c, const struct provider_callback *in,
                  const struct provider_sink *sink, struct provider_ack *ack, struct err *e)
{
    const struct spec_hook *const hooks[] = {&c->spec->receipt, &c->spec->reply};
    struct call x = {
        .c = c, .in = in, .sink = sink, .value = BUF_INIT(VALUE_MAX), .text = BUF_INIT(CALLBACK_TEXT_MAX)};
    size_t n_taken = 0;
    int rc = 0;

    if (!is_for(hooks[0], in) && !is_for(hooks[1], in))
        return err_set(e, "no-such-hook", NULL, "%.80s knows no such callback", c->spec->file);
    if (!is_believed(c, in))
        return err_set(e, "hook-signature", NULL, "the callback is not signed as %.80s says", c->spec->file);
    for (size_t i = 0; rc >= 0 && i < ARRAY_LEN(hooks); i++) {
        if (!is_for(hooks[i], in))
            continue;
        x.hook = hooks[i];
        rc = take_hook(&x, ack, e);
        n_taken += rc == 0;
    }
    buf_fini(&x.value);
    buf_fini(&x.text);
    if (rc >= 0 && n_taken == 0)
        return err_set(e, "bad-form", NULL, "the field that holds the items is missing");
    return rc < 0 ? -1 : x.told;
}
