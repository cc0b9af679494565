#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "client/cmd.h"
#include "client/dry.h"
#include "client/progress.h"
#include "client/rows.h"
#include "model/notice.h"

static const struct rows_column list_columns[] = {
    {"ID",        "id",               ROWS_TEXT  },
    {"KIND",      "kind",             ROWS_TEXT  },
    {"LANE",      "lane",             ROWS_TEXT  },
    {"STATE",     "state",            ROWS_TEXT  },
    {"TOTAL",     "total",            ROWS_TOTAL },
    {"ACCEPTED",  "counts.accepted",  ROWS_NUMBER},
    {"DELIVERED", "counts.delivered", ROWS_NUMBER},
    {"FAILED",    "counts.failed",    ROWS_NUMBER},
    {"UNKNOWN",   "counts.unknown",   ROWS_NUMBER},
    {"DUE",       "due_at",           ROWS_TIME  },
    {"SAYS",      "title",            ROWS_TEXT  },
};

static const struct rows_column show_columns[] = {
    {"id",         "id",                ROWS_TEXT  },
    {"kind",       "kind",              ROWS_TEXT  },
    {"lane",       "lane",              ROWS_TEXT  },
    {"state",      "state",             ROWS_TEXT  },
    {"reason",     "reason",            ROWS_TEXT  },
    {"text",       "text",              ROWS_TEXT  },
    {"to",         "to",                ROWS_TEXT  },
    {"total",      "total",             ROWS_TOTAL },
    {"pending",    "counts.pending",    ROWS_NUMBER},
    {"sending",    "counts.sending",    ROWS_NUMBER},
    {"accepted",   "counts.accepted",   ROWS_NUMBER},
    {"delivered",  "counts.delivered",  ROWS_NUMBER},
    {"retry",      "counts.retry",      ROWS_NUMBER},
    {"failed",     "counts.failed",     ROWS_NUMBER},
    {"exhausted",  "counts.exhausted",  ROWS_NUMBER},
    {"unknown",    "counts.unknown",    ROWS_NUMBER},
    {"suppressed", "counts.suppressed", ROWS_NUMBER},
    {"cancelled",  "counts.cancelled",  ROWS_NUMBER},
    {"expired",    "counts.expired",    ROWS_NUMBER},
};

static const struct rows_column alert_columns[] = {
    {"issuer",  "alert.issuer",    ROWS_TEXT},
    {"event",   "alert.event",     ROWS_TEXT},
    {"level",   "alert.level",     ROWS_TEXT},
    {"issued",  "alert.issued_at", ROWS_TEXT},
    {"expires", "alert.expires",   ROWS_TEXT},
};

static const struct rows_column times_columns[] = {
    {"created",   "created_at",  ROWS_TEXT},
    {"due",       "due_at",      ROWS_TEXT},
    {"started",   "started_at",  ROWS_TEXT},
    {"finished",  "finished_at", ROWS_TEXT},
    {"not after", "not_after",   ROWS_TEXT},
};

static int check_limit(const struct cli *c, const struct args *a)
{
    int64_t n;

    if (args_has(a, "limit") && num_i64(args_get(a, "limit"), 1, INT32_MAX, &n) != 0)
        return cli_fail(c, CLI_USAGE, "--limit %s; allowed is a number from 1", args_get(a, "limit"));
    return CLI_OK;
}

int cmd_notice_list(struct cli *c, const struct args *a)
{
    struct call_path p;
    const char *state = args_get(a, "state");

    if (state != NULL && notice_state_parse(state) < 0)
        return cli_fail(c, CLI_USAGE,
                        "--state %s; allowed are staging, awaiting-approval, scheduled, running, paused, "
                        "auditing, done, cancelled, expired, rejected",
                        state);
    if (check_limit(c, a) != CLI_OK)
        return CLI_USAGE;
    call_path_init(&p, "/api/v1/notices");
    call_path_query(&p, "state", state);
    call_path_query(&p, "limit", args_get(a, "limit"));
    return rows_list(c, &p, list_columns, ARRAY_LEN(list_columns), false);
}

int cmd_notice_scheduled(struct cli *c, const struct args *a)
{
    struct call_path p;

    if (check_limit(c, a) != CLI_OK)
        return CLI_USAGE;
    call_path_init(&p, "/api/v1/notices?state=scheduled");
    p.has_query = true;
    call_path_query(&p, "limit", args_get(a, "limit"));
    return rows_list(c, &p, list_columns, ARRAY_LEN(list_columns), false);
}

int cmd_notice_show(struct cli *c, const struct args *a)
{
    struct call_path p;
    json_t *notice;
    char line[256];
    int status;

    call_path_init(&p, "/api/v1/notices");
    call_path_segment(&p, a->words[0]);
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    status = call_json(c, "GET", &p, NULL, &notice);
    if (status != CLI_OK)
        return status;
    if (c->json) {
        rows_show(c, notice, NULL, 0);
        return CLI_OK;
    }
    rows_show(c, json_incref(notice), show_columns, ARRAY_LEN(show_columns));
    if (json_is_object(json_object_get(notice, "alert")))
        rows_show(c, json_incref(notice), alert_columns, ARRAY_LEN(alert_columns));
    rows_show(c, json_incref(notice), times_columns, ARRAY_LEN(times_columns));
    if (!progress_is_over(notice))
        fprintf(c->out, "%s\n", progress_line(notice, true, 100, line, sizeof(line)));
    json_decref(notice);
    return CLI_OK;
}

