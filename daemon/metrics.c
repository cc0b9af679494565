#include "daemon/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/canary.h"
#include "daemon/events.h"
#include "daemon/link.h"
#include "queue/tally.h"

#define TEXT_MAX (1u << 20)

const int64_t metrics_bounds_us[METRICS_BOUNDS] = {5000,   10000,   25000,   50000,   100000,   250000,
                                                   500000, 1000000, 2500000, 5000000, 10000000, 30000000};

size_t metrics_bucket(int64_t us)
{
    size_t i = 0;

    while (i < METRICS_BOUNDS && us > metrics_bounds_us[i])
        i++;
    return i;
}

int metrics_label(struct buf *out, const char *value)
{
    int rc = 0;

    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\n')
            rc = buf_str(out, "\\n");
        else if (*p == '"' || *p == '\\') {
            buf_chr(out, '\\');
            rc = buf_chr(out, *p);
        } else
            rc = buf_chr(out, *p);
    }
    return rc;
}

/* ---- one metric ---- */

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* name{k1="v1",k2="v2"} value; ${k2} NULL = one label. */
static void sample(struct buf *b, const char *name, const char *k1, const char *v1, const char *k2,
                   const char *v2, uint64_t value)
{
    buf_fmt(b, "%s{%s=\"", name, k1);
    metrics_label(b, v1);
    if (k2 != NULL) {
        buf_fmt(b, "\",%s=\"", k2);
        metrics_label(b, v2);
    }
    buf_str(b, "\"} ");
    buf_u64(b, value);
    buf_chr(b, '\n');
}

/* ---- what the daemon knows itself ---- */

static void add_recipients(struct buf *b, const struct events_counters *e)
{
    head(b, "crier_recipients_total", "counter", "Recipients that entered a state on this daemon");
    for (int l = 0; l < LANE_N; l++)
        for (int s = 0; s < RECIPIENT_STATE_N; s++)
            sample(b, "crier_recipients_total", "lane", lane_name((enum lane)l), "state",
                   recipient_state_name((enum recipient_state)s), e->recipients[l][s]);
}

/* Keys "a\tb" have two labels. */
static void add_cells(struct buf *b, const char *name, const char *help, const char *k1, const char *k2,
                      const struct events_cell *cells, size_t n)
{
    head(b, name, "counter", help);
    for (size_t i = 0; i < n && cells[i].key[0] != '\0'; i++) {
        char key[sizeof(cells[i].key)];
        memcpy(key, cells[i].key, sizeof(key));
        char *tab = k2 != NULL ? strchr(key, '\t') : NULL;
        if (tab != NULL)
            *tab = '\0';
        sample(b, name, k1, key, k2, tab != NULL ? tab + 1 : "", cells[i].n);
    }
}

static void add_histogram(struct buf *b, const char *provider, const struct link_stats *s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i <= METRICS_BOUNDS; i++) {
        char bound[32] = "+Inf";
        sum += s->hist[i];
        int n =
            i < METRICS_BOUNDS ? snprintf(bound, sizeof(bound), "%g", (double)metrics_bounds_us[i] / 1e6) : 0;
        if (n < 0 || (size_t)n >= sizeof(bound))
            panic("a bound does not fit");
        sample(b, "crier_send_seconds_bucket", "provider", provider, "le", bound, sum);
    }
    buf_str(b, "crier_send_seconds_sum{provider=\"");
    metrics_label(b, provider);
    buf_fmt(b, "\"} %.6f\n", (double)s->hist_sum_us / 1e6);
    sample(b, "crier_send_seconds_count", "provider", provider, NULL, NULL, s->hist_count);
}

static const char *name_of(const struct app *a, size_t i)
{
    return link_conf(a->links[i])->name;
}

