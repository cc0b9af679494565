#include "base/failpoint.h"

#ifdef CRIER_TEST_BUILD

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"

enum { POINTS_MAX = 16 };
enum action { ACTION_KILL, ACTION_STOP, ACTION_DELAY, ACTION_ERROR };

struct point {
    char *name;
    enum action action;
    int64_t delay_ms, nth, n_passed;
    double percent;
};

static struct point points[POINTS_MAX];
static size_t n_points;
static bool loaded;
static uint64_t dice = 1;

static void parse_action(struct point *p, char *s)
{
    char *percent = strchr(s, '%'), *nth = NULL;

    p->percent = 100;
    if (percent != NULL)
        *percent++ = '\0';
    nth = strchr(s, '@');
    if (nth != NULL)
        *nth++ = '\0';
    if (percent != NULL && num_double(percent, 0, 100, &p->percent) != 0)
        panic("CRIER_FP: %s: the chance is no number 0..100", p->name);
    if (nth != NULL && num_i64(nth, 1, INT64_MAX, &p->nth) != 0)
        panic("CRIER_FP: %s: the number after @ is none", p->name);
    if (strcmp(s, "kill") == 0)
        p->action = ACTION_KILL;
    else if (strcmp(s, "stop") == 0)
        p->action = ACTION_STOP;
    else if (strcmp(s, "error") == 0)
        p->action = ACTION_ERROR;
    else if (strncmp(s, "delay:", 6) == 0 && num_i64(s + 6, 0, 600000, &p->delay_ms) == 0)
        p->action = ACTION_DELAY;
    else
        panic("CRIER_FP: %s: \"%s\" is not kill, stop, delay:MS or error", p->name, s);
}

static void parse_point(char *s)
{
    struct point *p = &points[n_points];
    char *action = strchr(s, '=');

    if (action == NULL || n_points == POINTS_MAX)
        panic("CRIER_FP: \"%s\" is not NAME=ACTION, or one too many", s);
    *action++ = '\0';
    p->name = s;
    parse_action(p, action);
    n_points++;
}

static void load(void)
{
    const char *env = getenv("CRIER_FP"), *seed = getenv("CRIER_FP_SEED");
    static char *text; /* the names point into it */
    int64_t n;

    loaded = true;
    if (seed != NULL && num_i64(seed, 0, INT64_MAX, &n) == 0)
        dice = (uint64_t)n * 0x9e3779b97f4a7c15ULL | 1;
    if (env == NULL || env[0] == '\0')
        return;
    text = xstrdup(env);
    for (char *s = text; s != NULL;) {
        char *comma = strchr(s, ',');

        if (comma != NULL)
            *comma++ = '\0';
        parse_point(s);
        s = comma;
    }
}

static bool is_chosen(struct point *p)
{
    p->n_passed++;
    if (p->nth != 0 && p->n_passed != p->nth)
        return false;
    if (p->percent >= 100)
        return true;
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (double)(dice >> 11) / 9007199254740992.0 * 100 < p->percent;
}

static bool act(const struct point *p)
{
    struct timespec ts = {.tv_sec = p->delay_ms / 1000, .tv_nsec = p->delay_ms % 1000 * 1000000};

    switch (p->action) {
    case ACTION_KILL:
        raise(SIGKILL);
        break;
    case ACTION_STOP:
        raise(SIGSTOP);
        break;
    case ACTION_DELAY:
        nanosleep(&ts, NULL);
        break;
    case ACTION_ERROR:
        return true;
    }
    return false;
}

bool failpoint_hit(const char *name)
{
    bool fail = false;

    if (!loaded)
        load();
    for (size_t i = 0; i < n_points; i++)
        if (strcmp(points[i].name, name) == 0 && is_chosen(&points[i]))
            fail = act(&points[i]) || fail;
    return fail;
}

#else
/* An archive member must not be empty. */
extern const char failpoint_absent;
const char failpoint_absent = 0;
#endif
