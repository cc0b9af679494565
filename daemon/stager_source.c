#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "daemon/stager_int.h"

/* Chooses the cheapest source that surely holds everybody meant; audience_matches decides on each. Members of a selector are AND, so any list in it will do. */
void stager_source_init(struct stager *s)
{
    const struct audience *a = s->audience;
    struct stager_member *m, *next;

    if (audience_told(a) != NULL) {
        s->kind = STAGER_TOLD;
    } else if (audience_is_listed(a) && audience_n_phones(a) > 0) {
        s->kind = STAGER_PHONES;
        s->n_phones = audience_n_phones(a);
        s->phones = xcalloc(s->n_phones, sizeof(char *));
        for (size_t i = 0; i < s->n_phones; i++)
            s->phones[i] = audience_phone(a, i);
    } else if (audience_is_listed(a)) {
        s->kind = STAGER_RESIDENTS;
    } else if (audience_activity(a)[0] != '\0' && s->n_rolls > 0) {
        s->kind = STAGER_PHONES;
        s->phones = xcalloc(HASH_COUNT(s->rolls[0].members) + 1, sizeof(char *));
        HASH_ITER(hh, s->rolls[0].members, m, next)
        s->phones[s->n_phones++] = m->phone;
        s->at =
            0; /* the roll may have changed since the cursor was stored: from its beginning, doubles are dropped when put */
    } else {
        s->kind = STAGER_WALK;
    }
}

/* ---- everybody ---- */

static void on_walked_one(void *arg, const struct resident *r)
{
    struct stager *s = arg;

    if (audience_matches(s->audience, r, stager_in_activity, s))
        stager_add(s, r, NULL);
}

static void on_walked(void *arg, const struct queue_result *r, uint64_t next)
{
    struct stager *s = arg;

    if (r->status != QUEUE_OK) {
        stager_read_failed(s, r);
        return;
    }
    s->at = next;
    stager_read_over(s, next == 0);
}

/* ---- residents by id ---- */

static void on_ids(void *arg, const struct queue_result *r)
{
    struct stager *s = arg;

    if (r->status != QUEUE_OK) {
        stager_read_failed(s, r);
        return;
    }
    s->at += s->chunk_n;
    stager_read_over(s, s->at >= audience_n_residents(s->audience));
}

static void read_ids(struct stager *s)
{
    uint64_t ids[STAGER_CHUNK];
    size_t n = 0, all = audience_n_residents(s->audience);

    for (s->chunk_n = 0; s->chunk_n < STAGER_CHUNK && s->at + s->chunk_n < all; s->chunk_n++) {
        int64_t id;

        if (num_i64(audience_resident(s->audience, s->at + s->chunk_n), 1, INT64_MAX, &id) == 0)
            ids[n++] = (uint64_t)id;
    }
    people_by_ids(s->o.queue, ids, n, on_walked_one, on_ids, s);
}

/* ---- people by phone, strangers too ---- */

/* Which phone of the chunk is this person's? Everybody who shares a phone is told of; one line per phone is enough. */
static void on_phone_one(void *arg, const struct resident *r)
{
    struct stager *s = arg;

    for (size_t i = 0; i < s->chunk_n; i++) {
        const char *phone = s->phones[s->chunk_at + i];

        for (size_t k = 0; k < r->n_phones; k++) {
            if (s->chunk[i] == STAGER_PHONE_ADDED || strcmp(r->phones[k], phone) != 0)
                continue;
            s->chunk[i] = STAGER_PHONE_KNOWN;
            if (audience_matches(s->audience, r, stager_in_activity, s)) {
                stager_add(s, r, phone);
                s->chunk[i] = STAGER_PHONE_ADDED;
            }
        }
    }
}

/* Who takes part without being a resident: a number, or an id of another channel. */
static bool set_stranger(struct resident *r, const char *who)
{
    size_t n = strlen(who);

    if (strncmp(who, "erased:", 7) == 0)
        return false; /* a mark in history: nobody */
    if (strncmp(who, "wechat:", 7) == 0 && n - 7 < sizeof(r->wechat)) {
        memcpy(r->wechat, who + 7, n - 6);
    } else if (strncmp(who, "wecom:", 6) == 0 && n - 6 < sizeof(r->wecom)) {
        memcpy(r->wecom, who + 6, n - 5);
    } else if (n < sizeof(r->phones[0])) {
        memcpy(r->phones[0], who, n + 1);
        r->n_phones = 1;
    } else {
        return false;
    }
    return true;
}

static bool stranger_wanted(const struct stager *s, const struct resident *r)
{
    if (audience_n_phones(s->audience) > 0)
        return audience_matches_stranger(s->audience, r->phones[0]);
    return audience_matches(s->audience, r, stager_in_activity, (void *)(uintptr_t)s);
}

