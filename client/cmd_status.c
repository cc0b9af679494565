#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "client/cmd.h"
#include "client/rows.h"
#include "client/table.h"
#include "model/notice.h"

static void print_lanes(const struct cli *c, const json_t *status)
{
    static const char *const titles[] = {"LANE", "NOTICES", "OLDEST S", "IN FLIGHT"};
    static const struct rows_column columns[] = {
        {"", "notices",   ROWS_NUMBER},
        {"", "oldest_s",  ROWS_NUMBER},
        {"", "in_flight", ROWS_NUMBER}
    };
    struct table *t = table_new(c->out, titles, ARRAY_LEN(titles));

    for (int l = 0; l < LANE_N; l++) {
        const json_t *lane = json_object_get(json_object_get(status, "lanes"), lane_name((enum lane)l));
        char text[3][512];
        const char *cells[4] = {lane_name((enum lane)l), NULL, NULL, NULL};
        for (size_t i = 0; i < 3; i++)
            cells[i + 1] = rows_cell(lane, &columns[i], text[i], sizeof(text[i]));
        table_row(t, cells, 0xe);
    }
    table_end(t);
}

static void print_list(const struct cli *c, const json_t *list, const struct rows_column *columns, size_t n)
{
    const char *titles[TABLE_COLUMNS], *cells[TABLE_COLUMNS];
    char text[TABLE_COLUMNS][512];
    struct table *t;
    const json_t *row;
    size_t i;
    unsigned right = 0;

    for (size_t k = 0; k < n; k++) {
        titles[k] = columns[k].title;
        right |= columns[k].kind == ROWS_NUMBER || columns[k].kind == ROWS_TOTAL ? 1u << k : 0;
    }
    t = table_new(c->out, titles, n);
    json_array_foreach((json_t *)(uintptr_t)list, i, row)
    {
        for (size_t k = 0; k < n; k++)
            cells[k] = rows_cell(row, &columns[k], text[k], sizeof(text[k]));
        table_row(t, cells, right);
    }
    table_end(t);
}

/* "storm (120 of 300), quiz (all)": to how many it was not sent. */
static char *expired_words(const json_t *status)
{
    const json_t *list = json_object_get(status, "expired"), *row;
    struct buf b = BUF_INIT(8192);
    size_t i;
    char *words;

    json_array_foreach((json_t *)(uintptr_t)list, i, row)
    {
        const json_t *unsent = json_object_get(row, "unsent");
        const char *id = json_string_value(json_object_get(row, "id"));
        buf_fmt(&b, "%s%s ", i == 0 ? "" : ", ", id != NULL ? id : "?");
        if (json_is_integer(unsent))
            buf_fmt(&b, "(%lld of %lld)", (long long)json_integer_value(unsent),
                    (long long)json_integer_value(json_object_get(row, "total")));
        else
            buf_str(&b, "(all)");
    }
    words = xasprintf("%zu notices expired unsent in the last 24 hours%s%s; %lld can still go",
                      json_array_size(list), json_array_size(list) > 0 ? ": " : "", buf_cstr(&b),
                      (long long)json_integer_value(json_object_get(status, "can_still_go")));
    buf_fini(&b);
    return words;
}

static void print_status(const struct cli *c, const json_t *status)
{
    static const struct rows_column providers[] = {
        {"PROVIDER",  "name",      ROWS_TEXT  },
        {"CHANNEL",   "channel",   ROWS_TEXT  },
        {"STATE",     "state",     ROWS_TEXT  },
        {"IN FLIGHT", "in_flight", ROWS_NUMBER}
    };
    static const struct rows_column running[] = {
        {"RUNNING", "id",    ROWS_TEXT  },
        {"LANE",    "lane",  ROWS_TEXT  },
        {"TOTAL",   "total", ROWS_TOTAL },
        {"RATE",    "rate",  ROWS_NUMBER},
        {"LEFT S",  "eta_s", ROWS_NUMBER}
    };
    static const struct rows_column counted[] = {
        {"scheduled",            "scheduled", ROWS_NUMBER},
        {"texts without answer", "inbox",     ROWS_NUMBER},
        {"rejected",             "rejected",  ROWS_NUMBER}
    };
    const json_t *problem;
    size_t i;

    fprintf(c->out, "crierd %s: %s\n", json_string_value(json_object_get(status, "version")),
            json_is_true(json_object_get(status, "ready")) ? "ready" : "NOT READY");
    json_array_foreach(json_object_get(status, "problems"), i, problem)
        fprintf(c->out, "  problem: %s\n", json_string_value(problem));
    const char *words = json_string_value(json_object_get(json_object_get(status, "durability"), "words"));
    if (words != NULL)
        fprintf(c->out, "  %s\n", words);
    for (size_t k = 0; k < ARRAY_LEN(counted); k++) {
        char text[512];
        const char *cell = rows_cell(status, &counted[k], text, sizeof(text));
        fprintf(c->out, "  %s: %s\n", counted[k].title, *cell != '\0' ? cell : "-");
    }
    if (json_array_size(json_object_get(status, "expired")) > 0) {
        char *expired = expired_words(status);
        fprintf(c->out, "  %s\n", expired);
        free(expired);
    }
    fputc('\n', c->out);
    print_lanes(c, status);
    fputc('\n', c->out);
    print_list(c, json_object_get(status, "providers"), providers, ARRAY_LEN(providers));
    if (json_array_size(json_object_get(status, "running")) > 0) {
        fputc('\n', c->out);
        print_list(c, json_object_get(status, "running"), running, ARRAY_LEN(running));
    }
}

