#include "client/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/call.h"
#include "client/rows.h"
#include "model/notice.h"

#define POLL_MIN_MS    100
#define POLL_MAX_MS    1000
#define PLAIN_FIRST_MS 1500 /* what is quicker needs no line of progress */
#define PLAIN_EVERY_MS 5000
#define SAMPLES        8     /* a second apart: the rate is that of the last eight seconds */
#define STILL_MS       3000  /* nobody was settled for so long: no rate, no time left */
#define WAITING_MS     10000 /* and for so long: why not? */

static int64_t count_of(const json_t *notice, enum recipient_state s)
{
    return json_integer_value(json_object_get(json_object_get(notice, "counts"), recipient_state_name(s)));
}

static int64_t number(const json_t *notice, const char *name)
{
    return json_integer_value(json_object_get(notice, name));
}

static int state_of(const json_t *notice)
{
    const char *s = json_string_value(json_object_get(notice, "state"));

    return s != NULL ? notice_state_parse(s) : -1;
}

bool progress_is_over(const json_t *notice)
{
    int s = state_of(notice);

    return s >= 0 && notice_state_is_final((enum notice_state)s);
}

/* Recipients that need nothing more. */
static int64_t settled(const json_t *notice)
{
    int64_t n = 0;

    for (int s = 0; s < RECIPIENT_STATE_N; s++)
        if (recipient_state_is_final((enum recipient_state)s))
            n += count_of(notice, (enum recipient_state)s);
    return n;
}

static int64_t not_sent(const json_t *notice)
{
    return count_of(notice, RECIPIENT_FAILED) + count_of(notice, RECIPIENT_EXHAUSTED) +
           count_of(notice, RECIPIENT_UNKNOWN) + count_of(notice, RECIPIENT_EXPIRED) +
           count_of(notice, RECIPIENT_CANCELLED);
}

int progress_status(const json_t *notice)
{
    int state = state_of(notice);

    if (state == NOTICE_REJECTED)
        return number(notice, "total") == 0 ? CLI_NOTHING : CLI_REFUSED;
    if (state == NOTICE_DONE && number(notice, "total") == 0)
        return CLI_NOTHING;
    return state == NOTICE_DONE && not_sent(notice) == 0 ? CLI_OK : CLI_PART;
}

static void add_left(struct buf *b, const json_t *notice)
{
    const json_t *eta = json_object_get(notice, "eta_s");
    double rate = json_number_value(json_object_get(notice, "rate"));

    if (rate > 0)
        buf_fmt(b, "  %.0f/s", rate);
    if (!json_is_number(eta))
        return;
    int64_t s = (int64_t)(json_number_value(eta) + 0.5);
    if (s >= 120)
        buf_fmt(b, "  about %lld min left", (long long)((s + 30) / 60));
    else
        buf_fmt(b, "  about %lld s left", (long long)s);
}

const char *progress_line(const json_t *notice, bool bar, size_t width, char *out, size_t n)
{
    struct buf b = BUF_INIT(255);
    int64_t total = number(notice, "total"), done = settled(notice);
    int percent = total > 0 ? (int)(done * 100 / total) : 0;
    int state = state_of(notice);
    bool growing = state == NOTICE_RUNNING && json_is_false(json_object_get(notice, "staged"));
    size_t cells = width > 100 ? 40 : width > 60 ? width - 60 : 0;

    if (bar && cells > 0 && !growing) {
        size_t full = (size_t)percent * cells / 100;
        buf_chr(&b, '[');
        for (size_t i = 0; i < cells; i++)
            buf_chr(&b, i < full ? '#' : '.');
        buf_str(&b, "] ");
    }
    if (growing) /* its audience is still being collected: a share of what is there so far would mislead */
        buf_fmt(&b, "%lld of %lld so far", (long long)done, (long long)total);
    else
        buf_fmt(&b, "%lld/%lld  %d %%", (long long)done, (long long)total, percent);
    if (state == NOTICE_RUNNING)
        add_left(&b, notice);
    else if (state >= 0)
        buf_fmt(&b, "  %s", notice_state_name((enum notice_state)state));
    if (b.overflow || b.len + 1 > n)
        panic("a line of progress does not fit");
    memcpy(out, buf_cstr(&b), b.len + 1);
    buf_fini(&b);
    return out;
}

