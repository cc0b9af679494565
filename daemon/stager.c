#include "daemon/stager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "daemon/stager_int.h"
#include "queue/codec.h"

/*   supersede ──▶ load rolls ──▶ read chunk ⟲ ──page full──▶ put page (reading goes on) ──▶ ... ──end──▶ put the last ──▶ done
 *                                                                                        └─ nobody at all ──▶ refused "empty-audience" */

static void on_step(void *arg);
static void on_again(void *arg);

static struct stager *stager_make(const struct stager_opts *o, stager_done_fn cb, void *arg)
{
    struct stager *s = xcalloc(1, sizeof(*s));

    s->o = *o;
    s->cb = cb;
    s->arg = arg;
    s->channels = o->channels;
    s->n_channels = o->n_channels;
    for (size_t i = 0; i < 2; i++)
        buf_init(&s->pages[i], (size_t)(STAGER_PAGE + 2 * STAGER_CHUNK) * STAGER_LINE_MAX);
    s->step = (struct loop_task){.cb = on_step, .arg = s};
    s->again = loop_timer_new(o->loop, on_again, s);
    s->began_us = clock_mono_us();
    loop_post(o->loop, &s->step);
    return s;
}

/* Where a page ended: "w:RESIDENT-ID" and the like. */
static int parse_cursor(struct stager *s)
{
    int64_t at;

    if (s->job.cursor[0] == '\0')
        return 0;
    if (s->job.cursor[1] != ':' || num_i64(s->job.cursor + 2, 0, INT64_MAX, &at) != 0)
        return -1;
    s->at = (uint64_t)at;
    return 0;
}

/* The area is in a line only where it will be read: Redis' memory is what a large audience costs. */
static bool names_area(const struct notice *n)
{
    for (size_t i = 0; i < n->n_texts; i++)
        if (strstr(n->texts[i].text, "{{area") != NULL)
            return true;
    return false;
}

struct stager *stager_new(const struct stager_opts *o, const struct queue_stage_job *job,
                          stager_page_fn on_page, stager_done_fn cb, void *arg)
{
    struct stager *s = stager_make(o, cb, arg);
    struct err e = {{0}, {0}, {0}};

    s->job = *job;
    s->job.json = NULL;
    s->on_page = on_page;
    s->put_any = job->total > 0;
    s->notice = codec_stored(job->json, job->json_len, &e);
    if (s->notice == NULL || s->notice->to == NULL || parse_cursor(s) != 0) {
        log_error("notice.unstageable", "notice=%s why=\"%s\"", job->id, e.msg);
        return s; /* refused in the first step */
    }
    s->audience = s->notice->to;
    if (s->notice->n_channels > 0) {
        s->channels = (const char *const *)s->notice->channels;
        s->n_channels = s->notice->n_channels;
    }
    s->wants_area = names_area(s->notice);
    stager_rolls_init(s);
    return s;
}

struct stager *stager_new_count(const struct stager_opts *o, const struct audience *a, enum lane lane,
                                stager_done_fn cb, void *arg)
{
    struct stager *s = stager_make(o, cb, arg);

    s->audience = a;
    s->job.lane = lane;
    stager_rolls_init(s);
    return s;
}

void stager_free(struct stager *s)
{
    if (s == NULL)
        return;
    loop_task_cancel(s->o.loop, &s->step);
    loop_timer_free(s->again);
    stager_rolls_fini(s);
    stager_ask_fini(s);
    free(s->phones);
    notice_free(s->notice);
    for (size_t i = 0; i < 2; i++)
        buf_fini(&s->pages[i]);
    free(s);
}

static void leave(struct stager *s)
{
    stager_done_fn cb = s->cb;
    void *arg = s->arg;
    struct stager_counts counts = s->counts;
    struct err why = s->end_why;
    struct queue_result r = {.status = s->end_status, .e = s->end_status != QUEUE_OK ? &why : NULL};
    bool lost = s->lost;

    if (s->notice != NULL && !lost && counts.recipients > 0 && r.status == QUEUE_OK)
        log_info("notice.staged", "notice=%s recipients=%llu suppressed=%llu unreachable=%llu ms=%lld",
                 s->job.id, (unsigned long long)counts.recipients, (unsigned long long)counts.suppressed,
                 (unsigned long long)counts.unreachable, (long long)((clock_mono_us() - s->began_us) / 1000));
    stager_free(s);
    cb(arg, &r, &counts, lost);
}

void stager_over(struct stager *s, const struct queue_result *r, bool lost)
{
    if (!s->ended) {
        s->ended = true;
        s->lost = lost;
        s->end_status = r->status;
        if (r->e != NULL)
            s->end_why = *r->e;
    }
    if (!s->reading && (!s->putting || s->put_waits)) /* what is under way comes back here */
        leave(s);
}

/* ---- lines ---- */