int cmd_notice_recipients(struct cli *c, const struct args *a)
{
    static const struct rows_column columns[] = {
        {"INDEX",    "index",    ROWS_NUMBER},
        {"TO",       "to",       ROWS_TEXT  },
        {"RESIDENT", "resident", ROWS_TEXT  },
        {"STATE",    "state",    ROWS_TEXT  },
        {"ATTEMPTS", "attempts", ROWS_NUMBER},
        {"PROVIDER", "provider", ROWS_TEXT  },
        {"DETAIL",   "detail",   ROWS_TEXT  },
    };
    struct call_path p;
    const char *state = args_get(a, "state");

    if (state != NULL && recipient_state_parse(state) < 0)
        return cli_fail(c, CLI_USAGE,
                        "--state %s; allowed are pending, sending, accepted, delivered, retry, failed, "
                        "exhausted, unknown, suppressed, cancelled, expired",
                        state);
    if (check_limit(c, a) != CLI_OK)
        return CLI_USAGE;
    call_path_init(&p, "/api/v1/notices");
    call_path_segment(&p, a->words[0]);
    call_path_fixed(&p, "/recipients");
    call_path_query(&p, "state", state);
    call_path_query(&p, "limit", args_get(a, "limit"));
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    return rows_list(c, &p, columns, ARRAY_LEN(columns), false);
}

int cmd_notice_answers(struct cli *c, const struct args *a)
{
    static const struct rows_column counts[] = {
        {"NUMBER", "number", ROWS_NUMBER},
        {"CHOICE", "choice", ROWS_TEXT  },
        {"COUNT",  "count",  ROWS_NUMBER},
        {"UNTIL",  "until",  ROWS_TIME  },
    };
    static const struct rows_column people[] = {
        {"PHONE",  "phone",  ROWS_TEXT  },
        {"NAME",   "name",   ROWS_TEXT  },
        {"NUMBER", "number", ROWS_NUMBER},
        {"AT",     "at",     ROWS_TIME  },
    };
    struct call_path p;
    bool who = args_has(a, "who");

    if (check_limit(c, a) != CLI_OK)
        return CLI_USAGE;
    call_path_init(&p, "/api/v1/notices");
    call_path_segment(&p, a->words[0]);
    call_path_fixed(&p, "/answers");
    call_path_query(&p, "by", who ? "person" : "choice");
    call_path_query(&p, "limit", args_get(a, "limit"));
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    return rows_list(c, &p, who ? people : counts, who ? ARRAY_LEN(people) : ARRAY_LEN(counts), false);
}

static bool says_none(const json_t *answer)
{
    const json_t *n = json_object_get(answer, "recipients");

    return json_is_integer(n) && json_integer_value(n) == 0;
}

/* ${body} is taken; NULL = none. */
static int steer(struct cli *c, const struct args *a, const char *verb, json_t *body, const char *done)
{
    struct call_path p;
    json_t *answer;
    int status;

    call_path_init(&p, "/api/v1/notices");
    call_path_segment(&p, a->words[0]);
    call_path_fixed(&p, verb);
    status = call_json(c, "POST", &p, body, &answer);
    if (status != CLI_OK)
        return status;
    if (c->json)
        rows_json(c, answer);
    else if (!says_none(answer))
        fprintf(c->out, "%s %s\n", a->words[0], done);
    if (says_none(answer))
        status =
            cli_fail(c, CLI_NOTHING, "nobody of %s is in such a state: nothing is tried again", a->words[0]);
    json_decref(answer);
    return status;
}

int cmd_notice_pause(struct cli *c, const struct args *a)
{
    return steer(c, a, "/pause", NULL, "paused");
}

int cmd_notice_resume(struct cli *c, const struct args *a)
{
    return args_has(a, "dry-run") ? dry_resume(c, a->words[0]) : steer(c, a, "/resume", NULL, "goes on");
}

int cmd_notice_cancel(struct cli *c, const struct args *a)
{
    return steer(c, a, "/cancel", NULL, "cancelled: nothing more of it is sent");
}

int cmd_notice_approve(struct cli *c, const struct args *a)
{
    return steer(c, a, "/approve", NULL, "approved");
}

/* Exactly the states that were named; none named: those that failed and those used up. */
int cmd_notice_redrive(struct cli *c, const struct args *a)
{
    static const char *const states[] = {"failed", "exhausted", "unknown"};
    json_t *body = json_object();
    char done[160] = "tries again those that are";

    if (args_has(a, "dry-run")) {
        json_decref(body);
        return dry_redrive(c, a);
    }
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (args_has(a, states[i])) {
            size_t n = strlen(done);
            (void)snprintf(done + n, sizeof(done) - n, "%s %s", json_object_size(body) ? " or" : "",
                           states[i]);
            json_object_set_new(body, states[i], json_true());
        }
    if (json_object_size(body) == 0)
        memcpy(done, "tries again what failed", sizeof("tries again what failed"));
    else if (args_has(a, "unknown"))
        memcpy(done + strlen(done), ": whoever got it already may get a second copy",
               sizeof(": whoever got it already may get a second copy"));
    return steer(c, a, "/redrive", body, done);
}
