#include "tests/support/replies_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/replies.h"
#include "tests/support/queue_bed.h"

struct replies_bed replies_bed;

void replies_bed_on_store(void *arg, const struct queue_result *r, size_t n)
{
    (void)arg;
    replies_bed.n_new = n;
    queue_bed_note(replies_bed.bed, r);
}

size_t replies_bed_store(const char *id, const char *from, const char *text)
{
    const struct replies_in in = {.provider = "p1",
                                  .channel = "sms",
                                  .id = id,
                                  .from = from,
                                  .text = text,
                                  .text_len = strlen(text),
                                  .sent_at = 5};

    replies_store(replies_bed.bed->q[0], &in, 1, replies_bed_on_store, NULL);
    queue_bed_wait(replies_bed.bed, 1);
    assert_int_equal(replies_bed.bed->last.status, QUEUE_OK);
    return replies_bed.n_new;
}

void replies_bed_copy(char *out, size_t size, const char *s)
{
    size_t n = s ? strlen(s) : 0;

    assert_true(n < size);
    memcpy(out, s ? s : "", n + 1);
}

static void on_pending(void *arg, const struct queue_result *r, const struct replies_pending *list, size_t n)
{
    (void)arg;
    replies_bed.n_seen = n;
    memset(replies_bed.seen, 0, sizeof(replies_bed.seen));
    for (size_t i = 0; i < n; i++) {
        const struct replies_pending *p = &list[i];
        struct replies_seen *s = &replies_bed.seen[i];
        replies_bed_copy(s->key, sizeof(s->key), p->key);
        replies_bed_copy(s->from, sizeof(s->from), p->from);
        replies_bed_copy(s->text, sizeof(s->text), p->text);
        replies_bed_copy(s->provider, sizeof(s->provider), p->provider);
        replies_bed_copy(s->promoted, sizeof(s->promoted), p->promoted);
        for (size_t k = 0; k < p->n_offered && k < 4; k++)
            replies_bed_copy(s->offered[k], sizeof(s->offered[k]), p->offered[k]);
        for (size_t k = 0; k < p->n_registered && k < 4; k++)
            replies_bed_copy(s->registered[k], sizeof(s->registered[k]), p->registered[k]);
        s->resident = p->resident;
        s->n_offered = p->n_offered;
        s->n_registered = p->n_registered;
        s->offered_for = p->offered_for;
        s->hour = p->answers_last_hour;
        s->day = p->answers_last_day;
        s->all = p->all_last_day;
        s->helped = p->helped_today;
        s->muted = p->muted;
        s->flood = p->flood;
    }
    queue_bed_note(replies_bed.bed, r);
}

size_t replies_bed_look(void)
{
    replies_pending(replies_bed.bed->q[1], 64, on_pending, NULL);
    queue_bed_wait(replies_bed.bed, 1);
    assert_int_equal(replies_bed.bed->last.status, QUEUE_OK);
    return replies_bed.n_seen;
}

void replies_bed_settle(const struct replies_decision *d, size_t n)
{
    replies_settle(replies_bed.bed->q[0], d, n, queue_bed_done, replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    if (replies_bed.bed->last.status != QUEUE_OK)
        fail_msg("%s: %s", replies_bed.bed->e.code, replies_bed.bed->e.msg);
}

void replies_bed_end_all(void)
{
    while (replies_bed_look() > 0)
        for (size_t i = 0; i < replies_bed.n_seen; i++)
            replies_bed_settle(&(struct replies_decision){.key = replies_bed.seen[i].key,
                                                          .intent = INTENT_UNKNOWN,
                                                          .result = "test"},
                               1);
}

void replies_bed_expect(char *answer, const char *want)
{
    assert_string_equal(answer, want);
    free(answer);
}

int replies_bed_setup(void **state)
{
    replies_bed.bed = *state;
    queue_bed_clear(replies_bed.bed);
    /* Every test begins with the hour: minutes and hours do not change under it. */
    replies_bed.clock_ms = -(clock_wall_ms() % 3600000);
    queue_bed_clock(replies_bed.bed, replies_bed.clock_ms);
    return 0;
}
