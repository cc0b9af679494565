#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "daemon/link.h"
#include "text/phone.h"

static struct link *find(struct api_call *c)
{
    for (size_t i = 0; i < c->app->n_links; i++)
        if (strcmp(link_conf(c->app->links[i])->name, c->match.params[0]) == 0) {
            const char *owner = link_conf(c->app->links[i])->community;
            return c->only[0] == '\0' || strcmp(c->only, owner) == 0 ? c->app->links[i] : NULL;
        }
    return NULL;
}

static void unknown(struct api_call *c)
{
    api_call_error(c, 404, "no-such-provider", "name", "there is no provider '%.60s'", c->match.params[0]);
}

void api_providers_list(struct api_call *c)
{
    struct api_list *l = api_list_new(c);

    if (l == NULL)
        return;
    for (size_t i = 0; i < c->app->n_links && !api_list_full(l); i++)
        if (c->only[0] == '\0' || strcmp(c->only, link_conf(c->app->links[i])->community) == 0)
            api_list_add(l, link_json(c->app->links[i]));
    api_list_end(l, NULL);
}

static void set_paused(struct api_call *c, bool paused)
{
    struct link *l = find(c);
    char *why;

    if (l == NULL) {
        unknown(c);
        return;
    }
    why = paused ? xasprintf("by %s", c->who) : NULL;
    link_pause(l, paused, why != NULL ? why : "");
    free(why);
    app_poke(c->app);
    api_call_json(c, 200, link_json(l));
}

void api_providers_pause(struct api_call *c)
{
    set_paused(c, true);
}

void api_providers_resume(struct api_call *c)
{
    set_paused(c, false);
}

/* ---- test: one real message, past the queue ---- */

struct test {
    struct api_call *call;
    struct link *link;
    char to[PHONE_MAX], ref[64];
    struct provider_msg msg;
};

static void on_tested(void *arg, const struct provider_verdict *v, size_t n, bool written, int64_t took_us)
{
    struct test *t = arg;

    (void)n;
    api_call_json(t->call, 200,
                  json_pack("{s:s,s:b,s:s,s:b,s:f,s:o,s:o}", "provider", link_conf(t->link)->name, "sent",
                            v->verdict == VERDICT_SENT, "verdict", verdict_name(v->verdict), "written",
                            written, "took_ms", (double)took_us / 1000, "id",
                            api_call_string(v->id, strlen(v->id)), "detail",
                            api_call_string(v->detail, strlen(v->detail))));
}

static void on_permit(void *arg)
{
    struct test *t = arg;

    link_send(t->link, LANE_NORMAL, &t->msg, 1, on_tested, t);
}

void api_providers_test(struct api_call *c)
{
    struct link *l = find(c);
    const char *to = api_call_member(c, "to"), *text = api_call_member(c, "text");
    struct test *t;
    struct err e;
    char word[9];
    int n;

    if (l == NULL) {
        unknown(c);
        return;
    }
    if (to == NULL || text == NULL || *text == '\0' || strlen(text) > 2000) {
        api_call_error(c, 400, "bad-text", "text",
                       "send {\"to\":\"+86...\",\"text\":\"...\"}; the text has 1 to 2000 bytes");
        return;
    }
    if (link_room(l, LANE_NORMAL) == 0) {
        api_call_error(c, 503, "provider-busy", "name", "the provider takes nothing now: %s", link_state(l));
        return;
    }
    t = api_call_state(c, sizeof(*t));
    if (phone_normalise(to, strlen(to), t->to, &e) != 0) {
        api_call_err(c, &e);
        return;
    }
    secret_random_hex(word, 4);
    n = snprintf(t->ref, sizeof(t->ref), "test-%s.0.1", word);
    if (n < 0 || (size_t)n >= sizeof(t->ref))
        panic("a reference does not fit");
    t->call = c;
    t->link = l;
    t->msg = (struct provider_msg){
        .to = t->to, .text = text, .text_len = strlen(text), .ref = t->ref, .lane = LANE_NORMAL};
    link_permit(l, LANE_NORMAL, 1, on_permit, t);
}
