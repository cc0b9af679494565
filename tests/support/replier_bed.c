#include "tests/support/replier_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/replier.h"
#include "queue/people.h"
#include "tests/support/queue_bed.h"

struct replier_bed replier_bed;

static void on_settled(void *arg, const struct replier_settled *s)
{
    (void)arg;
    replier_bed.n_settled++;
    assert_true(strlen(s->result) < sizeof(replier_bed.last_result) &&
                strlen(s->intent) < sizeof(replier_bed.last_intent));
    memcpy(replier_bed.last_result, s->result, strlen(s->result) + 1);
    memcpy(replier_bed.last_intent, s->intent, strlen(s->intent) + 1);
}

void replier_bed_start(int i)
{
    const struct replier_opts o = {.loop = replier_bed.bed->loop,
                                   .queue = replier_bed.bed->q[i],
                                   .words = replier_bed.words,
                                   .tz = "Asia/Shanghai",
                                   .sign = "金星社区",
                                   .lease_ms = 600,
                                   .on_settled = on_settled};

    replier_bed.replier[i] = replier_new(&o);
}

static void on_stopped(void *arg)
{
    (void)arg;
    replier_bed.stopped = true;
}

static bool is_stopped(void *arg)
{
    (void)arg;
    return replier_bed.stopped;
}

void replier_bed_stop(int i)
{
    if (!replier_bed.replier[i])
        return;
    replier_bed.stopped = false;
    replier_stop(replier_bed.replier[i], on_stopped, NULL);
    assert_true(loop_run_until(replier_bed.bed->loop, is_stopped, NULL, WAIT_MS));
    replier_free(replier_bed.replier[i]);
    replier_bed.replier[i] = NULL;
}

void replier_bed_on_store(void *arg, const struct queue_result *r, size_t n)
{
    (void)arg;
    replier_bed.n_expected += (int)n;
    queue_bed_note(replier_bed.bed, r);
}

void replier_bed_store(const char *id, const char *from, const char *text)
{
    const struct replies_in in = {
        .provider = "p1", .channel = "sms", .id = id, .from = from, .text = text, .text_len = strlen(text)};

    replies_store(replier_bed.bed->q[replier_bed.n_stored++ % 2], &in, 1, replier_bed_on_store, NULL);
}

bool replier_bed_all_settled(void *arg)
{
    (void)arg;
    return replier_bed.n_settled >= replier_bed.n_expected;
}

void replier_bed_settle(void)
{
    for (int i = 0; i < 2; i++)
        if (replier_bed.replier[i])
            replier_poke(replier_bed.replier[i]);
    if (!loop_run_until(replier_bed.bed->loop, replier_bed_all_settled, NULL, WAIT_MS))
        fail_msg("%d of %d replies are settled", replier_bed.n_settled, replier_bed.n_expected);
    assert_int_equal(replier_bed.n_settled, replier_bed.n_expected);
}

const char *replier_bed_text(int person, const char *words_of_it)
{
    char id[24], from[PHONE_MAX];

    assert_true(snprintf(id, sizeof(id), "m-%d", replier_bed.n_stored) < (int)sizeof(id));
    assert_true(snprintf(from, sizeof(from), "+86138000%05d", person) < (int)sizeof(from));
    replier_bed_store(id, from, words_of_it);
    queue_bed_wait(replier_bed.bed, 1);
    replier_bed_settle();
    return replier_bed.last_result;
}

void replier_bed_add_activity(const char *code, const char *title, uint32_t seats)
{
    struct activity a = {
        .seats = seats, .max_party = 10, .starts_at = clock_wall_ms() + 48 * HOUR, .stored = ACTIVITY_OPEN};

    memcpy(a.code, code, strlen(code) + 1);
    memcpy(a.title, title, strlen(title) + 1);
    roster_put(replier_bed.bed->q[0], &a, queue_bed_done, replier_bed.bed);
    queue_bed_wait(replier_bed.bed, 1);
    assert_int_equal(replier_bed.bed->last.status, QUEUE_OK);
}

static void on_import(void *arg, const struct queue_result *r, const struct people_import *c)
{
    (void)arg;
    (void)c;
    queue_bed_note(replier_bed.bed, r);
}

void replier_bed_add_resident(int person, const char *name)
{
    struct resident r = {.n_phones = 1};

    memcpy(r.name, name, strlen(name) + 1);
    assert_true(snprintf(r.phones[0], sizeof(r.phones[0]), "+86138000%05d", person) <
                (int)sizeof(r.phones[0]));
    people_put(replier_bed.bed->q[0], &r, 1, false, on_import, NULL);
    queue_bed_wait(replier_bed.bed, 1);
}

static void on_activity(void *arg, const struct queue_result *r, const struct activity *a)
{
    (void)arg;
    replier_bed.seen = *a;
    queue_bed_note(replier_bed.bed, r);
}

static void on_entry(void *arg, const struct roster_entry *e)
{
    (void)arg;
    replier_bed.entries[replier_bed.n_entries++] = *e;
}

void replier_bed_look(const char *code)
{
    roster_get(replier_bed.bed->q[1], code, on_activity, NULL);
    replier_bed.n_entries = 0;
    roster_entries(replier_bed.bed->q[1], code, on_entry, queue_bed_done, replier_bed.bed);
    queue_bed_wait(replier_bed.bed, 2);
}

char *replier_bed_answers(void)
{
    return ASK("EVAL",
               "local r = {} for _, k in ipairs(redis.call('KEYS', '*:aud')) do for _, v in "
               "ipairs(redis.call('HVALS', k)) do r[#r + 1] = v end end "
               "return table.concat(r)",
               "0");
}

int replier_bed_n_answers(const char *to)
{
    char *all = replier_bed_answers();
    int n = 0;

    for (char *p = all; (p = strstr(p, to)) != NULL; p++)
        n++;
    free(all);
    return n;
}

void replier_bed_expect(char *answer, const char *want)
{
    assert_string_equal(answer, want);
    free(answer);
}

int replier_bed_setup(void **state)
{
    (void)state;
    queue_bed_clear(replier_bed.bed);
    queue_bed_clock(
        replier_bed.bed,
        -(clock_wall_ms() % HOUR)); /* begins with the hour: limits per hour do not change under a test */
    replier_bed.n_settled = replier_bed.n_expected = replier_bed.n_stored = 0;
    replier_bed_start(0);
    return 0;
}

int replier_bed_teardown(void **state)
{
    (void)state;
    replier_bed_stop(0);
    replier_bed_stop(1);
    return 0;
}

int replier_bed_begin(void **state)
{
    (void)state;
    replier_bed.bed = queue_bed_new();
    replier_bed.words = intent_words_new();
    return 0;
}

int replier_bed_end(void **state)
{
    (void)state;
    intent_words_free(replier_bed.words);
    queue_bed_free(replier_bed.bed);
    return 0;
}
