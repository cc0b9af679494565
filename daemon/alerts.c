#include "daemon/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/journal.h"
#include "model/alert_notice.h"
#include "model/alert_store.h"
#include "queue/alerts.h"
#include "queue/codec.h"

#define TRIES_MAX 50 /* each means that another daemon recorded something */

/* A notice that follows: ready to be stored, in the journal when it is urgent. */
struct follow {
    char *json;
    enum lane lane;
    int64_t journal_number; /* 0 = not in it */
};

struct submission {
    struct community *community;
    struct cap_list list;
    bool dry;
    alerts_fn cb;
    void *arg;
    struct area_set watched;
    struct alert_book book;
    int64_t version;
    json_t *rows;
    struct follow *follows;
    size_t n_follows, n_tries;
};

/* ---- making and ending ---- */

/* Codes of levels that place codes do not have cannot be compared. */
static void watch(const struct config_community *conf, struct area_set *w)
{
    *w = (struct area_set){.n = 0};
    for (size_t i = 0; i < conf->n_areas && w->n < AREAS_MAX; i++) {
        size_t n = strlen(conf->areas[i]);

        if (area_code_valid(conf->areas[i], n))
            memcpy(w->codes[w->n++], conf->areas[i], n + 1);
    }
}

/* ${struck_out}: they were not recorded: the journal is not to say them. */
static void forget_follows(struct submission *s, bool struck_out)
{
    struct journal *j = s->community->app->journal;

    for (size_t i = 0; i < s->n_follows; i++) {
        if (s->follows[i].journal_number != 0 && struck_out)
            journal_done(j, s->follows[i].journal_number);
        free(s->follows[i].json);
    }
    free(s->follows);
    s->follows = NULL;
    s->n_follows = 0;
}

static void submission_free(struct submission *s)
{
    forget_follows(s, false);
    cap_list_fini(&s->list);
    alert_book_fini(&s->book);
    json_decref(s->rows);
    free(s);
}

static void answer(struct submission *s, const struct queue_result *r)
{
    s->cb(s->arg, r, r->status == QUEUE_OK ? s->rows : NULL);
    submission_free(s);
}

static void refuse(struct submission *s, const struct err *e)
{
    struct queue_result r = {.status = QUEUE_REFUSED, .e = e};

    forget_follows(s, true);
    answer(s, &r);
}

/* ---- notices ---- */

/* Canonical JSON of the completed notice, as the journal and the inbox keep it; NULL with the reason. */
static char *completed(const json_t *tree, enum lane *lane, struct err *e)
{
    struct notice *n = codec_notice_json(tree, e);
    char *json = NULL;
    size_t len;

    if (n != NULL && notice_complete(n, clock_wall_ms(), e) == 0) {
        json = codec_canonical(n, &len);
        *lane = n->lane;
        if (len > NOTICE_JSON_MAX) {
            (void)err_set(e, "too-large", NULL, "the notice would have %zu bytes", len);
            free(json);
            json = NULL;
        }
    }
    notice_free(n);
    return json;
}

/* Can it be told at all? */
static bool could_follow(const struct submission *s, const struct warning *w, const struct alert_verdict *v,
                         struct err *e)
{
    json_t *tree = v->decision == ALERT_SEND ? alert_notice(&s->book, w, v, &s->watched) : NULL;
    enum lane lane;
    char *json;

    if (tree == NULL)
        return true;
    json = completed(tree, &lane, e);
    json_decref(tree);
    free(json);
    return json != NULL;
}

static int follow(struct submission *s, const struct warning *w, const struct alert_verdict *v, json_t *row,
                  struct err *e)
{
    struct alert_known *k = alert_book_event(&s->book, v->root);
    json_t *tree = alert_notice(&s->book, w, v, &s->watched);
    struct follow *f;
    char *json;
    enum lane lane = LANE_URGENT;

    if (tree == NULL)
        return 0; /* an end of what was told in a drill of the command line: nobody to tell */
    json = completed(tree, &lane, e);
    if (json != NULL) {
        json_object_set(row, "notice", json_object_get(tree, "id"));
        if (v->decision == ALERT_END)
            alert_known_forget(k);
        else
            alert_known_told(k, json_string_value(json_object_get(tree, "id")));
        s->follows = xrealloc(s->follows, (s->n_follows + 1) * sizeof(*s->follows));
        f = &s->follows[s->n_follows++];
        *f = (struct follow){.json = json, .lane = lane};
    }
    json_decref(tree);
    return json != NULL ? 0 : -1;
}

static int into_journal(struct submission *s, struct err *e)
{
    struct journal *j = s->community->app->journal;

    for (size_t i = 0; j != NULL && i < s->n_follows; i++) {
        struct follow *f = &s->follows[i];
        int64_t number;

        if (f->lane > LANE_URGENT)
            continue;
        number = journal_add(j, s->community->conf->name, f->json, strlen(f->json), e);
        if (number < 0)
            return -1;
        f->journal_number = number;
    }
    return 0;
}

/* ---- deciding ---- */

