#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "daemon/tokens.h"
#include "queue/trail.h"
#include "text/utf8.h"

#define AUDIT_PAGE 1000

/* ---- keys ---- */

static json_t *key_json(const struct api_call *c, const struct keyring_key *k)
{
    return json_pack("{s:s,s:o,s:s,s:o,s:o}", "id", k->id, "name", api_call_string(k->name, strlen(k->name)),
                     "role", k->role, "community",
                     k->community[0] != '\0' ? json_string(k->community) : json_null(), "created_at",
                     api_call_time(c, k->created_at));
}

/* A key of one community sees and makes only keys of that community. */
static bool may_see(const struct api_call *c, const struct keyring_key *k)
{
    return c->only[0] == '\0' || strcmp(c->only, k->community) == 0;
}

static void on_key(void *arg, const struct keyring_key *k)
{
    struct api_list *l = arg;

    if (!api_list_full(l) && may_see(api_list_call(l), k))
        api_list_add(l, key_json(api_list_call(l), k));
}

void api_keys_list(struct api_call *c)
{
    struct api_list *l = api_list_new(c);

    if (l != NULL)
        keyring_list(c->q, on_key, api_list_on_done, l);
}

struct adding {
    struct keyring_key key;
    char token[TOKENS_TEXT];
};

static void adding_free(void *state)
{
    struct adding *a = state;

    explicit_bzero(a->token, sizeof(a->token));
}

static void on_added(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;
    struct adding *a = c->state;
    json_t *o;

    if (r->status != QUEUE_OK) {
        api_call_refused(c, r);
        return;
    }
    tokens_learn(c->api->tokens, &a->key);
    o = key_json(c, &a->key);
    json_object_set_new(o, "token", json_string(a->token));
    api_call_json(c, 201, o);
}

/* 0, or -1 after answering. */
static int check_key(struct api_call *c, const char *name, const char *role, const char *community)
{
    bool name_good =
        name != NULL && *name != '\0' && strlen(name) < sizeof(((struct keyring_key *)NULL)->name);

    for (const char *p = name; name_good && *p != '\0'; p++)
        name_good = (unsigned char)*p >= 0x20 && *p != 0x7f;
    if (!name_good)
        api_call_error(c, 400, "bad-name", "name", "a key has a name of 1 to 63 bytes: who uses it");
    else if (role == NULL || role_parse(role) < 0)
        api_call_error(c, 400, "bad-role", "role", "allowed are viewer, sender, alerter and admin");
    else if (*community != '\0' && app_community(c->app, community) == NULL)
        api_call_error(c, 404, "no-such-community", "community", "there is no community '%.40s'", community);
    else if (c->only[0] != '\0' && strcmp(c->only, community) != 0)
        api_call_error(c, 403, "role", "community", "a key of the community '%s' makes keys for it only",
                       c->only);
    else
        return 0;
    return -1;
}

void api_keys_add(struct api_call *c)
{
    const char *name = api_call_member(c, "name"), *role = api_call_member(c, "role"),
               *community = api_call_member(c, "community");
    struct adding *a;

    if (community == NULL)
        community = c->only;
    if (check_key(c, name, role, community) != 0)
        return;
    a = api_call_state(c, sizeof(*a));
    c->state_free = adding_free;
    tokens_make(name, role, community, &a->key, a->token);
    api_call_target(c, a->key.id);
    keyring_put(c->q, &a->key, on_added, c);
}

static void on_revoked(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;

    if (r->status == QUEUE_OK)
        tokens_forget(c->api->tokens, c->match.params[0]);
    api_call_on_done(c, r);
}

void api_keys_revoke(struct api_call *c)
{
    if (c->only[0] != '\0')
        api_call_error(c, 403, "role", "community", "keys are revoked by an admin of the whole installation");
    else
        keyring_delete(c->q, c->match.params[0], on_revoked, c);
}

/* ---- audit ---- */

struct walk {
    struct api_list *list;
    char last[64]; /* key of the oldest entry seen */
    size_t n_page;
};

static void on_trail(void *arg, const char *key, const struct trail_entry *e)
{
    struct walk *w = arg;
    const struct api_call *c = api_list_call(w->list);
    size_t n = strlen(key);

    w->n_page++;
    if (n < sizeof(w->last))
        memcpy(w->last, key, n + 1);
    if (!api_list_full(w->list))
        api_list_add(w->list, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:I}", "at", api_call_time(c, e->at), "who",
                                        api_call_string(e->who, strlen(e->who)), "role",
                                        api_call_string(e->role, strlen(e->role)), "from",
                                        api_call_string(e->from, strlen(e->from)), "did",
                                        api_call_string(e->did, strlen(e->did)), "detail",
                                        api_call_string(e->target, strlen(e->target)), "status",
                                        (json_int_t)e->status));
}

static void step(void *arg);

static void on_page(void *arg, const struct queue_result *r)
{
    struct walk *w = arg;

    if (r->status != QUEUE_OK || w->n_page < AUDIT_PAGE || api_list_full(w->list))
        api_list_end(w->list, r);
    else
        api_list_more(w->list, step, w);
}

static void step(void *arg)
{
    struct walk *w = arg;

    w->n_page = 0;
    trail_list(api_list_call(w->list)->q, w->last[0] != '\0' ? w->last : NULL, AUDIT_PAGE, on_trail, on_page,
               w);
}

void api_keys_audit(struct api_call *c)
{
    struct api_list *l = api_list_new(c);
    struct walk *w;

    if (l == NULL)
        return;
    w = api_call_state(c, sizeof(*w));
    w->list = l;
    step(w);
}
