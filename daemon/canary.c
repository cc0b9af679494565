#include "daemon/canary.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* {"seen_at": N, "communities": {"venus": {"born","gen","residents","activities","notices", "loss": {"kind","at","born","gen","residents","words"}}}}
 *
 * `born` is the name of the data, `gen` counts the checks of it: another name means other data, a count that goes back means an earlier state. */
#define WRITE_EVERY_MS 30000

struct canary {
    char *path;
    json_t *all;
    int64_t written_at;
    bool failing;
};

/* ---- the file ---- */

struct canary *canary_open(const char *state_dir, int slot)
{
    struct canary *c = xcalloc(1, sizeof(*c));
    json_error_t why;

    c->path = xasprintf("%s/canary-%d", state_dir, slot);
    c->all = json_load_file(c->path, 0, &why);
    if (c->all == NULL && access(c->path, F_OK) == 0)
        log_warn("canary.unreadable", "file=\"%s\" why=\"%s\"", c->path, why.text);
    if (!json_is_object(json_object_get(c->all, "communities"))) {
        json_decref(c->all);
        c->all = json_pack("{s:i,s:{}}", "seen_at", 0, "communities");
    }
    return c;
}

void canary_close(struct canary *c)
{
    if (c == NULL)
        return;
    json_decref(c->all);
    free(c->path);
    free(c);
}

static void save(struct canary *c, int64_t now)
{
    char *part = xasprintf("%s.part", c->path);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    bool good = fd >= 0 && json_dumpfd(c->all, fd, JSON_INDENT(1) | JSON_SORT_KEYS) == 0 && fsync(fd) == 0 &&
                rename(part, c->path) == 0;
    int why = errno;

    if (!good && !c->failing)
        log_warn("canary.not-written", "file=\"%s\" why=\"%s\"", c->path, strerror(why));
    if (fd >= 0)
        close(fd);
    c->failing = !good;
    c->written_at = now;
    free(part);
}

/* ---- what is remembered of a community ---- */

static json_t *entry_of(const struct canary *c, const char *community)
{
    return json_object_get(json_object_get(c->all, "communities"), community);
}

static int64_t number(const json_t *o, const char *name)
{
    return json_integer_value(json_object_get(o, name));
}

static const char *word(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));

    return s != NULL ? s : "";
}

static json_t *holdings_json(const struct queue_holdings *h)
{
    json_t *ids = json_array();

    for (size_t i = 0; i < h->n_ids; i++)
        json_array_append_new(ids, json_string(h->ids[i]));
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:o}", "born", h->born, "gen", (json_int_t)h->gen, "residents",
                     (json_int_t)h->n_residents, "activities", (json_int_t)h->n_activities, "notices",
                     (json_int_t)h->n_notices, "ids", ids);
}

/* Besides the count of checks. */
static bool is_news(const json_t *before, const json_t *now)
{
    json_t *a = json_copy((json_t *)(uintptr_t)before), *b = json_copy((json_t *)(uintptr_t)now);
    bool news;

    json_object_del(a, "gen");
    json_object_del(b, "gen");
    news = json_equal(a, b) == 0;
    json_decref(a);
    json_decref(b);
    return news;
}

/* ---- what was lost ---- */

static enum canary_loss compare(const json_t *before, const struct queue_holdings *h)
{
    if (before == NULL || word(before, "born")[0] == '\0')
        return CANARY_FINE;
    if (strcmp(word(before, "born"), h->born) != 0)
        return CANARY_EMPTY;
    return h->gen <= number(before, "gen") ? CANARY_ROLLED : CANARY_FINE;
}

static void put_held(struct buf *b, const json_t *before)
{
    const json_t *ids = json_object_get(before, "ids"), *id;
    size_t i;

    buf_fmt(b, "%lld residents, %lld activities, %lld notices that were not over",
            (long long)number(before, "residents"), (long long)number(before, "activities"),
            (long long)number(before, "notices"));
    json_array_foreach((json_t *)(uintptr_t)ids, i, id)
    {
        buf_str(b, i == 0 ? " (" : ", ");
        buf_str(b, json_string_value(id));
    }
    if (json_array_size(ids) > 0)
        buf_str(b, (size_t)number(before, "notices") > json_array_size(ids) ? ", ...)" : ")");
}

