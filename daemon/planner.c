#include "daemon/planner.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

enum {
    LOOK_MAX_MS = 1000, /* others make plans without telling */
    AGAIN_MS = 500,
    AT_ONCE = 16 /* plans of one look */
};

struct due {
    char *id, *json, *cursor;
    size_t json_len;
};

struct planner {
    struct planner_opts o;
    struct loop_timer *timer;
    char *tz;
    bool usable, busy;
    bool stepped; /* something was done in this look: there may be more */
    struct due due[AT_ONCE];
    size_t n_due, next;
    int64_t now_at, next_ms;
    struct planner_own own; /* of the step under way */
};

static void due_clear(struct planner *p)
{
    for (size_t i = 0; i < p->n_due; i++) {
        free(p->due[i].id);
        free(p->due[i].json);
        free(p->due[i].cursor);
    }
    p->n_due = p->next = 0;
    planner_own_fini(&p->own);
}

static void over(struct planner *p, int64_t ms)
{
    p->busy = false;
    due_clear(p);
    if (p->usable)
        loop_timer_arm_ms(p->timer, ms < 0 || ms > LOOK_MAX_MS ? LOOK_MAX_MS : ms);
}

static void step(struct planner *p);

static void on_step(void *arg, const struct queue_result *r)
{
    struct planner *p = arg;

    if (r->status == QUEUE_REFUSED)
        log_error("planner.refused", "code=%s why=\"%s\"", r->e->code, r->e->msg);
    planner_own_fini(&p->own);
    if (r->status != QUEUE_OK) {
        over(p, AGAIN_MS);
        return;
    }
    p->next++;
    p->stepped = true;
    step(p);
}

static void step(struct planner *p)
{
    struct err e = {{0}, {0}, {0}};
    struct plans_step s;

    for (; p->next < p->n_due; p->next++) {
        const struct due *d = &p->due[p->next];
        struct plans_row row = {.id = d->id, .json = d->json, .json_len = d->json_len, .cursor = d->cursor};

        if (planner_decide(&row, p->now_at, p->tz, &s, &p->own, &e) == 0) {
            log_info("plan.step", "plan=%s notice=%s made=%s", d->id, s.notice,
                     s.entry != NULL ? "yes" : "no");
            plans_step(p->o.queue, &s, on_step, p);
            return;
        }
        log_error("plan.unreadable", "plan=%s code=%s why=\"%s\"", d->id, e.code, e.msg);
    }
    over(p, p->stepped ? 0 : p->next_ms);
}

static void on_plan(void *arg, const struct plans_row *row)
{
    struct planner *p = arg;

    if (p->n_due == AT_ONCE)
        return;
    p->due[p->n_due++] = (struct due){.id = xstrdup(row->id),
                                      .json = xmemdup(row->json, row->json_len),
                                      .cursor = xstrdup(row->cursor),
                                      .json_len = row->json_len};
}

static void on_due(void *arg, const struct queue_result *r, int64_t now_at, int64_t next_ms)
{
    struct planner *p = arg;

    if (r->status != QUEUE_OK) {
        if (r->status == QUEUE_REFUSED)
            log_error("planner.refused", "code=%s why=\"%s\"", r->e->code, r->e->msg);
        over(p, AGAIN_MS);
        return;
    }
    p->now_at = now_at;
    p->next_ms = p->n_due > 0 ? LOOK_MAX_MS : next_ms; /* those that cannot be read are still due */
    p->stepped = false;
    step(p);
}

static void on_timer(void *arg)
{
    struct planner *p = arg;

    if (p->busy || !p->usable)
        return;
    p->busy = true;
    plans_due(p->o.queue, AT_ONCE, on_plan, on_due, p);
}

struct planner *planner_new(const struct planner_opts *o)
{
    struct planner *p = xcalloc(1, sizeof(*p));

    p->o = *o;
    p->tz = xstrdup(o->tz);
    p->timer = loop_timer_new(o->loop, on_timer, p);
    return p;
}

void planner_free(struct planner *p)
{
    if (p == NULL)
        return;
    due_clear(p);
    loop_timer_free(p->timer);
    free(p->tz);
    free(p);
}

void planner_set_place(struct planner *p, const char *tz)
{
    free(p->tz);
    p->tz = xstrdup(tz);
}

void planner_set_usable(struct planner *p, bool usable)
{
    if (p->usable == usable)
        return;
    p->usable = usable;
    if (!usable)
        loop_timer_disarm(p->timer);
    else if (!p->busy)
        loop_timer_arm_ms(p->timer, 0);
}