static bool reachable(const struct stager *s, const struct recipient *r)
{
    char address[96];

    for (size_t i = 0; i < s->n_channels; i++)
        if (recipient_address(r, s->channels[i], address, sizeof(address)) != NULL)
            return true;
    return false;
}

void stager_add_line(struct stager *s, const char *line, size_t n)
{
    struct buf *page = &s->pages[s->filling];

    s->counts.recipients++;
    if (s->notice == NULL)
        return;
    if (buf_add(page, line, n) != 0 || buf_chr(page, '\n') != 0)
        panic("a page of recipients does not fit");
    s->n_lines[s->filling]++;
}

static void add_ids(struct buf *b, const char *channel, const char *id)
{
    while (id[0] != '\0') {
        size_t n = strcspn(id, " ");

        if (b->len != 0)
            buf_chr(b, ' ');
        buf_str(b, channel);
        buf_add(b, id, n);
        id += n + (id[n] == ' ');
    }
}

/* "+86138... +86139... wechat:OPENID wecom:USERID": the named number first. */
static void addresses(struct buf *b, const struct resident *r, const char *first)
{
    if (first != NULL)
        buf_str(b, first);
    for (size_t i = 0; i < r->n_phones; i++) {
        if (first != NULL && strcmp(first, r->phones[i]) == 0)
            continue;
        if (b->len != 0)
            buf_chr(b, ' ');
        buf_str(b, r->phones[i]);
    }
    if ((r->flags & RESIDENT_NO_WECHAT) == 0)
        add_ids(b, "wechat:", r->wechat);
    add_ids(b, "wecom:", r->wecom);
}

void stager_add(struct stager *s, const struct resident *r, const char *first)
{
    char where[256], id[24] = "", line[STAGER_LINE_MAX];
    struct buf b = {
        .data = where, .len = 0, .cap = sizeof(where), .ceiling = sizeof(where) - 1, .overflow = false};
    struct buf out = {
        .data = line, .len = 0, .cap = sizeof(line), .ceiling = sizeof(line) - 1, .overflow = false};
    struct recipient who;

    if ((r->flags & RESIDENT_OPTED_OUT) != 0 && s->job.lane >= LANE_NORMAL) {
        s->counts.suppressed++;
        return;
    }
    where[0] = '\0';
    addresses(&b, r, first);
    if (r->id != 0 && snprintf(id, sizeof(id), "%llu", (unsigned long long)r->id) >= (int)sizeof(id))
        panic("a resident's id does not fit");
    who = (struct recipient){.addresses = where,
                             .resident = id,
                             .name = r->name,
                             .building = r->building,
                             .lang = r->lang,
                             .text = "",
                             .area = s->wants_area ? r->area : ""};
    if (b.overflow || !reachable(s, &who) || recipient_line(&out, &who) != 0) {
        s->counts.unreachable++;
        return;
    }
    stager_add_line(s, out.data, out.len);
}

/* ---- pages ---- */

void stager_put_again(struct stager *s)
{
    s->putting = s->put_waits = true;
    loop_timer_arm_ms(s->again, STAGER_AGAIN_MS);
}

static void on_put(void *arg, const struct queue_result *r, uint64_t total)
{
    struct stager *s = arg;

    s->putting = false;
    if (s->ended) {
        stager_over(s, r, true);
        return;
    }
    if (r->status == QUEUE_UNAVAILABLE || r->status == QUEUE_UNSURE) {
        s->put_unsure = s->put_unsure || r->status == QUEUE_UNSURE;
        stager_put_again(s); /* when it was stored after all, the cursor tells */
        return;
    }
    if (r->status == QUEUE_REFUSED) {
        if (strcmp(r->e->code, "stage-lost") == 0 && s->put_unsure)
            queue_stage_again(
                s->o.queue); /* by ourselves: it goes on from there at once, not when the lease ends */
        else if (strcmp(r->e->code, "stage-lost") != 0)
            log_error("notice.not-staged", "notice=%s code=%s why=\"%s\"", s->job.id, r->e->code, r->e->msg);
        stager_over(s, r, true);
        return;
    }
    FP("after_stage");
    s->put_unsure = false;
    memcpy(s->job.cursor, s->put_cursor, sizeof(s->job.cursor));
    buf_reset(&s->pages[1 - s->filling]);
    s->n_lines[1 - s->filling] = 0;
    s->put_any = true;
    s->counts.recipients = s->put_last ? total : s->counts.recipients;
    if (total > 0)
        s->on_page(s->arg);
    if (!s->put_last)
        loop_post(s->o.loop, &s->step);
    else if (total > 0)
        stager_over(s, r, false);
    else
        queue_stage_refuse(s->o.queue, s->job.id, "empty-audience",
                           "nobody is meant: no resident fits, or all who do have opted out or have no "
                           "address in a channel that is served",
                           stager_on_refused, s);
}