static void on_strangers(void *arg, const struct queue_result *r, const bool *out, size_t n)
{
    struct stager *s = arg;
    size_t asked = 0;

    if (r->status != QUEUE_OK) {
        stager_read_failed(s, r);
        return;
    }
    for (size_t i = 0; i < s->chunk_n; i++) {
        struct resident stranger;
        const struct stager_member *m;

        if (s->chunk[i] != STAGER_PHONE_NOBODY || asked >= n)
            continue;
        memset(&stranger, 0, sizeof(stranger));
        if (!set_stranger(&stranger, s->phones[s->chunk_at + i])) {
            asked++;
            continue;
        }
        stranger.flags = out[asked++] ? RESIDENT_OPTED_OUT : 0;
        m = stager_member(
            s, 0,
            s->phones[s->chunk_at + i]); /* registered for the activity: then at least a name is known */
        if (m != NULL)
            memcpy(stranger.name, m->name, sizeof(stranger.name));
        if (stranger_wanted(s, &stranger))
            stager_add(s, &stranger, NULL);
    }
    s->at = s->chunk_at + s->chunk_n;
    stager_read_over(s, s->at >= s->n_phones);
}

static void on_phones(void *arg, const struct queue_result *r)
{
    struct stager *s = arg;
    const char *strangers[STAGER_CHUNK];
    size_t n = 0;

    if (r->status != QUEUE_OK) {
        stager_read_failed(s, r);
        return;
    }
    for (size_t i = 0; i < s->chunk_n; i++)
        if (s->chunk[i] == STAGER_PHONE_NOBODY)
            strangers[n++] = s->phones[s->chunk_at + i];
    if (n > 0) {
        people_opted_out(s->o.queue, strangers, n, on_strangers, s);
        return;
    }
    s->at = s->chunk_at + s->chunk_n;
    stager_read_over(s, s->at >= s->n_phones);
}

static void read_phones(struct stager *s)
{
    s->chunk_at = s->at;
    s->chunk_n = s->n_phones - s->at < STAGER_CHUNK ? s->n_phones - s->at : STAGER_CHUNK;
    memset(s->chunk, 0, sizeof(s->chunk));
    if (s->chunk_n == 0)
        stager_read_over(s, true);
    else
        people_by_phones(s->o.queue, &s->phones[s->chunk_at], s->chunk_n, on_phone_one, on_phones, s);
}

/* ---- who was told of another notice ---- */

static void on_told_one(void *arg, const struct queue_recipient *r)
{
    struct stager *s = arg;
    char line[sizeof(r->line)], copy[sizeof(r->line)];
    struct recipient who;
    struct buf b = {
        .data = copy, .len = 0, .cap = sizeof(copy), .ceiling = sizeof(copy) - 1, .overflow = false};

    s->told_n++;
    if (r->state != RECIPIENT_ACCEPTED && r->state != RECIPIENT_DELIVERED && r->state != RECIPIENT_UNKNOWN &&
        r->state != RECIPIENT_SENDING)
        return;
    memcpy(line, r->line, sizeof(line));
    if (line[0] == '\0' || recipient_parse(line, &who) != 0)
        return;
    who.text = ""; /* that notice's own words */
    if (recipient_line(&b, &who) == 0)
        stager_add_line(s, b.data, b.len);
}

/* The cursor counts recipients of one notice, and which notice in its upper half. */
#define TOLD_STEP (1ULL << 32)

/* The id of the notice that the cursor stands in; false past the last one. */
static bool told_id(const struct stager *s, char id[NOTICE_ID_MAX + 1])
{
    const char *p = audience_told(s->audience);
    size_t n;

    for (uint64_t i = s->at / TOLD_STEP; i > 0 && *p != '\0'; i--) {
        p += strcspn(p, " ");
        p += *p == ' ';
    }
    n = strcspn(p, " ");
    if (n == 0 || n > NOTICE_ID_MAX)
        return false;
    memcpy(id, p, n);
    id[n] = '\0';
    return true;
}

static void on_told(void *arg, const struct queue_result *r)
{
    struct stager *s = arg;
    char id[NOTICE_ID_MAX + 1];

    if (r->status != QUEUE_OK && r->status != QUEUE_REFUSED) {
        stager_read_failed(s, r);
        return;
    }
    s->at += s->told_n;
    if (r->status == QUEUE_OK && s->told_n == STAGER_CHUNK) {
        stager_read_over(s, false);
        return;
    }
    s->at = (s->at / TOLD_STEP + 1) * TOLD_STEP; /* the next notice, from its beginning */
    stager_read_over(s, !told_id(s, id));
}

static void read_told(struct stager *s)
{
    char id[NOTICE_ID_MAX + 1];

    s->told_n = 0;
    if (!told_id(s, id)) {
        stager_read_over(s, true);
        return;
    }
    queue_recipients(s->o.queue, id, s->at % TOLD_STEP, STAGER_CHUNK, on_told_one, on_told, s);
}

void stager_source_read(struct stager *s)
{
    s->reading = true;
    switch (s->kind) {
    case STAGER_WALK:
        people_walk(s->o.queue, s->at, on_walked_one, on_walked, s);
        return;
    case STAGER_PHONES:
        read_phones(s);
        return;
    case STAGER_RESIDENTS:
        read_ids(s);
        return;
    case STAGER_TOLD:
        read_told(s);
        return;
    }
}
