#include "tests/support/wechat_bed.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/people.h"

static char secret[] = "0123456789abcdef0123456789abcdef";

/* ---- the vendor ---- */

static void answer(struct httpd_req *r, json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);

    httpd_answer(r, 200, "application/json", text, strlen(text));
    free(text);
    json_decref(o);
}

static json_t *body_of(const struct httpd_req *r)
{
    size_t n;
    const char *bytes = httpd_body(r, &n);
    json_t *o = json_loadb(bytes, n, 0, NULL);

    if (o == NULL)
        panic("WeChat got no JSON");
    return o;
}

static void on_token(struct wechat_bed *w, struct httpd_req *r)
{
    json_t *o = body_of(r);
    char token[40];

    if (w->n_tokens == WECHAT_MAX)
        panic("more requests for a token than a test can want");
    w->token_at_us[w->n_tokens++] = clock_mono_us();
    w->n_forced += json_is_true(json_object_get(o, "force_refresh"));
    json_decref(o);
    if (w->hang_tokens) {
        w->hung[w->n_hung++] = r;
        return;
    }
    w->serial += !w->same_token || w->serial == 0;
    if (snprintf(token, sizeof(token), "token-%u", w->serial) <= 0)
        panic("snprintf");
    answer(r, json_pack("{s:s, s:i}", "access_token", token, "expires_in", 7200));
}

static unsigned serial_of(const struct httpd_req *r)
{
    const char *token = httpd_query(r, "access_token");

    if (token == NULL || strncmp(token, "token-", 6) != 0)
        panic("a message without a token");
    return (unsigned)strtoul(token + 6, NULL, 10);
}

static void judge(struct wechat_bed *w, struct httpd_req *r)
{
    unsigned serial = serial_of(r);
    int code = w->refuse_all != 0 ? w->refuse_all : serial != w->serial ? w->revoked : 0;
    json_t *o = body_of(r);
    const char *to = json_string_value(json_object_get(o, "touser"));

    if (code != 0) {
        w->n_refused++;
    } else {
        if (w->n_sent == WECHAT_MAX || to == NULL || strlen(to) >= sizeof(w->sent_to[0]))
            panic("a message that no test wants");
        memcpy(w->sent_to[w->n_sent], to, strlen(to) + 1);
        w->sent_with[w->n_sent++] = serial;
    }
    json_decref(o);
    answer(r, json_pack("{s:i, s:s, s:I}", "errcode", code, "errmsg", "", "msgid", (json_int_t)w->n_sends));
}

static void on_request(void *arg, struct httpd_req *r)
{
    struct wechat_bed *w = arg;

    if (strcmp(httpd_path(r), "/cgi-bin/stable_token") == 0) {
        on_token(w, r);
        return;
    }
    w->n_sends++;
    if (w->hold)
        w->held[w->n_held++] = r;
    else
        judge(w, r);
}

void wechat_bed_hang_up(struct wechat_bed *w)
{
    w->hang_tokens = false;
    for (size_t i = 0; i < w->n_hung; i++)
        httpd_drop(w->hung[i]);
    w->n_hung = 0;
}

void wechat_bed_release(struct wechat_bed *w, size_t n)
{
    if (n > w->n_held)
        panic("%zu messages are held, not %zu", w->n_held, n);
    for (size_t i = 0; i < n; i++)
        judge(w, w->held[i]);
    w->n_held -= n;
    memmove(w->held, w->held + n, w->n_held * sizeof(w->held[0]));
}

/* ---- the account ---- */

static void fill(struct config_provider *p, char *url)
{
    p->name = xstrdup("wx");
    p->driver = xstrdup("wechat");
    p->channel = xstrdup("wechat");
    p->community = xstrdup("venus");
    p->url = url;
    p->account = xstrdup("wx0123456789abcdef");
    p->secret = (struct secret){.value = secret, .len = sizeof(secret) - 1};
}

