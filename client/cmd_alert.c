/* alert inspect: what would become of official warnings in a file. Without a daemon. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/cmd.h"
#include "client/rows.h"
#include "model/alert_decide.h"

#define SENDERS_MAX 32

struct inspection {
    struct area_set watched;
    const char *senders[SENDERS_MAX];
    struct alert_rules rules;
    struct alert_book book;
    int64_t now_at;
    size_t n_taken; /* alerts that were not refused */
};

/* One byte more than is allowed is read, so that the parser can say so. */
static int read_file(const struct cli *c, const char *path, struct buf *out)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    char part[8192];
    size_t n;
    bool failed;

    if (f == NULL)
        return cli_fail(c, CLI_USAGE, "cannot read %s: %s", path, strerror(errno));
    while (out->len <= CAP_BYTES_MAX && (n = fread(part, 1, sizeof(part), f)) > 0)
        buf_add(out, part, n);
    failed = ferror(f) != 0;
    if (f != stdin)
        fclose(f);
    return failed ? cli_fail(c, CLI_USAGE, "%s cannot be read", path) : CLI_OK;
}

static json_t *text(const char *s)
{
    return s != NULL && s[0] != '\0' ? json_string(s) : json_null();
}

static json_t *areas_of(const struct cap_info *i)
{
    json_t *list = json_array();

    for (size_t k = 0; i != NULL && k < i->n_areas; k++) {
        const struct cap_area *a = &i->areas[k];
        json_t *codes = json_array();

        for (size_t g = 0; g < a->n_geocodes; g++)
            json_array_append_new(codes, text(a->geocodes[g].value));
        json_array_append_new(list, json_pack("{s:o, s:o, s:i, s:i, s:b}", "name", text(a->desc), "codes",
                                              codes, "polygons", (int)a->n_polygons, "circles",
                                              (int)a->n_circles, "unreadable", a->unreadable));
    }
    return list;
}

static json_t *time_of(int64_t at)
{
    char s[40];

    return at != 0 ? json_string(clock_format_iso(at, "Asia/Shanghai", s, sizeof(s))) : json_null();
}

static json_t *row_of(const struct cap_alert *a, const struct warning *w, const struct alert_verdict *v)
{
    const struct cap_info *i = w != NULL ? w->info : NULL;
    struct alert_level l = w != NULL ? w->level : (struct alert_level){ALERT_SCALE_NONE, 0};
    bool signal = l.scale == ALERT_SCALE_SIGNAL;
    json_t *o = json_object();
    const struct {
        const char *name;
        json_t *value;
    } members[] = {
        {"sender",          text(a->sender)                                                         },
        {"identifier",      text(a->identifier)                                                     },
        {"sent",            text(a->sent)                                                           },
        {"status",          text(cap_status_name(a->status))                                        },
        {"msgType",         text(cap_type_name(a->type))                                            },
        {"scope",           text(cap_scope_name(a->scope))                                          },
        {"event",           text(i != NULL ? i->event : NULL)                                       },
        {"kind",            text(w != NULL ? w->event : NULL)                                       },
        {"severity",        text(i != NULL ? cap_severity_name(i->severity) : NULL)                 },
        {"urgency",         text(i != NULL ? cap_urgency_name(i->urgency) : NULL)                   },
        {"certainty",       text(i != NULL ? cap_certainty_name(i->certainty) : NULL)               },
        {"level",           text(signal ? alert_colour_name(l.grade) : NULL)                        },
        {"scale",           text(alert_scale_name(l.scale))                                         },
        {"grade",           l.grade != 0 ? json_integer(l.grade) : json_null()                      },
        {"expires",
         i != NULL && i->expires_at != 0 ? text(i->expires) : time_of(w != NULL ? w->expires_at : 0)},
        {"expires_assumed", json_boolean(w != NULL && w->life_assumed)                              },
        {"senderName",      text(i != NULL ? i->sender_name : NULL)                                 },
        {"headline",        text(i != NULL ? i->headline : NULL)                                    },
        {"areas",           areas_of(i)                                                             },
        {"matched",         text(w != NULL ? w->areas : NULL)                                       },
        {"decision",        text(alert_decision_name(v->decision))                                  },
        {"action",          text(v->action)                                                         },
        {"why",             text(a->bad[0] != '\0' ? a->bad : v->why)                               },
    };

    for (size_t k = 0; k < ARRAY_LEN(members); k++)
        json_object_set_new(o, members[k].name, members[k].value);
    return o;
}

