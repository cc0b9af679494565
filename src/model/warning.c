#include "model/warning.h"

#include <string.h>

#include "base/mem.h"

#define HOUR_MS 3600000LL

int64_t warning_life_ms(const char *event)
{
    static const struct {
        const char *event;
        int hours;
    } lives[] = {
        {"lightning",         6 },
        {"thunder-gust",      6 },
        {"hail",              6 },
        {"severe-convection", 6 },
        {"rainstorm",         12},
        {"fog",               12},
        {"tsunami",           12},
    };

    for (size_t i = 0; i < ARRAY_LEN(lives); i++)
        if (strcmp(lives[i].event, event) == 0)
            return lives[i].hours * HOUR_MS;
    return 24 * HOUR_MS;
}

/* Message numbers of China's system begin with the place that issued: ZZZZZZDDDUUUXX_YYYYMMDDhhmmss. */
static bool place_of_identifier(const char *id, char *out)
{
    if (strspn(id, "0123456789") != 14 || id[14] != '_' || strspn(id + 15, "0123456789") < 14)
        return false;
    memcpy(out, id, 6);
    out[6] = '\0';
    return true;
}

/* Grades count from the gravest; 0 is not known. */
static bool graver(struct alert_level a, struct alert_level b)
{
    return a.grade != 0 && (b.grade == 0 || a.grade < b.grade);
}

static int rank_of(enum area_match m)
{
    static const int rank[] = {
        [AREA_UNNAMED] = 0, [AREA_NO] = 1, [AREA_UNREADABLE] = 2, [AREA_BY_SHAPE] = 3, [AREA_BY_CODE] = 3};

    return rank[m];
}

/* Look at one block; it becomes the one that counts when it concerns us more, or as much and is graver. */
static void look(struct warning *w, const struct area_set *watched, const struct cap_info *i, uint32_t *hit)
{
    struct alert_level l = alert_level_of(i);
    enum area_match m = area_match_info(watched, i, hit);

    if (w->info != NULL &&
        (rank_of(m) < rank_of(w->match) || (rank_of(m) == rank_of(w->match) && !graver(l, w->level))))
        return;
    w->info = i;
    w->level = l;
    w->match = m;
}

/* A translation may name the places that the chosen block leaves out. */
static void look_elsewhere(struct warning *w, const struct area_set *watched, uint32_t *hit)
{
    char code[AREA_CODE_MAX + 1];

    for (size_t i = 0; i < w->cap->n_infos; i++) {
        enum area_match m = area_match_info(watched, &w->cap->infos[i], hit);

        if (rank_of(m) > rank_of(w->match))
            w->match = m;
    }
    if (w->match == AREA_UNNAMED && place_of_identifier(w->cap->identifier, code))
        w->match = area_match_code(watched, code, hit);
}

/* A translation may also be the only one that says until when. */
static int64_t expiry_of(const struct warning *w)
{
    int64_t at = w->info->expires_at;

    for (size_t i = 0; i < w->cap->n_infos && at == 0; i++)
        at = w->cap->infos[i].expires_at;
    return at;
}

void warning_of(const struct cap_alert *cap, const struct area_set *watched, struct warning *w)
{
    uint32_t hit = 0;

    *w = (struct warning){.cap = cap, .event = "", .match = AREA_UNNAMED};
    for (size_t i = 0; i < cap->n_infos; i++)
        if (cap_is_chosen(cap, &cap->infos[i]))
            look(w, watched, &cap->infos[i], &hit);
    if (w->match == AREA_UNNAMED)
        look_elsewhere(w, watched, &hit);
    area_hits(watched, hit, w->areas);
    if (w->info == NULL)
        return;
    w->event = alert_event_of(w->info);
    w->early_warning = alert_is_early_warning(w->info);
    w->expires_at = expiry_of(w);
    w->life_assumed = w->expires_at == 0;
    if (w->life_assumed)
        w->expires_at = cap->sent_at + warning_life_ms(w->event);
}