static void drop(struct config_provider *p)
{
    free(p->name);
    free(p->driver);
    free(p->channel);
    free(p->community);
    free(p->url);
    free(p->account);
}

static void shape(struct flow_bed *b, struct config_provider *first)
{
    struct wechat_bed *w = b->opts.arg;
    struct config_provider was = *first;
    char *url = xstrndup(was.url, strlen(was.url) - strlen("/send"));

    drop(&was);
    fill(first, url);
    /* one variable and nothing else: any text */
    w->templates[0] = (struct config_vendor_template){.name = xstrdup("any"),
                                                      .provider = xstrdup("wx"),
                                                      .id = xstrdup("tpl"),
                                                      .text = xstrdup("{{any1}}"),
                                                      .approved = true};
    b->config.templates = w->templates;
    b->config.n_templates = 1;
}

void wechat_bed_reload(struct wechat_bed *w)
{
    struct flow_bed *b = w->flow;
    struct config_provider was = b->providers[0], *next = xcalloc(1, sizeof(*next));
    struct err e;

    *next = was;
    fill(next, xstrdup(was.url));
    if (link_prepare(b->links[0], &b->config, next, &e) != 0)
        panic("%s", e.msg);
    link_reconfigure(b->links[0]);
    drop(&was);
    free(w->conf);
    w->conf = next;
    b->providers[0] = *next;
}

/* ---- life ---- */

static void on_put(void *arg, const struct queue_result *r, const struct people_import *counts)
{
    bool *put = arg;

    (void)counts;
    if (r->status != QUEUE_OK)
        panic("residents cannot be stored");
    *put = true;
}

static bool is_true(void *arg)
{
    return *(bool *)arg;
}

static void settle(struct flow_bed *b, unsigned n)
{
    struct resident *list = xcalloc(n, sizeof(*list));
    bool put = false;

    for (unsigned i = 0; i < n; i++) {
        if (snprintf(list[i].name, sizeof(list[i].name), "居民%u", i) <= 0 ||
            snprintf(list[i].phones[0], sizeof(list[i].phones[0]), "+861380%07u", i) <= 0 ||
            snprintf(list[i].wechat, sizeof(list[i].wechat), "oABC%03u", i) <= 0)
            panic("snprintf");
        list[i].n_phones = 1;
    }
    people_put(b->q, list, n, false, on_put, &put);
    if (!loop_run_until(b->loop, is_true, &put, 10000))
        panic("residents were not stored");
    free(list);
}

struct wechat_bed *wechat_bed_new(unsigned residents, bool with_sms, int64_t window, int64_t timeout_ms)
{
    struct wechat_bed *w = xcalloc(1, sizeof(*w));

    w->flow = flow_new(&(struct flow_opts){.n_links = with_sms ? 2 : 1,
                                           .window = window,
                                           .retry_base_ms = 20,
                                           .shape = shape,
                                           .on_first = on_request,
                                           .arg = w,
                                           .timeout_ms = timeout_ms});
    settle(w->flow, residents);
    return w;
}

void wechat_bed_free(struct wechat_bed *w)
{
    char *account;

    wechat_bed_hang_up(w);
    wechat_bed_release(w, w->n_held);
    account = w->flow->providers[0].account;
    flow_free(w->flow);
    free(account);
    free(w->conf);
    free(w->templates[0].name);
    free(w->templates[0].provider);
    free(w->templates[0].id);
    free(w->templates[0].text);
    free(w);
}

void wechat_bed_notice(struct wechat_bed *w, const char *id, const char *lane, const char *channel)
{
    json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:{s:b}}", "v", 1, "id", id, "lane", lane, "text", "停水",
                          "to", "everyone", 1);
    char *text;

    if (channel != NULL)
        json_object_set_new(o, "channels", json_pack("[s]", channel));
    text = json_dumps(o, JSON_COMPACT);
    flow_push(w->flow, strcmp(lane, "emergency") == 0, text);
    free(text);
    json_decref(o);
}
