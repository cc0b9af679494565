#include "daemon/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/app_int.h"
#include "daemon/link.h"
#include "daemon/slot.h"
#include "daemon/templates.h"
#include "text/tmpl.h"

enum { PATIENCE_MS = 5000 };

struct probe {
    struct loop *loop;
    struct queue *queue;
    struct redis *redis;
    bool checked, over, ok;
    char last_words[256];
};

static void print_line(void *arg, const char *text)
{
    (void)arg;
    puts(text);
}

static int wrong(const struct err *e)
{
    fprintf(stderr, "crierd: %s\n", e->msg);
    return 1;
}

static bool is_served(const struct config *c, const struct config_community *cm)
{
    for (size_t i = 0; i < c->n_providers; i++)
        if (strcmp(c->providers[i].community, cm->name) == 0)
            return true;
    return false;
}

/* A word of usual length for every name. */
static const char *sample(void *arg, const char *name, size_t *n)
{
    static const char word[] = "某某某";

    (void)arg;
    (void)name;
    *n = sizeof(word) - 1;
    return word;
}

/* Which providers could carry the text of a template: those that carry approved wordings only are asked. */
static void on_template(void *arg, const char *file, const char *text)
{
    const struct config *c = arg;
    struct tmpl *t = tmpl_compile(text, strlen(text), NULL);
    struct buf out = BUF_INIT(1u << 16);
    bool anybody = c->n_providers == 0;

    if (t != NULL && tmpl_render(t, sample, NULL, &out) == 0) {
        for (size_t i = 0; i < c->n_providers; i++) {
            struct err why = {{0}, {0}, {0}};
            int rc = link_carries(c, &c->providers[i], buf_cstr(&out), out.len, &why);

            anybody = anybody || rc > 0;
            if (rc == 0)
                printf("# template %s: provider \"%s\" cannot carry it: %s\n", file, c->providers[i].name,
                       why.msg);
            else if (rc == 1)
                printf("# template %s: provider \"%s\" can carry it\n", file, c->providers[i].name);
        }
        if (!anybody)
            fprintf(stderr, "crierd: warning: template %s: no provider can carry it\n", file);
    }
    tmpl_free(t);
    buf_fini(&out);
}

/* Who checks may be somebody else than the daemon: what only rights forbid is a warning. */
static int check_state_dir(const char *state_dir)
{
    struct err e = {{0}, {0}, {0}};
    bool rights;

    if (slot_check(state_dir, &rights, &e) == 0)
        return 0;
    fprintf(stderr, "crierd: %s%s\n", rights ? "warning: as this user: " : "", e.msg);
    return rights ? 0 : 1;
}

/* Time zones, words of replies, provider settings, templates: everything that needs no network. */
static int check_offline(const struct config *c)
{
    struct err e = {{0}, {0}, {0}};
    int n_wrong = check_state_dir(c->state_dir);

    for (size_t i = 0; i < c->n_communities; i++) {
        const struct config_community *cm = &c->communities[i];
        struct intent_words *w = app_community_words(cm, &e);

        if (w == NULL) {
            fprintf(stderr, "crierd: community \"%s\": %s\n", cm->name, e.msg);
            n_wrong++;
        }
        intent_words_free(w);
        if (!clock_tz_check(cm->timezone)) {
            fprintf(stderr, "crierd: community \"%s\": the system knows no time zone \"%s\"\n", cm->name,
                    cm->timezone);
            n_wrong++;
        }
        if (!is_served(c, cm))
            fprintf(stderr, "crierd: warning: community \"%s\" has no provider: nothing will be sent\n",
                    cm->name);
    }
    for (size_t i = 0; i < c->n_providers; i++)
        if (link_check(c, &c->providers[i], &e) != 0)
            n_wrong += fprintf(stderr, "crierd: %s\n", e.msg) > 0;
    if (templates_check(c->template_dir, on_template, (void *)(uintptr_t)c, &e) != 0)
        n_wrong += wrong(&e);
    return n_wrong;
}

/* ---- Redis ---- */

static bool is_over(void *arg)
{
    const struct probe *p = arg;

    return p->over;
}

static void on_check(void *arg, const struct queue_result *r, const struct queue_durability *d)
{
    struct probe *p = arg;

    p->over = true;
    if (r->status != QUEUE_OK) {
        fprintf(stderr, "crierd: redis: %s\n", r->e->msg);
        return;
    }
    for (size_t i = 0; i < d->n_warnings; i++)
        fprintf(stderr, "crierd: redis: warning: %s\n", d->warnings[i]);
    if (!d->ok) {
        fprintf(stderr, "crierd: redis: %s\n", d->problem);
        return;
    }
    printf("# redis %s: %s\n", d->redis_version, d->words);
    p->ok = true;
}

static void on_state(void *arg, enum redis_state s, const char *why)
{
    struct probe *p = arg;

    if (s == REDIS_UP && !p->checked) {
        p->checked = true;
        queue_check(p->queue, on_check, p);
    } else if (s == REDIS_DOWN && why != NULL) {
        memset(p->last_words, 0, sizeof(p->last_words));
        memcpy(p->last_words, why, strnlen(why, sizeof(p->last_words) - 1));
    }
}

static int check_redis(const struct config *c, const struct config_community *cm)
{
    struct probe p = {.loop = NULL};
    struct redis_opts o = {.url = c->redis.url,
                           .client_name = "crier-check",
                           .timeout_ms = c->redis.timeout_ms,
                           .on_state = on_state,
                           .arg = &p};
    struct err e = {{0}, {0}, {0}};

    p.loop = loop_new(&e);
    p.redis = p.loop != NULL ? redis_new(p.loop, &o, &e) : NULL;
    if (p.redis == NULL) {
        fprintf(stderr, "crierd: redis: %s\n", e.msg);
    } else {
        struct queue_opts qo = {.redis = p.redis,
                                .prefix = c->redis.prefix,
                                .community = cm->name,
                                .daemon_id = "check",
                                .lease_ms = c->delivery.lease_ms};

        p.queue = queue_new(&qo);
        if (!loop_run_until(p.loop, is_over, &p, PATIENCE_MS)) {
            char *url = config_mask_url(c->redis.url);

            fprintf(stderr, "crierd: redis: %s: not reachable within %d s%s%s\n", url, PATIENCE_MS / 1000,
                    p.last_words[0] != '\0' ? ": " : "", p.last_words);
            free(url);
        }
        queue_free(p.queue);
    }
    redis_free(p.redis);
    loop_free(p.loop);
    return p.ok ? 0 : 1;
}

int check_run(const struct config *c)
{
    int n_wrong = check_offline(c);

    config_print(c, print_line, NULL);
    if (strcmp(c->redis.url, "embedded") == 0)
        puts("# redis: embedded, started with the daemon");
    for (size_t i = 0; i < c->n_communities && strcmp(c->redis.url, "embedded") != 0; i++)
        n_wrong += check_redis(c, &c->communities[i]);
    return n_wrong == 0 ? 0 : CONFIG_EXIT;
}
