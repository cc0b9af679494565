/* /api/v1/alerts: official warnings come in here, and what became of them is told. */
#include <string.h>

#include "daemon/alerts.h"
#include "daemon/api_call.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "queue/alerts.h"

#define PAGE 100

/* ---- in ---- */

static void on_submitted(void *arg, const struct queue_result *r, json_t *rows)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK)
        api_call_refused(c, r);
    else
        api_call_json(c, 200, json_pack("{s:O}", "alerts", rows));
}

void api_alerts_submit(struct api_call *c)
{
    struct cap_list list;
    struct err e;
    size_t n;
    const char *body = httpd_body(c->req, &n);

    if (cap_parse(&list, body, n, &e) != 0) {
        cap_list_fini(&list);
        api_call_error(c, 422, e.code, NULL, "%s", e.msg);
        return;
    }
    api_call_target(c, api_call_flag(c, "dry") ? "dry run" : "CAP");
    alerts_submit(c->community, &list, api_call_flag(c, "dry"), on_submitted, c);
}

/* ---- what came ---- */

struct walk {
    struct api_list *list;
    char last[64]; /* key of the oldest entry seen */
    size_t n_page;
};

static void on_row(void *arg, const char *key, const char *row, size_t n)
{
    struct walk *w = arg;
    json_t *o;

    w->n_page++;
    if (strlen(key) < sizeof(w->last))
        memcpy(w->last, key, strlen(key) + 1);
    if (!api_list_full(w->list) && (o = json_loadb(row, n, 0, NULL)) != NULL)
        api_list_add(w->list, o);
}

static void step(void *arg);

static void on_page(void *arg, const struct queue_result *r)
{
    struct walk *w = arg;

    if (r->status != QUEUE_OK || w->n_page < PAGE || api_list_full(w->list))
        api_list_end(w->list, r);
    else
        api_list_more(w->list, step, w);
}

static void step(void *arg)
{
    struct walk *w = arg;

    w->n_page = 0;
    alerts_list(api_list_call(w->list)->q, w->last[0] != '\0' ? w->last : NULL, PAGE, on_row, on_page, w);
}

void api_alerts_list(struct api_call *c)
{
    struct api_list *l = api_list_new(c);
    struct walk *w;

    if (l == NULL)
        return;
    w = api_call_state(c, sizeof(*w));
    w->list = l;
    step(w);
}
