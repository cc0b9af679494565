/* Driver `http`: answers. Sent is what an `ok` of the description says and nothing else; what no rule knows is unknown. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/classes.h"
#include "provider/http_int.h"
#include "provider/spec_int.h"
#include "text/phone.h"
#include "text/utf8.h"

enum { CODE_MAX = 200, RETRY_AFTER_MAX = 86400 };

struct answer {
    const struct provider_conf *c;
    const struct spec_response *r;
    const struct http_answer *a;
    const struct spec_doc *doc; /* NULL = the body is none */
};

/* The value as a C string of at most CODE_MAX bytes; "" when there is none. */
static void text_of(const struct spec_pick *p, const struct answer *x, const json_t *item, char *out)
{
    struct buf v = BUF_INIT(SPEC_FILE_MAX);
    size_t n = 0;

    if (x->doc != NULL && spec_pick_get(p, x->doc, item, &v))
        n = utf8_cut(v.data, v.len, CODE_MAX);
    memcpy(out, n > 0 ? v.data : "", n);
    out[n] = '\0';
    buf_fini(&v);
}

/* ---- what is told about one message ---- */

static bool is_of_status(const struct spec_conds *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (!c->list[i].http)
            return false;
    return true;
}

static bool is_ok(const struct answer *x)
{
    for (size_t i = 0; i < x->r->n_ok; i++)
        if ((x->doc != NULL || is_of_status(&x->r->ok[i])) &&
            spec_conds_hold(&x->r->ok[i], x->doc, NULL, x->a->status))
            return true;
    return false;
}

/* An id that does not fit is left out: half an id would find nothing at the provider. */
static void take_id(const struct spec_pick *p, const struct answer *x, const json_t *item,
                    const struct provider_msg *m, struct provider_verdict *v)
{
    struct buf id = BUF_INIT(sizeof(v->id) - 1);
    struct spec_env env;
    struct err e;
    bool found = x->doc != NULL && spec_pick_get(p, x->doc, item, &id);

    if (!found && x->c->spec->given != NULL) {
        buf_reset(&id);
        spec_env_init(&env, x->c, &e);
        env.m = m;
        env.n = 1;
        found = spec_eval(&env, x->c->spec->given, &id) == 0;
        spec_env_fini(&env);
    }
    if (found && !id.overflow && strlen(buf_cstr(&id)) == id.len)
        memcpy(v->id, buf_cstr(&id), id.len + 1);
    buf_fini(&id);
}

static const struct class_row *find(const struct spec_classes *list, const char *code)
{
    for (size_t i = 0; code[0] != '\0' && i < list->n; i++)
        if (spec_pattern_fits(&list->list[i].pattern, code))
            return &list->list[i].row;
    return NULL;
}

/* Runs of digits that could be somebody's number: words are shown to people and logged. */
static void mask(char *s)
{
    size_t digits = 0;

    for (size_t i = 0; s[i] != '\0'; i++) {
        digits = s[i] >= '0' && s[i] <= '9' ? digits + 1 : 0;
        for (size_t k = 0; digits >= 8 && k < digits; k++)
            s[i - k] = '*';
        if (digits >= 8 && (s[i + 1] < '0' || s[i + 1] > '9'))
            digits = 0;
    }
}

/* The API's own words, behind ours. */
static void add_message(const struct answer *x, struct provider_verdict *v)
{
    char words[CODE_MAX + 1], whole[sizeof(v->detail) + CODE_MAX + 4];
    size_t n = strlen(v->detail);

    text_of(&x->r->message, x, NULL, words);
    if (words[0] == '\0' || v->verdict == VERDICT_SENT || !utf8_valid(words, strlen(words)))
        return;
    mask(words);
    memcpy(whole, v->detail, n);
    memcpy(whole + n, n > 0 ? "; " : "", n > 0 ? 2 : 0);
    memcpy(whole + n + (n > 0 ? 2 : 0), words, strlen(words) + 1);
    class_detail(v, whole);
}