static int look(struct cli *c, bool clear)
{
    struct call_path p;
    json_t *status;
    const char *redis;
    bool ready;
    int rc;

    call_path_init(&p, "/api/v1/status");
    rc = call_json(c, "GET", &p, NULL, &status);
    if (rc != CLI_OK)
        return rc;
    ready = json_is_true(json_object_get(status, "ready"));
    if (clear)
        fputs("\033[H\033[J", c->out);
    if (c->json)
        rows_json(c, status);
    else
        print_status(c, status);
    fflush(c->out);
    redis = json_string_value(json_object_get(status, "redis"));
    rc = ready ? CLI_OK : redis != NULL && strcmp(redis, "up") == 0 ? CLI_LATER : CLI_UNREACHABLE;
    json_decref(status);
    return rc;
}

int cmd_status_run(struct cli *c, const struct args *a)
{
    bool watch = args_has(a, "watch"), terminal = isatty(fileno(c->out)) == 1;
    const struct timespec second = {.tv_sec = 1, .tv_nsec = 0};
    int rc = look(c, watch && terminal && !c->json);

    while (watch && !ferror(c->out)) {
        nanosleep(&second, NULL);
        rc = look(c, terminal && !c->json);
    }
    return rc;
}

/* ---- doctor ---- */

struct doctor {
    struct cli *c;
    bool bad;
};

static void finding(struct doctor *d, bool good, const char *what, const char *detail)
{
    d->bad = d->bad || !good;
    if (d->c->json) {
        json_t *row = json_pack("{s:b,s:s,s:s}", "ok", good, "check", what, "detail", detail);
        if (row != NULL)
            rows_json(d->c, row);
        json_decref(row);
        return;
    }
    char *clean = table_clean(detail);
    fprintf(d->c->out, "%s  %-10s  %s\n", good ? "ok " : "BAD", what, clean);
    free(clean);
}

static void examine(struct doctor *d, const json_t *status)
{
    const json_t *durability = json_object_get(status, "durability"), *row;
    const char *words = json_string_value(json_object_get(durability, "words"));
    size_t i;

    finding(d, true, "daemon", json_string_value(json_object_get(status, "version")));
    finding(d, json_is_true(json_object_get(durability, "ok")), "redis",
            words != NULL ? words : "not checked yet");
    json_array_foreach(json_object_get(durability, "warnings"), i, row)
        finding(d, false, "durability", json_string_value(row));
    json_array_foreach(json_object_get(status, "problems"), i, row)
        finding(d, false, "problem", json_string_value(row));
    json_array_foreach(json_object_get(status, "providers"), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name")),
                   *state = json_string_value(json_object_get(row, "state"));
        char *detail = xasprintf("%s: %s", name != NULL ? name : "?", state != NULL ? state : "?");
        bool good = state == NULL || (strcmp(state, "paused") != 0 && strcmp(state, "breaker-open") != 0 &&
                                      strcmp(state, "bad-account") != 0);
        finding(d, good, "provider", detail);
        free(detail);
    }
    if (json_is_integer(json_object_get(status, "can_still_go"))) {
        char *expired = expired_words(status);
        finding(d, json_array_size(json_object_get(status, "expired")) == 0, "expired", expired);
        free(expired);
    }
    if (!json_is_integer(json_object_get(status, "rejected"))) {
        finding(d, false, "rejected", "unknown: Redis does not answer");
        return;
    }
    int64_t dead = json_integer_value(json_object_get(status, "dead_numbers"));
    char *numbers = xasprintf("%lld numbers are dead%s", (long long)dead,
                              dead > 0 ? ": whom to phone is told by crier resident list --dead" : "");
    finding(d, true, "numbers", numbers); /* nothing is wrong with crier */
    free(numbers);
    int64_t rejected = json_integer_value(json_object_get(status, "rejected"));
    char *detail = xasprintf("%lld rejected entries%s", (long long)rejected,
                             rejected > 0 ? ": crier rejected list" : "");
    finding(d, rejected == 0, "rejected", detail);
    free(detail);
}

static int acknowledge(struct cli *c)
{
    struct call_path p;
    json_t *answer;
    int rc;

    call_path_init(&p, "/api/v1/doctor/acknowledge");
    rc = call_json(c, "POST", &p, NULL, &answer);
    if (rc != CLI_OK)
        return rc;
    if (c->json) {
        rows_json(c, answer);
    } else {
        char *clean = table_clean(json_string_value(json_object_get(answer, "acknowledged")));
        fprintf(c->out, "acknowledged: %s\n", clean);
        free(clean);
    }
    json_decref(answer);
    return CLI_OK;
}

int cmd_doctor_run(struct cli *c, const struct args *a)
{
    struct doctor d = {.c = c};
    struct call_path p;
    json_t *status;
    int rc;

    if (args_has(a, "acknowledge"))
        return acknowledge(c);
    call_path_init(&p, "/api/v1/status");
    rc = call_json(c, "GET", &p, NULL, &status);
    if (rc != CLI_OK)
        return rc;
    examine(&d, status);
    json_decref(status);
    return d.bad ? CLI_PART : CLI_OK;
}
