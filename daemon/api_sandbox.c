/* The simulated phones: what they received, and texting back. */
#include <stdlib.h>
#include <string.h>

#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "daemon/link.h"
#include "daemon/sandbox.h"
#include "provider/provider.h"
#include "text/phone.h"

#define PHONES_MAX 10000
#define TEXT_MAX   1000

static bool has_sandbox(struct api_call *c)
{
    if (c->app->sandbox != NULL && c->only[0] != '\0' && c->app->n_communities > 1) {
        api_call_error(c, 403, "role", NULL,
                       "the simulated phones belong to all communities; the key '%s' is valid for '%s' only",
                       c->who, c->only);
        return false;
    }
    if (c->app->sandbox != NULL)
        return true;
    api_call_error(c, 404, "no-sandbox", NULL, "no provider here has the driver sandbox");
    return false;
}

/* Masks every string in ${o}: numbers stand in texts too. */
static void mask(const struct api_call *c, json_t *o)
{
    json_t *v;
    const char *name;
    size_t i;
    void *next;

    if (c->full)
        return;
    json_array_foreach(o, i, v) mask(c, v);
    json_object_foreach_safe(o, next, name, v)
    {
        if (json_is_string(v))
            json_object_set_new(o, name, api_call_words(c, json_string_value(v), json_string_length(v)));
        else
            mask(c, v);
    }
}

void api_sandbox_phones(struct api_call *c)
{
    struct api_list *l;
    json_t *phones, *row;
    size_t i;

    if (!has_sandbox(c) || (l = api_list_new(c)) == NULL)
        return;
    phones = sandbox_phones(c->app->sandbox, api_list_limit(l) < PHONES_MAX ? api_list_limit(l) : PHONES_MAX);
    json_array_foreach(phones, i, row)
    {
        mask(c, row);
        if (!api_list_full(l))
            api_list_add(l, json_incref(row));
    }
    json_decref(phones);
    api_list_end(l, NULL);
}

void api_sandbox_phone(struct api_call *c)
{
    json_t *messages;
    char phone[PHONE_MAX];
    struct err e;

    if (!has_sandbox(c))
        return;
    if (phone_normalise(c->match.params[0], strlen(c->match.params[0]), phone, &e) != 0) {
        api_call_err(c, &e);
        return;
    }
    messages = sandbox_messages(c->app->sandbox, phone);
    if (messages == NULL)
        messages = json_array();
    mask(c, messages);
    api_call_json(c, 200, json_pack("{s:o,s:o}", "phone", api_call_phone(c, phone), "messages", messages));
}

/* The provider that such a phone texts to: the one named, else the first with this driver. */
static const char *provider_of(const struct api_call *c)
{
    const char *wanted = api_call_member(c, "provider");

    for (size_t i = 0; i < c->app->n_links; i++) {
        const struct config_provider *p = link_conf(c->app->links[i]);
        bool mine = c->only[0] == '\0' || strcmp(c->only, p->community) == 0;
        if (mine && link_driver(c->app->links[i])->in_process &&
            (wanted == NULL || strcmp(wanted, p->name) == 0))
            return p->name;
    }
    return NULL;
}

void api_sandbox_text(struct api_call *c)
{
    const char *text = api_call_member(c, "text"), *provider;
    char phone[PHONE_MAX];
    struct err e;

    if (!has_sandbox(c))
        return;
    provider = provider_of(c);
    if (provider == NULL)
        api_call_error(c, 404, "no-such-provider", "provider",
                       "there is no such provider with the driver sandbox");
    else if (text == NULL || *text == '\0' || strlen(text) > TEXT_MAX)
        api_call_error(c, 400, "bad-text", "text", "send {\"text\":\"...\"} of 1 to %d bytes", TEXT_MAX);
    else if (phone_normalise(c->match.params[0], strlen(c->match.params[0]), phone, &e) != 0)
        api_call_err(c, &e);
    else {
        sandbox_text(c->app->sandbox, provider, phone, text);
        api_call_json(c, 202, json_pack("{s:b}", "ok", 1));
    }
}