void stager_asked(struct stager *s)
{
    const struct buf *page = &s->pages[1 - s->filling];

    stager_ask_fini(s);
    queue_stage_put(s->o.queue, s->job.id, s->job.cursor, s->put_cursor, s->put_last,
                    page->len != 0 ? page->data : "", page->len, on_put, s);
}

static void put(struct stager *s)
{
    if (stager_asks(s))
        stager_ask(s, &s->pages[1 - s->filling]);
    else
        stager_asked(s);
}

static void put_page(struct stager *s)
{
    static const char letters[] = {
        [STAGER_WALK] = 'w', [STAGER_PHONES] = 'p', [STAGER_RESIDENTS] = 'r', [STAGER_TOLD] = 't'};
    int n = snprintf(s->put_cursor, sizeof(s->put_cursor), "%c:%llu", letters[s->kind],
                     (unsigned long long)s->at);

    if (n < 0 || (size_t)n >= sizeof(s->put_cursor))
        panic("a cursor does not fit");
    s->putting = true;
    s->put_last = s->eof;
    s->filling = 1 - s->filling;
    put(s);
}

/* ---- reading ---- */

static void read_chunk(struct stager *s)
{
    s->mark_len = s->pages[s->filling].len;
    s->mark_lines = s->n_lines[s->filling];
    s->mark_counts = s->counts;
    stager_source_read(s);
}

static const struct queue_result ok = {.status = QUEUE_OK, .e = NULL};

void stager_read_over(struct stager *s, bool eof)
{
    s->reading = false;
    s->eof = eof;
    if (s->ended)
        stager_over(s, &ok, true);
    else
        loop_post(s->o.loop, &s->step);
}

void stager_roll_over(struct stager *s)
{
    s->reading = false;
    loop_post(s->o.loop, &s->step);
}

void stager_read_failed(struct stager *s, const struct queue_result *r)
{
    struct buf *page = &s->pages[s->filling];

    s->reading = false;
    if (s->ended || s->notice == NULL || r->status == QUEUE_REFUSED) {
        if (r->status == QUEUE_REFUSED && !s->ended)
            log_error("notice.not-staged", "notice=%s code=%s why=\"%s\"", s->job.id, r->e->code, r->e->msg);
        stager_over(s, r, true);
        return;
    }
    if (s->begun) {
        page->len = s->mark_len;
        s->n_lines[s->filling] = s->mark_lines;
        s->counts = s->mark_counts;
    }
    loop_timer_arm_ms(s->again, STAGER_AGAIN_MS);
}

static void on_again(void *arg)
{
    struct stager *s = arg;

    if (s->put_waits) {
        s->put_waits = false;
        put(s);
    }
    loop_post(s->o.loop, &s->step);
}

/* ---- before the first page ---- */

static void on_superseded(void *arg, const struct queue_result *r)
{
    struct stager *s = arg;

    s->reading = false;
    if (r->status == QUEUE_UNAVAILABLE || r->status == QUEUE_UNSURE) {
        loop_timer_arm_ms(s->again, STAGER_AGAIN_MS);
        return;
    }
    s->n_superseded++;
    loop_post(s->o.loop, &s->step);
}

void stager_on_refused(void *arg, const struct queue_result *r)
{
    struct stager *s = arg;

    s->reading = false;
    if (r->status == QUEUE_OK)
        log_info("notice.refused", "notice=%s", s->job.id);
    /* Not refused yet? Then it is handed out again when the lease ends. */
    stager_over(s, r, r->status != QUEUE_OK);
}

static bool prepare(struct stager *s)
{
    if (s->notice != NULL && s->n_superseded < s->notice->alert.n_supersedes) {
        s->reading = true;
        queue_cancel(s->o.queue, s->notice->alert.supersedes[s->n_superseded], "superseded", on_superseded,
                     s);
        return false;
    }
    if (s->n_rolls_loaded < s->n_rolls) {
        s->reading = true;
        stager_rolls_load(s);
        return false;
    }
    stager_source_init(s);
    s->begun = true;
    return true;
}

static void on_step(void *arg)
{
    struct stager *s = arg;
    size_t page = s->put_any ? STAGER_PAGE : STAGER_PAGE_FIRST;

    if (s->ended || s->reading || loop_timer_armed(s->again))
        return;
    if (s->audience == NULL) {
        s->reading = true;
        queue_stage_refuse(s->o.queue, s->job.id, "unreadable", "the notice as stored cannot be read",
                           stager_on_refused, s);
        return;
    }
    if (!s->begun && !prepare(s))
        return;
    if (s->eof && s->notice == NULL) {
        stager_over(s, &ok, false);
        return;
    }
    if (!s->putting && (s->eof || s->n_lines[s->filling] >= page))
        put_page(s);
    if (!s->eof && s->n_lines[s->filling] < STAGER_PAGE)
        read_chunk(s);
}
