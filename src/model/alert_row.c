/* A message with what became of it, as it is shown. Part of alert_store.h. */
#include "base/clock.h"
#include "base/mem.h"
#include "model/alert_store.h"

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

json_t *alert_row(const struct cap_alert *a, const struct warning *w, const struct alert_verdict *v)
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