/* In the order of the file, each knowing what came before it. */
static json_t *inspect(struct inspection *in, const struct cap_alert *a)
{
    bool bad = a->bad[0] != '\0';
    struct alert_verdict v;
    struct warning w;
    json_t *row;

    if (!bad)
        warning_of(a, &in->watched, &w);
    alert_decide(&in->book, bad ? NULL : &w, &in->rules, in->now_at, &v);
    row = row_of(a, bad ? NULL : &w, &v);
    if (!bad)
        alert_book_add(&in->book, &w, &v);
    in->n_taken += v.decision != ALERT_REFUSE;
    return row;
}

static int read_rules(const struct cli *c, const struct args *a, struct inspection *in)
{
    const char *areas = args_get(a, "areas"), *now = args_get(a, "now"), *s;
    struct err e;

    if (area_set_parse(&in->watched, areas != NULL ? areas : "", &e) != 0)
        return cli_fail(c, CLI_USAGE, "--areas: %s", e.msg);
    in->now_at = clock_wall_ms();
    if (now != NULL && clock_parse_iso(now, &in->now_at, &e) != 0)
        return cli_fail(c, CLI_USAGE, "--now: %s", e.msg);
    in->rules = (struct alert_rules){
        .watched = &in->watched, .senders = in->senders, .stale_ms = ALERT_STALE_MS, .drill_list = false};
    for (size_t i = 0; (s = args_nth(a, "sender", i)) != NULL; i++) {
        if (i == SENDERS_MAX)
            return cli_fail(c, CLI_USAGE, "at most %d --sender", SENDERS_MAX);
        in->senders[in->rules.n_senders++] = s;
    }
    return CLI_OK;
}

static void show(const struct cli *c, const json_t *rows)
{
    char *s = json_dumps(rows, c->json ? JSON_COMPACT : JSON_INDENT(2));

    fprintf(c->out, "%s\n", s);
    free(s);
}

/* A file that is refused as a whole is one row, too: whoever reads the list always finds why. */
static int refuse(const struct cli *c, const char *path, const struct err *e, json_t *rows)
{
    const struct cap_alert nothing = {.identifier = NULL};
    const struct alert_verdict v = {.decision = ALERT_REFUSE, .action = "", .why = e->msg};

    json_array_append_new(rows, row_of(&nothing, NULL, &v));
    show(c, rows);
    return cli_fail(c, CLI_REFUSED, "%s: %s", path, e->msg);
}

int cmd_alert_inspect(struct cli *c, const struct args *a)
{
    struct buf bytes = BUF_INIT(CAP_BYTES_MAX + 8192);
    struct inspection in = {.now_at = 0};
    struct cap_list list = {.alerts = NULL};
    json_t *rows = json_array();
    struct err e;
    int status = read_rules(c, a, &in);

    if (status == CLI_OK)
        status = read_file(c, a->words[0], &bytes);
    if (status == CLI_OK && cap_parse(&list, buf_cstr(&bytes), bytes.len, &e) != 0)
        status = refuse(c, a->words[0], &e, rows);
    else if (status == CLI_OK) {
        for (size_t i = 0; i < list.n; i++)
            json_array_append_new(rows, inspect(&in, &list.alerts[i]));
        show(c, rows);
        if (in.n_taken == 0)
            status = cli_fail(c, CLI_REFUSED, "%s: no alert of it is taken: see why", a->words[0]);
    }
    cap_list_fini(&list);
    alert_book_fini(&in.book);
    json_decref(rows);
    buf_fini(&bytes);
    return status;
}
