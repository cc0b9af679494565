#include "daemon/reload.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/app_int.h"
#include "daemon/feeder.h"
#include "daemon/intake.h"
#include "daemon/link.h"
#include "daemon/planner.h"
#include "daemon/replier.h"
#include "daemon/usher.h"

static struct {
    const char *path, *dev_dir;
    const char *const *sets;
} source;

void reload_source(const char *path, const char *const *sets, const char *dev_dir)
{
    source.path = path;
    source.sets = sets;
    source.dev_dir = dev_dir;
}

/* Would every provider start with what it says now? The same checks as at the start; nothing is used yet. */
static int prepare_providers(const struct app *a, const struct config *next, struct err *e)
{
    if (next->n_providers != a->n_links)
        return err_set(e, "restart", "provider", "providers were added or removed: that needs a restart");
    for (size_t i = 0; i < next->n_providers; i++)
        if (link_prepare(a->links[i], next, &next->providers[i], e) != 0)
            return -1;
    return 0;
}

static int make_words(const struct app *a, const struct config *next, struct intent_words **words,
                      struct err *e)
{
    for (size_t i = 0; i < a->n_communities; i++) {
        words[i] = app_community_words(&next->communities[i], e);
        if (words[i] == NULL)
            return -1;
    }
    return 0;
}

/* Requests under way point into the old one: it goes when none is. */
static void retire(struct app *a, struct config *old)
{
    if (http_in_flight(a->http) == 0) {
        while (a->n_retired > 0)
            config_free(a->retired[--a->n_retired]);
    }
    a->retired = xrealloc(a->retired, (a->n_retired + 1) * sizeof(struct config *));
    a->retired[a->n_retired++] = old;
}

/* From here on nothing can fail. */
static void replace(struct app *a, struct config *next, struct intent_words **words)
{
    enum log_level level = (enum log_level)log_level_parse(next->log.level);

    log_set_level(level);
    for (size_t i = 0; i < a->n_links; i++)
        link_reconfigure(a->links[i]);
    for (size_t i = 0; i < a->n_communities; i++) {
        struct community *c = &a->communities[i];
        struct intent_words *old = c->words;

        c->conf = &next->communities[i];
        c->words = words[i];
        replier_set_words(c->replier, words[i]);
        replier_set_place(c->replier, c->conf->timezone, c->conf->sign);
        intent_words_free(old);
        app_community_sort(a, c);
        usher_set_conf(c->usher, c->conf);
        intake_set_config(c->intake, next, c->conf);
        planner_set_place(c->planner, c->conf->timezone);
        feeder_set_place(c->feeder, c->conf->sign, c->conf->timezone);
    }
    retire(a, a->config);
    a->config = next;
}

int reload_run(struct app *a, struct err *e)
{
    struct config *next = config_load(source.path, source.sets, source.dev_dir, e);
    struct intent_words **words;

    if (next == NULL)
        return -1;
    words = xcalloc(a->n_communities + 1, sizeof(struct intent_words *));
    if (config_can_reload(a->config, next, e) == 0 && prepare_providers(a, next, e) == 0 &&
        make_words(a, next, words, e) == 0) {
        replace(a, next, words);
        free(words);
        return 0;
    }
    for (size_t i = 0; i < a->n_communities; i++)
        intent_words_free(words[i]);
    free(words);
    config_free(next);
    return -1;
}
