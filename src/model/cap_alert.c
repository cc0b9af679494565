/* An alert as a whole: what it must have, what it refers to, in which language it is told. Part of cap.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/cap_int.h"

/* ---- references ---- */

/* "sender,identifier,sent". */
static bool read_ref(const char *s, size_t n, struct cap_ref *r)
{
    char *word = xstrndup(s, n), *id = strchr(word, ','), *sent = id != NULL ? strrchr(word, ',') : NULL;
    bool ok = false;

    if (id != NULL && sent != id) {
        *id = *sent = '\0';
        ok = word[0] != '\0' && id[1] != '\0' && clock_parse_iso(sent + 1, &r->sent_at, NULL) == 0;
    }
    if (ok) {
        r->sender = xstrdup(word);
        r->identifier = xstrdup(id + 1);
    }
    free(word);
    return ok;
}

/* Some authorities name the message itself among its references. */
static bool is_self(const struct cap_alert *a, const struct cap_ref *r)
{
    return r->sent_at == a->sent_at && strcmp(r->identifier, a->identifier) == 0 &&
           strcmp(r->sender, a->sender) == 0;
}

static void ref_fini(struct cap_ref *r)
{
    free(r->sender);
    free(r->identifier);
}

static void read_refs(struct cap_alert *a)
{
    const char *s = a->references != NULL ? a->references : "";

    while (*s != '\0') {
        size_t n = strcspn(s, " ");
        struct cap_ref r = {NULL, NULL, 0};

        if (!read_ref(s, n, &r))
            a->bad_refs = true;
        else if (is_self(a, &r))
            ref_fini(&r);
        else {
            a->refs = cap_more(a->refs, &a->n_refs, sizeof(*a->refs));
            a->refs[a->n_refs - 1] = r;
        }
        s += n;
        s += strspn(s, " ");
    }
}

/* ---- what it must have ---- */

static bool is_missing(const char *s)
{
    return s == NULL || s[0] == '\0';
}

static void check_must(struct cap_alert *a)
{
    const struct {
        const char *name;
        bool missing;
    } must[] = {
        {"identifier", is_missing(a->identifier)},
        {"sender",     is_missing(a->sender)    },
        {"sent",       is_missing(a->sent)      },
        {"status",     a->status == 0           },
        {"msgType",    a->type == 0             },
        {"scope",      a->scope == 0            },
    };

    for (size_t i = 0; i < ARRAY_LEN(must); i++)
        if (must[i].missing)
            cap_bad(a, "is missing", must[i].name);
}

void cap_alert_close(struct cap_alert *a)
{
    check_must(a);
    if (a->bad[0] != '\0')
        return;
    if (strpbrk(a->identifier, " ,<&") != NULL)
        cap_bad(a, "holds a blank, a comma, < or &", "identifier");
    if (strpbrk(a->sender, " ,<&") != NULL)
        cap_bad(a, "holds a blank, a comma, < or &", "sender");
    if (a->n_infos == 0 && a->type != CAP_CANCEL && a->type != CAP_ACK && a->type != CAP_ERROR)
        cap_bad(a, "is missing", "info");
    read_refs(a);
}

/* ---- language ---- */

static bool is_primary(const char *language, const char *primary)
{
    size_t n = strlen(primary);

    return strncasecmp(language, primary, n) == 0 &&
           (language[n] == '\0' || language[n] == '-' || language[n] == '_');
}

static const char *language_of(const struct cap_info *i)
{
    return is_missing(i->language) ? "en-US" : i->language; /* the standard's default */
}

/* The lower, the better. */
static int rank_of(const struct cap_info *i)
{
    const char *l = language_of(i);

    if (is_primary(l, "zh") || is_primary(l, "cmn") || is_primary(l, "chi"))
        return 0;
    return is_primary(l, "en") ? 1 : 2;
}

const struct cap_info *cap_chosen(const struct cap_alert *a)
{
    const struct cap_info *best = NULL;

    for (size_t i = 0; i < a->n_infos; i++)
        if (best == NULL || rank_of(&a->infos[i]) < rank_of(best))
            best = &a->infos[i];
    return best;
}

bool cap_is_chosen(const struct cap_alert *a, const struct cap_info *i)
{
    const struct cap_info *best = cap_chosen(a);

    return best != NULL && strcasecmp(language_of(best), language_of(i)) == 0;
}

/* ---- what it does ---- */

bool cap_updates(const struct cap_alert *a)
{
    return a->type == CAP_UPDATE || (a->type == CAP_ALERT && a->n_refs > 0);
}

bool cap_ends(const struct cap_alert *a)
{
    if (a->type == CAP_CANCEL)
        return true;
    if (!cap_updates(a))
        return false;
    for (size_t i = 0; i < a->n_infos; i++)
        if (a->infos[i].urgency != CAP_PAST && !a->infos[i].all_clear)
            return false;
    return a->n_infos > 0;
}

/* ---- the end ---- */

static void pairs_free(struct cap_pair *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(p[i].name);
        free(p[i].value);
    }
    free(p);
}

static void area_fini(struct cap_area *a)
{
    for (size_t i = 0; i < a->n_polygons; i++)
        free(a->polygons[i].points);
    free(a->polygons);
    free(a->circles);
    free(a->desc);
    pairs_free(a->geocodes, a->n_geocodes);
}

static void info_fini(struct cap_info *i)
{
    char *texts[] = {i->language,    i->event,       i->sender_name, i->headline,
                     i->description, i->instruction, i->expires};

    for (size_t k = 0; k < ARRAY_LEN(texts); k++)
        free(texts[k]);
    for (size_t k = 0; k < i->n_areas; k++)
        area_fini(&i->areas[k]);
    free(i->areas);
    pairs_free(i->codes, i->n_codes);
    pairs_free(i->parameters, i->n_parameters);
}

static void alert_fini(struct cap_alert *a)
{
    char *texts[] = {a->identifier, a->sender, a->sent, a->note, a->references};

    for (size_t k = 0; k < ARRAY_LEN(texts); k++)
        free(texts[k]);
    for (size_t k = 0; k < a->n_infos; k++)
        info_fini(&a->infos[k]);
    for (size_t k = 0; k < a->n_refs; k++)
        ref_fini(&a->refs[k]);
    free(a->infos);
    free(a->refs);
}

void cap_list_fini(struct cap_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        alert_fini(&l->alerts[i]);
    free(l->alerts);
    *l = (struct cap_list){.alerts = NULL, .n = 0};
}