static int64_t retry_after(const struct answer *x)
{
    char text[CODE_MAX + 1];
    double seconds;

    text_of(&x->r->retry_after, x, NULL, text);
    return num_double(text, 0, RETRY_AFTER_MAX, &seconds) == 0 ? (int64_t)(seconds * 1000)
                                                               : x->a->retry_after_ms;
}

/* Not sent: by its code, by the status, by what the description says of the rest. */
static void judge(const struct answer *x, const char *code, struct provider_verdict *v)
{
    const struct class_row *row = find(&x->r->classes, code);
    char status[16], shown[CODE_MAX + 1];
    struct buf b = BUF_INIT(sizeof(status) - 1);

    buf_i64(&b, x->a->status);
    memcpy(status, buf_cstr(&b), b.len + 1);
    buf_fini(&b);
    memcpy(shown, code, strlen(code) + 1);
    mask(shown);
    if (row == NULL)
        row = find(&x->r->http, status);
    if (row == NULL)
        row = &x->r->rest;
    class_judge(row, 1, shown[0] != '\0' ? shown : status, retry_after(x), v);
    add_message(x, v);
}

static void judge_whole(const struct answer *x, const struct provider_msg *m, size_t n,
                        struct provider_verdict *v)
{
    char code[CODE_MAX + 1];
    bool ok = is_ok(x);

    text_of(&x->r->code, x, NULL, code);
    for (size_t i = 0; i < n; i++) {
        if (ok && x->r->items == NULL) {
            v[i].verdict = VERDICT_SENT;
            take_id(&x->r->id, x, NULL, &m[i], &v[i]);
        } else if (ok) {
            class_detail(&v[i], "the answer names no result for this message");
        } else {
            judge(x, code, &v[i]);
        }
    }
}

/* ---- a list of results ---- */

static bool is_to(const char *to, const char *given)
{
    char e164[PHONE_MAX];

    return strcmp(to, given) == 0 ||
           (phone_normalise(given, strlen(given), e164, NULL) == 0 && strcmp(to, e164) == 0);
}

static void judge_item(const struct answer *x, const json_t *item, const struct provider_msg *m,
                       struct provider_verdict *v)
{
    char code[CODE_MAX + 1];

    if (spec_conds_hold(&x->r->item_ok, x->doc, item, x->a->status)) {
        v->verdict = VERDICT_SENT;
        v->detail[0] = '\0';
        take_id(&x->r->item_id, x, item, m, v);
        return;
    }
    text_of(&x->r->item_code, x, item, code);
    judge(x, code, v);
}

static void judge_items(const struct answer *x, const json_t *items, const struct provider_msg *m, size_t n,
                        struct provider_verdict *v)
{
    bool *taken = xcalloc(n, sizeof(*taken));
    const json_t *item;
    char to[CODE_MAX + 1];
    size_t k;

    for (size_t i = 0; i < n; i++)
        class_detail(&v[i], "the answer names no result for this message");
    json_array_foreach(items, k, item)
    {
        text_of(&x->r->item_to, x, item, to);
        for (size_t i = 0; i < n; i++) {
            if (taken[i] || !is_to(m[i].to, to))
                continue;
            taken[i] = true;
            judge_item(x, item, &m[i], &v[i]);
            break;
        }
    }
    free(taken);
}

void http_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                   const struct http_answer *a, struct provider_verdict *v)
{
    struct answer x = {.c = c, .r = &c->spec->response, .a = a};
    const json_t *items = NULL;
    json_t *one = NULL;
    struct spec_doc doc;
    struct err e;

    if (spec_doc_read(&doc, x.r->format, a->body, a->body_len, false, &e) == 0)
        x.doc = &doc;
    if (x.doc != NULL && x.r->items != NULL)
        items = spec_path(doc.tree, x.r->items);
    if (x.r->format == FORMAT_XML && json_is_object(items)) /* XML does not tell one from a list of one */
        items = one = json_pack("[O]", items);
    if (json_is_array(items) && json_array_size(items) > 0)
        judge_items(&x, items, m, n, v);
    else
        judge_whole(&x, m, n, v);
    json_decref(one);
    spec_doc_fini(&doc);
}