static char *words_for(enum canary_loss loss, const json_t *before, const char *community, const char *tz,
                       int64_t now)
{
    struct buf b = BUF_INIT(4096);
    char at[40], *s;

    buf_fmt(&b, "community %s, %s: ", community, clock_format_iso(now, tz, at, sizeof(at)));
    if (loss == CANARY_EMPTY) {
        buf_str(&b, "Redis does not hold the data any more that it held (emptied, or another server or "
                    "database). It held ");
        put_held(&b, before);
        buf_str(&b, ". Emergency and urgent alerts taken over HTTP or by crier are handed in again by "
                    "themselves, everything else is not: "
                    "restore the data or import the residents and say the notices again, then run: crier "
                    "doctor --acknowledge");
    } else {
        buf_str(&b,
                "Redis lost what it had been told last (power loss, failover or an old copy): notices, "
                "replies and results of that "
                "time may be gone or repeated. Compare what was sent, then run: crier doctor --acknowledge");
    }
    s = xstrdup(buf_cstr(&b));
    buf_fini(&b);
    return s;
}

/* A loss while the alarm of an earlier one stands: that one's words say what there was to lose. */
static json_t *loss_json(enum canary_loss loss, const json_t *before, const struct queue_holdings *h,
                         const char *community, const char *tz, int64_t now)
{
    const json_t *earlier = json_object_get(before, "loss");
    bool keep = earlier != NULL && (loss == CANARY_ROLLED || number(earlier, "kind") == CANARY_EMPTY);
    char *words = keep ? xstrdup(word(earlier, "words")) : words_for(loss, before, community, tz, now);
    int64_t residents = keep ? number(earlier, "residents") : number(before, "residents");
    int64_t kind = keep ? number(earlier, "kind") : (int64_t)loss;
    json_t *o =
        json_pack("{s:I,s:I,s:s,s:I,s:I,s:s}", "kind", (json_int_t)kind, "at", (json_int_t)now, "born",
                  h->born, "gen", (json_int_t)h->gen, "residents", (json_int_t)residents, "words", words);

    free(words);
    return o;
}

static bool is_acknowledged(const json_t *loss, const struct queue_holdings *h)
{
    return strcmp(word(loss, "born"), h->acked_born) == 0 &&
           (number(loss, "kind") == CANARY_EMPTY || h->acked_gen >= number(loss, "gen"));
}

enum canary_loss canary_look(struct canary *c, const char *community, const struct queue_holdings *h,
                             const char *tz, int64_t now)
{
    const json_t *before = entry_of(c, community);
    enum canary_loss loss = compare(before, h);
    json_t *after = holdings_json(h), *alarm = loss != CANARY_FINE
                                                   ? loss_json(loss, before, h, community, tz, now)
                                                   : json_incref(json_object_get(before, "loss"));

    if (alarm != NULL && is_acknowledged(alarm, h)) {
        log_info("redis.loss-acknowledged", "community=%s", community);
        json_decref(alarm);
        alarm = NULL;
    }
    if (alarm != NULL)
        json_object_set_new(after, "loss", alarm);
    bool news = before == NULL || is_news(before, after);
    json_object_set_new(json_object_get(c->all, "communities"), community, after);
    if (news || now - c->written_at >= WRITE_EVERY_MS)
        save(c, now);
    return loss;
}

const char *canary_alarm(const struct canary *c, const char *community, enum canary_loss *loss)
{
    const json_t *alarm = json_object_get(entry_of(c, community), "loss");

    if (loss != NULL)
        *loss = alarm != NULL ? (enum canary_loss)number(alarm, "kind") : CANARY_FINE;
    return alarm != NULL ? word(alarm, "words") : NULL;
}

void canary_acknowledge(struct canary *c, const char *community, int64_t now)
{
    if (json_object_del(entry_of(c, community), "loss") != 0)
        return;
    log_info("redis.loss-acknowledged", "community=%s", community);
    save(c, now);
}

uint64_t canary_residents(const struct canary *c, const char *community)
{
    return (uint64_t)number(json_object_get(entry_of(c, community), "loss"), "residents");
}

int64_t canary_seen_at(const struct canary *c)
{
    return number(c->all, "seen_at");
}

void canary_seen(struct canary *c, int64_t now)
{
    json_object_set_new(c->all, "seen_at", json_integer(now));
}