static void add_links(struct buf *b, const struct app *a)
{
    head(b, "crier_sends_total", "counter", "Messages judged, by provider and verdict");
    for (size_t i = 0; i < a->n_links; i++)
        for (int v = 0; v < VERDICT_N; v++)
            sample(b, "crier_sends_total", "provider", name_of(a, i), "verdict",
                   verdict_name((enum verdict)v), link_stats(a->links[i])->verdicts[v]);
    head(b, "crier_send_seconds", "histogram", "Time from a request's begin to its verdict");
    for (size_t i = 0; i < a->n_links; i++)
        add_histogram(b, name_of(a, i), link_stats(a->links[i]));
    head(b, "crier_inflight", "gauge", "Requests under way");
    for (size_t i = 0; i < a->n_links; i++)
        sample(b, "crier_inflight", "provider", name_of(a, i), NULL, NULL,
               link_stats(a->links[i])->in_flight);
    head(b, "crier_limit", "gauge", "Most requests a provider is given at once for now");
    for (size_t i = 0; i < a->n_links; i++)
        sample(b, "crier_limit", "provider", name_of(a, i), NULL, NULL, link_limit_now(a->links[i]));
    head(b, "crier_retries_delayed_total", "counter", "How often a retry had to wait for its turn");
    for (size_t i = 0; i < a->n_links; i++)
        sample(b, "crier_retries_delayed_total", "provider", name_of(a, i), NULL, NULL,
               link_retries_delayed(a->links[i]));
    head(b, "crier_breaker_open", "gauge", "1 while a provider is left alone because it fails");
    for (size_t i = 0; i < a->n_links; i++)
        sample(b, "crier_breaker_open", "provider", name_of(a, i), NULL, NULL,
               link_stats(a->links[i])->breaker_open);
}

static void add_losses(struct buf *b, const struct app *a)
{
    head(b, "crier_data_lost", "gauge", "1 from when Redis had lost data until somebody acknowledges it");
    for (size_t i = 0; i < a->n_communities; i++)
        sample(b, "crier_data_lost", "community", a->communities[i].conf->name, NULL, NULL,
               canary_alarm(a->canary, a->communities[i].conf->name, NULL) != NULL);
    head(b, "crier_alerts_held", "gauge", "Accepted alerts that wait for residents to be there again");
    for (size_t i = 0; i < a->n_communities; i++)
        sample(b, "crier_alerts_held", "community", a->communities[i].conf->name, NULL, NULL,
               a->communities[i].n_held);
    head(b, "crier_journal_writable", "gauge", "1 while emergency and urgent notices over HTTP can be taken");
    buf_fmt(b, "crier_journal_writable %d\n", a->journal_words[0] == '\0');
    head(b, "crier_redis_full", "gauge", "1 while Redis refuses new work for want of memory");
    buf_fmt(b, "crier_redis_full %d\n", a->durability.full);
}

static void add_process(struct buf *b, struct app *a)
{
    head(b, "crier_redis_up", "gauge", "1 while Redis is usable");
    buf_fmt(b, "crier_redis_up %d\n", a->redis_usable);
    head(b, "crier_redis_seconds", "gauge", "Smoothed time of a Redis command");
    buf_fmt(b, "crier_redis_seconds %.6f\n", (double)redis_latency_us(a->redis_main) / 1e6);
    head(b, "crier_loop_lag_seconds", "gauge", "Longest turn of the event loop since the last scrape");
    buf_fmt(b, "crier_loop_lag_seconds %.6f\n", (double)loop_lag_take_us(a->loop) / 1e6);
    head(b, "crier_log_dropped_total", "counter", "Lines of the log that nobody took in time");
    buf_fmt(b, "crier_log_dropped_total %lu\n", log_dropped());
    head(b, "crier_build_info", "gauge", "Always 1; the version is a label");
    sample(b, "crier_build_info", "version", CRIER_VERSION, NULL, NULL, 1);
}

/* ---- what Redis knows ---- */