static size_t terminal_width(FILE *f)
{
    struct winsize w = {.ws_col = 0};

    return ioctl(fileno(f), TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

static void nap(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}

static void tell_end(const struct cli *c, const char *id, const json_t *notice)
{
    fprintf(c->out, "%s %s: total %lld", id, json_string_value(json_object_get(notice, "state")),
            (long long)number(notice, "total"));
    for (int s = 0; s < RECIPIENT_STATE_N; s++)
        if (count_of(notice, (enum recipient_state)s) > 0)
            fprintf(c->out, ", %s %lld", recipient_state_name((enum recipient_state)s),
                    (long long)count_of(notice, (enum recipient_state)s));
    fputc('\n', c->out);
    if (state_of(notice) == NOTICE_REJECTED)
        fputs("see why: crier rejected list\n", c->out);
    if (not_sent(notice) > 0)
        fprintf(c->out,
                "see who: crier notice recipients %s --state failed (or unknown, exhausted, expired)\n", id);
}

struct watch {
    bool terminal;
    int64_t tell_at;
    char last[512];
    struct {
        int64_t at, settled;
    } samples[SAMPLES]; /* oldest first */
    size_t n_samples;
    int64_t settled, moved_at;
    int64_t asked_at; /* when providers were looked at */
    char why[128];    /* what it waits for; "" = it does not */
};

/* The daemon's rate counts attempts; people wait for endings. Put the rate of those into the notice, and the time left only while it gets on. */
static void pace(struct watch *w, json_t *notice, int64_t now)
{
    int64_t n = settled(notice), left = number(notice, "total") - n, span;
    bool running = state_of(notice) == NOTICE_RUNNING;
    double rate = 0;

    if (w->n_samples == 0 || n != w->settled || !running)
        w->moved_at = now;
    w->settled = n;
    if (w->n_samples == 0 || now - w->samples[w->n_samples - 1].at >= 1000) {
        if (w->n_samples == SAMPLES)
            memmove(w->samples, w->samples + 1, (--w->n_samples) * sizeof(*w->samples));
        w->samples[w->n_samples].at = now;
        w->samples[w->n_samples++].settled = n;
    }
    if (!running)
        return;
    span = now - w->samples[0].at;
    if (span > 0 && now - w->moved_at < STILL_MS && n > w->samples[0].settled)
        rate = (double)(n - w->samples[0].settled) * 1000 / (double)span;
    json_object_set_new(notice, "rate", json_real(rate));
    json_object_set_new(notice, "eta_s",
                        rate > 0 && json_is_true(json_object_get(notice, "staged"))
                            ? json_real((double)left / rate)
                            : json_null());
}

/* Nothing moves: the first provider that is not well is told. */
static void ask_why(struct cli *c, struct watch *w, int64_t now)
{
    struct call_path p;
    struct err e;
    json_t *answer = NULL;
    const json_t *row;
    size_t i;
    int http = 0;

    if (now - w->moved_at < WAITING_MS) {
        w->why[0] = '\0';
        return;
    }
    if (w->why[0] != '\0' && now - w->asked_at < PLAIN_EVERY_MS)
        return;
    w->asked_at = now;
    memcpy(w->why, "waiting", sizeof("waiting"));
    call_path_init(&p, "/api/v1/providers");
    if (call_quiet(c, "GET", &p, &http, &answer, &e) == CLI_OK)
        json_array_foreach(json_object_get(answer, "items"), i, row)
        {
            const char *name = json_string_value(json_object_get(row, "name")),
                       *state = json_string_value(json_object_get(row, "state"));
            if (name == NULL || state == NULL || strcmp(state, "ok") == 0 ||
                strcmp(state, "window-full") == 0)
                continue;
            int n = snprintf(w->why, sizeof(w->why), "waiting: provider %s %s", name, state);
            if (n < 0 || (size_t)n >= sizeof(w->why))
                memcpy(w->why, "waiting", sizeof("waiting"));
            break;
        }
    json_decref(answer);
}

static void draw(struct cli *c, struct watch *w, json_t *notice)
{
    char line[256 + sizeof(w->why) + 2] = "";
    int64_t now = clock_mono_ms();
    size_t n;

    pace(w, notice, now);
    ask_why(c, w, now);
    progress_line(notice, w->terminal && w->why[0] == '\0', terminal_width(c->err), line, 256);
    n = strlen(line);
    if (w->why[0] != '\0') {
        memcpy(line + n, "  ", 2);
        memcpy(line + n + 2, w->why, strlen(w->why) + 1);
    }
    if (w->terminal)
        fprintf(c->err, "\r\033[K%s", line);
    else if (strcmp(line, w->last) != 0 && now >= w->tell_at) {
        fprintf(c->err, "%s\n", line);
        w->tell_at = now + PLAIN_EVERY_MS;
        memcpy(w->last, line, strlen(line) + 1);
    }
    fflush(c->err);
}

/* The notice now. A daemon that restarts meanwhile is waited for: 60 s. */
static int look(struct cli *c, const char *id, int64_t *silent_since, json_t **notice)
{
    struct call_path p;
    struct err e = {.msg = "no answer"};
    int http = 0, status;

    call_path_init(&p, "/api/v1/notices");
    call_path_segment(&p, id);
    status = call_quiet(c, "GET", &p, &http, notice, &e);
    if (http == 200 && *notice != NULL) {
        *silent_since = 0;
        return CLI_OK;
    }
    json_decref(*notice);
    *notice = NULL;
    if (http == 404)
        return cli_fail(c, CLI_NOTHING, "there is no notice %s", id);
    if (http != 0 && http < 500)
        return cli_fail(c, CLI_REFUSED, "the daemon refuses to tell about %s (%d)", id, http);
    if (*silent_since == 0)
        *silent_since = clock_mono_ms();
    if (status == CLI_CONFIG || clock_mono_ms() - *silent_since > 60000)
        return cli_fail(c, CLI_UNREACHABLE,
                        "lost sight of %s: %s; it goes on without us: crier notice show %s", id, e.msg, id);
    return CLI_OK;
}

int progress_wait(struct cli *c, const char *id)
{
    struct watch w = {.terminal = isatty(fileno(c->err)) == 1, .tell_at = clock_mono_ms() + PLAIN_FIRST_MS};
    int64_t silent_since = 0, pause = POLL_MIN_MS;
    json_t *notice = NULL;
    int status;

    while ((status = look(c, id, &silent_since, &notice)) == CLI_OK) {
        if (notice != NULL) {
            draw(c, &w, notice);
            if (progress_is_over(notice))
                break;
            json_decref(notice);
            notice = NULL;
        }
        nap(pause);
        pause = pause * 5 / 4 < POLL_MAX_MS ? pause * 5 / 4 : POLL_MAX_MS;
    }
    if (w.terminal)
        fputs("\r\033[K", c->err);
    if (status != CLI_OK)
        return status;
    status = progress_status(notice);
    if (c->json)
        rows_json(c, notice);
    else
        tell_end(c, id, notice);
    json_decref(notice);
    return status;
}
