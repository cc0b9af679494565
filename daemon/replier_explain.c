/* What a text would mean now: `crier reply explain`. */
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/replier_int.h"

struct replier_look {
    struct replier *r;
    char *text;
    size_t n;
    char *from;
    LIST_ENTRY(replier_look) entry;
    struct replier_activities activities;
    replier_explain_fn cb;
    void *arg;
    struct intent intent;
    json_t *json;
};

static void free_look(struct replier_look *x)
{
    json_decref(x->json);
    free(x->activities.v);
    free(x->text);
    free(x->from);
    free(x);
}

static void finish(struct replier_look *x, const struct queue_result *r)
{
    LIST_REMOVE(x, entry);
    x->cb(x->arg, r, x->json);
    x->json = NULL; /* taken */
    free_look(x);
}

void replier_explain_free(struct replier *r)
{
    struct replier_look *x;

    while ((x = LIST_FIRST(&r->looks)) != NULL) {
        LIST_REMOVE(x, entry);
        free_look(x);
    }
}

static void with_context(void *arg, const struct intent_ctx *ctx)
{
    struct replier_look *x = arg;

    x->json = intent_json(&x->intent, ctx);
}

static void on_sender(void *arg, const struct queue_result *r, const struct replies_pending *p, size_t n)
{
    struct replier_look *x = arg;

    if (r->status == QUEUE_OK && n == 1)
        replier_parse(x->r->words, &x->activities, p, x->text, x->n, &x->intent, with_context, x);
    finish(x, r);
}

static void on_activity(void *arg, const struct activity *a)
{
    struct replier_look *x = arg;

    replier_add_activity(&x->activities, a);
}

static void on_activities(void *arg, const struct queue_result *r)
{
    struct replier_look *x = arg;

    if (r->status == QUEUE_OK)
        replies_sender(x->r->q, x->from, on_sender, x);
    else
        finish(x, r);
}

void replier_explain(struct replier *r, const char *text, size_t n, const char *from, replier_explain_fn cb,
                     void *arg)
{
    struct replier_look *x = xcalloc(1, sizeof(*x));

    x->r = r;
    x->text = replier_copy(text, n);
    x->n = n;
    x->from = xstrdup(from ? from : "");
    x->cb = cb;
    x->arg = arg;
    LIST_INSERT_HEAD(&r->looks, x, entry);
    roster_list(r->q, on_activity, on_activities, x);
}