static int decide(struct submission *s, const struct cap_alert *a, struct err *e)
{
    const struct alert_rules rules = {.watched = &s->watched, .stale_ms = ALERT_STALE_MS};
    bool bad = a->bad[0] != '\0';
    struct alert_verdict v;
    struct warning w;
    json_t *row;
    int rc = 0;

    if (!bad)
        warning_of(a, &s->watched, &w);
    alert_decide(&s->book, bad ? NULL : &w, &rules, clock_wall_ms(), &v);
    if (!bad && !could_follow(s, &w, &v, e)) {
        v = (struct alert_verdict){.decision = ALERT_REFUSE, .action = "", .why = e->msg};
        log_error("alert.not-told", "code=%s", e->code);
    }
    row = alert_row(a, bad ? NULL : &w, &v);
    json_object_set_new(row, "notice", json_null());
    if (!bad)
        alert_book_add(&s->book, &w, &v);
    if (v.decision == ALERT_SEND || v.decision == ALERT_END)
        rc = follow(s, &w, &v, row, e);
    json_array_append_new(s->rows, row);
    return rc;
}

static void load(struct submission *s);

static void on_recorded(void *arg, const struct queue_result *r, bool again)
{
    struct submission *s = arg;

    if (r->status == QUEUE_OK && again && ++s->n_tries < TRIES_MAX) {
        forget_follows(s, true);
        load(s);
        return;
    }
    if (r->status == QUEUE_OK && again) {
        struct err e;

        (void)err_set(&e, "busy", NULL, "other daemons record warnings all the time; try again");
        refuse(s, &e);
        return;
    }
    /* In the inbox it is not accepted yet: the journal says it until it is. In doubt it is said again, too: its id is known then. */
    for (size_t i = 0; i < s->n_follows; i++)
        if (s->follows[i].journal_number != 0 && r->status != QUEUE_OK && r->status != QUEUE_UNSURE)
            journal_done(s->community->app->journal, s->follows[i].journal_number);
    if (r->status == QUEUE_OK)
        log_info("alert.recorded", "messages=%zu notices=%zu", json_array_size(s->rows), s->n_follows);
    answer(s, r);
}

/* What was known before is no news: it is answered, not listed again. */
static bool is_known(const json_t *row)
{
    return strcmp(json_string_value(json_object_get(row, "decision")), "ignore") == 0;
}

static size_t listed(const struct submission *s, char **rows)
{
    size_t n = 0, i;
    const json_t *row;

    json_array_foreach(s->rows, i, row)
    {
        if (!is_known(row))
            rows[n++] = json_dumps(row, JSON_COMPACT);
    }
    return n;
}

static bool has_news(const struct submission *s)
{
    const json_t *row;
    size_t i;

    json_array_foreach(s->rows, i, row)
    {
        if (!is_known(row))
            return true;
    }
    return false;
}

static void record(struct submission *s)
{
    char *book = alert_book_write(&s->book, clock_wall_ms());
    char **rows = xcalloc(json_array_size(s->rows) + 1, sizeof(*rows));
    struct alerts_job *jobs = xcalloc(s->n_follows + 1, sizeof(*jobs));
    struct alerts_record r = {
        .version = s->version, .book = book, .rows = (const char *const *)rows, .jobs = jobs};

    r.n_rows = listed(s, rows);
    r.n_jobs = s->n_follows;
    for (size_t i = 0; i < s->n_follows; i++)
        jobs[i] = (struct alerts_job){s->follows[i].json, s->follows[i].lane == LANE_EMERGENCY};
    alerts_record(s->community->side, &r, on_recorded, s);
    for (size_t i = 0; i < r.n_rows; i++)
        free(rows[i]);
    free(rows);
    free(jobs);
    free(book);
}

static void on_loaded(void *arg, const struct queue_result *r, int64_t version, const char *book, size_t n)
{
    struct submission *s = arg;
    struct err e;
    int rc = 0;

    if (r->status != QUEUE_OK) {
        answer(s, r);
        return;
    }
    json_array_clear(s->rows);
    alert_book_fini(&s->book);
    s->version = version;
    if (n > 0)
        rc = alert_book_read(&s->book, book, n, &e);
    for (size_t i = 0; rc == 0 && i < s->list.n; i++)
        rc = decide(s, &s->list.alerts[i], &e);
    if (rc == 0 && !s->dry)
        rc = into_journal(s, &e);
    if (rc != 0)
        refuse(s, &e);
    else if (s->dry || (s->n_follows == 0 && !has_news(s)))
        answer(s, r);
    else
        record(s);
}

static void load(struct submission *s)
{
    alerts_load(s->community->side, on_loaded, s);
}

void alerts_submit(struct community *c, struct cap_list *l, bool dry, alerts_fn cb, void *arg)
{
    struct submission *s = xcalloc(1, sizeof(*s));

    s->community = c;
    s->list = *l;
    *l = (struct cap_list){.alerts = NULL};
    s->dry = dry;
    s->cb = cb;
    s->arg = arg;
    s->rows = json_array();
    watch(c->conf, &s->watched);
    load(s);
}
