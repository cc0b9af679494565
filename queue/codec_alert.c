/* Reading the member "alert". */
#include <string.h>

#include "base/mem.h"
#include "queue/codec_int.h"

#define SUPERSEDES_MAX 32
#define WORD_MAX       200 /* bytes of issuer, event, official id */

#define ALERT_STRING(member, max)                                                                            \
    static int read_alert_##member(struct notice *n, const json_t *v, const char *field, struct err *e)      \
    {                                                                                                        \
        return codec_read_string(&n->alert.member, v, max, field, e);                                        \
    }
ALERT_STRING(issuer, WORD_MAX)
ALERT_STRING(event, WORD_MAX)
ALERT_STRING(official_id, WORD_MAX)
ALERT_STRING(official_text, NOTICE_TEXT_MAX / 2)
ALERT_STRING(advice, NOTICE_TEXT_MAX / 4)

static int read_alert_level(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    static const char *const levels[] = {"blue", "yellow", "orange", "red"};

    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (strcmp(levels[i], json_string_value(v)) == 0)
            return codec_read_string(&n->alert.level, v, WORD_MAX, field, e);
    return err_set(e, "bad-level", field, "\"%s\" must be blue, yellow, orange or red, found \"%.40s\"",
                   field, json_string_value(v));
}

static int read_alert_issued(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    return codec_read_time(&n->alert.issued_at, v, field, e);
}

static int read_alert_expires(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    return codec_read_time(&n->alert.expires_at, v, field, e);
}

static int read_alert_exercise(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    (void)field;
    (void)e;
    n->alert.exercise = json_is_true(v);
    return 0;
}

static int read_alert_supersedes(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    size_t count = json_array_size(v);

    if (count > SUPERSEDES_MAX)
        return err_set(e, "too-long", field, "\"%s\" names %zu notices; at most %d are allowed", field, count,
                       SUPERSEDES_MAX);
    n->alert.supersedes = xcalloc(count, sizeof(*n->alert.supersedes));
    for (size_t i = 0; i < count; i++)
        if (codec_read_id(n->alert.supersedes[i], json_array_get(v, i), field, e) != 0)
            return -1;
    n->alert.n_supersedes = count;
    return 0;
}

static const struct codec_member alert_members[] = {
    {"issuer",        JSON_STRING, "a string",      read_alert_issuer       },
    {"event",         JSON_STRING, "a string",      read_alert_event        },
    {"official_id",   JSON_STRING, "a string",      read_alert_official_id  },
    {"official_text", JSON_STRING, "a string",      read_alert_official_text},
    {"advice",        JSON_STRING, "a string",      read_alert_advice       },
    {"level",         JSON_STRING, "a string",      read_alert_level        },
    {"issued_at",     JSON_STRING, "a string",      read_alert_issued       },
    {"expires",       JSON_STRING, "a string",      read_alert_expires      },
    {"exercise",      JSON_TRUE,   "true or false", read_alert_exercise     },
    {"supersedes",    JSON_ARRAY,  "a list of ids", read_alert_supersedes   },
};

int codec_read_alert(struct notice *n, const json_t *v, const char *field, struct err *e)
{
    (void)field;
    n->alert.present = true;
    return codec_read_members(n, v, alert_members, ARRAY_LEN(alert_members), "alert.", e);
}