struct scrape {
    struct app *app;
    metrics_fn cb;
    void *arg;
    size_t n_waiting;          /* answers of Redis still to come */
    size_t n_tallied, n_stats; /* communities that answered */
    struct tally tally;        /* sums over communities */
    int64_t oldest_ms[LANE_N];
    LIST_ENTRY(scrape) entry;
};

static LIST_HEAD(, scrape) live = LIST_HEAD_INITIALIZER(live);

static void scrape_free(struct scrape *s)
{
    LIST_REMOVE(s, entry);
    free(s);
}

static void add_redis(struct buf *b, const struct scrape *s)
{
    if (s->n_tallied == s->app->n_communities) {
        head(b, "crier_notices", "gauge",
             "Notices by lane and state (the newest thousand of each community)");
        for (int l = 0; l < LANE_N; l++)
            for (int st = 0; st < NOTICE_STATE_N; st++)
                sample(b, "crier_notices", "lane", lane_name((enum lane)l), "state",
                       notice_state_name((enum notice_state)st), s->tally.notices[l][st]);
    }
    if (s->n_stats == s->app->n_communities) {
        head(b, "crier_lane_oldest_seconds", "gauge", "Age of the oldest unfinished notice in a lane");
        for (int l = 0; l < LANE_N; l++) {
            buf_fmt(b, "crier_lane_oldest_seconds{lane=\"%s\"} %.3f\n", lane_name((enum lane)l),
                    (double)s->oldest_ms[l] / 1e3);
        }
    }
}

static void tell(struct scrape *s)
{
    struct buf b = BUF_INIT(TEXT_MAX);
    const struct events_counters *e = events_counters(s->app->events);

    add_redis(&b, s);
    add_recipients(&b, e);
    add_links(&b, s->app);
    add_cells(&b, "crier_replies_total", "Replies decided, by intent", "provider", "intent", e->replies,
              ARRAY_LEN(e->replies));
    add_cells(&b, "crier_registrations_total", "Registrations by result", "result", NULL, e->registrations,
              ARRAY_LEN(e->registrations));
    add_cells(&b, "crier_rejected_total", "Entries of the queue that were refused", "reason", NULL,
              e->rejected, ARRAY_LEN(e->rejected));
    add_losses(&b, s->app);
    add_process(&b, s->app);
    s->cb(s->arg, buf_cstr(&b), b.len);
    buf_fini(&b);
}

static void answered(struct scrape *s)
{
    s->n_waiting--;
    if (s->n_waiting > 0)
        return;
    tell(s);
    scrape_free(s);
}

static void on_tally(void *arg, const struct queue_result *r, const struct tally *t)
{
    struct scrape *s = arg;

    if (r->status == QUEUE_OK) {
        s->n_tallied++;
        for (int l = 0; l < LANE_N; l++)
            for (int st = 0; st < NOTICE_STATE_N; st++)
                s->tally.notices[l][st] += t->notices[l][st];
    }
    answered(s);
}

static void on_stats(void *arg, const struct queue_result *r, const struct queue_stats *q)
{
    struct scrape *s = arg;

    if (r->status == QUEUE_OK) {
        s->n_stats++;
        for (int l = 0; l < LANE_N; l++)
            s->oldest_ms[l] = q->lane_oldest_ms[l] > s->oldest_ms[l] ? q->lane_oldest_ms[l] : s->oldest_ms[l];
    }
    answered(s);
}

void metrics_begin(struct app *a, metrics_fn cb, void *arg)
{
    struct scrape *s = xcalloc(1, sizeof(*s));

    s->app = a;
    s->cb = cb;
    s->arg = arg;
    s->n_waiting = 2 * a->n_communities;
    LIST_INSERT_HEAD(&live, s, entry);
    for (size_t i = 0; i < a->n_communities; i++) {
        tally_read(a->communities[i].side, on_tally, s);
        queue_stats(a->communities[i].side, on_stats, s);
    }
}

void metrics_forget(void)
{
    struct scrape *s;

    while ((s = LIST_FIRST(&live)) != NULL)
        scrape_free(s);
}
