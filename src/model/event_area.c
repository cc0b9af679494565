#include "model/event_area.h"

#include <string.h>
#include <strings.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/geometry.h"

/* Names and boxes of places; administrative divisions of China (MIT, GaryBikini/ChinaAdminDivisonSHP). */
static const struct {
    const char *code;
    struct geometry_box box; /* west, south, east, north */
} outlines[] = {
    {"46",     {108.567, 3.834, 117.864, 20.175}         },
    {"4601",   {110.1013, 19.5252, 110.7099, 20.1182}    },
    {"460105", {110.10156, 19.6806, 110.33648, 20.0802}  },
    {"460106", {110.24824, 19.71707, 110.41347, 20.06226}},
    {"460107", {110.3282, 19.5253, 110.6692, 20.02}      },
    {"460108", {110.28852, 19.75294, 110.70968, 20.11799}},
};

/* ---- codes ---- */

bool area_code_valid(const char *s, size_t n)
{
    return (n == 2 || n == 4 || n == 6 || n == 9 || n == 12) && strspn(s, "0123456789") >= n;
}

/* Province 2, city 4, district 6, township 9, village 12: levels of zeros at the end name nothing. */
static size_t significant(const char *s)
{
    static const size_t levels[] = {12, 9, 6, 4, 2, 0};
    size_t n = strlen(s);

    for (size_t i = 0; i + 1 < ARRAY_LEN(levels); i++) {
        if (levels[i] != n)
            continue;
        if (strspn(s + levels[i + 1], "0") < n - levels[i + 1])
            break;
        n = levels[i + 1];
    }
    return n;
}

bool area_code_related(const char *a, const char *b)
{
    size_t n = significant(a), m = significant(b);

    return strncmp(a, b, n < m ? n : m) == 0;
}

bool area_code_of(const struct cap_pair *geocode, char *out)
{
    static const char *const foreign[] = {"SAME", "FIPS", "UGC", "CLC", "NUTS", "EMMA", "polygon"};
    size_t n = geocode->value != NULL ? strlen(geocode->value) : 0;

    if (n < 6 || !area_code_valid(geocode->value, n) || strspn(geocode->value, "0123456789") != n)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (geocode->name != NULL && strcasestr(geocode->name, foreign[i]) != NULL)
            return false;
    n = significant(geocode->value);
    memcpy(out, geocode->value, n);
    out[n] = '\0';
    return true;
}

int area_set_parse(struct area_set *s, const char *codes, struct err *e)
{
    *s = (struct area_set){.n = 0};
    while (*codes != '\0') {
        size_t n = strcspn(codes, ",");

        if (!area_code_valid(codes, n) || strspn(codes, "0123456789") != n)
            return err_set(e, "bad-area", NULL, "\"%.40s\": a place code has 2, 4, 6, 9 or 12 digits", codes);
        if (s->n == AREAS_MAX)
            return err_set(e, "bad-area", NULL, "at most %d place codes", AREAS_MAX);
        memcpy(s->codes[s->n], codes, n);
        s->codes[s->n++][n] = '\0';
        codes += n + (codes[n] == ',');
    }
    return 0;
}

enum area_match area_match_code(const struct area_set *w, const char *code, uint32_t *hit)
{
    enum area_match m = AREA_NO;

    for (size_t i = 0; i < w->n; i++)
        if (area_code_related(w->codes[i], code)) {
            *hit |= 1U << i;
            m = AREA_BY_CODE;
        }
    return m;
}

/* ---- shapes ---- */

static const struct geometry_box *box_of(const char *code)
{
    size_t n = significant(code);

    for (;; n = n > 9 ? 9 : n > 6 ? 6 : n > 4 ? 4 : 2) { /* the smallest known box around it */
        for (size_t i = 0; i < ARRAY_LEN(outlines); i++)
            if (strlen(outlines[i].code) == n && strncmp(outlines[i].code, code, n) == 0)
                return &outlines[i].box;
        if (n <= 2)
            return NULL;
    }
}

static bool touches(const struct cap_area *a, const struct geometry_box *box)
{
    for (size_t i = 0; i < a->n_polygons; i++)
        if (geometry_polygon_touches(&a->polygons[i], box))
            return true;
    for (size_t i = 0; i < a->n_circles; i++)
        if (geometry_circle_touches(&a->circles[i], box))
            return true;
    return false;
}

/* Known buildings say more than the box around their district. */
static bool any_point(const struct area_set *w, const struct cap_area *a)
{
    bool found = false;

    for (size_t i = 0; i < w->n_points && !found; i++) {
        const struct cap_point *p = &w->points[i];

        found = touches(a, &(struct geometry_box){p->lon, p->lat, p->lon, p->lat});
    }
    return found;
}

static enum area_match match_shapes(const struct area_set *w, const struct cap_area *a, uint32_t *hit)
{
    enum area_match m = AREA_NO;

    if (a->n_polygons + a->n_circles == 0)
        return a->unreadable ? AREA_UNREADABLE : AREA_UNNAMED;
    if (w->n_points > 0) {
        if (!any_point(w, a))
            return a->unreadable ? AREA_UNREADABLE : AREA_NO;
        *hit |= w->n >= 32 ? UINT32_MAX : (1U << w->n) - 1;
        return AREA_BY_SHAPE;
    }
    for (size_t i = 0; i < w->n; i++) {
        const struct geometry_box *box = box_of(w->codes[i]);

        if (box == NULL)
            m = m == AREA_NO ? AREA_UNREADABLE : m;
        else if (touches(a, box)) {
            *hit |= 1U << i;
            m = AREA_BY_SHAPE;
        }
    }
    return m == AREA_NO && a->unreadable ? AREA_UNREADABLE : m;
}

/* ---- a block ---- */

static enum area_match better(enum area_match a, enum area_match b)
{
    static const int rank[] = {
        [AREA_UNNAMED] = 0, [AREA_NO] = 1, [AREA_UNREADABLE] = 2, [AREA_BY_SHAPE] = 3, [AREA_BY_CODE] = 4};

    return rank[a] >= rank[b] ? a : b;
}

enum area_match area_match_info(const struct area_set *w, const struct cap_info *i, uint32_t *hit)
{
    enum area_match m = AREA_UNNAMED;
    char code[AREA_CODE_MAX + 1];

    for (size_t k = 0; k < i->n_areas; k++) {
        const struct cap_area *a = &i->areas[k];

        for (size_t g = 0; g < a->n_geocodes; g++)
            if (area_code_of(&a->geocodes[g], code))
                m = better(m, area_match_code(w, code, hit));
        m = better(m, match_shapes(w, a, hit));
    }
    return m;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

const char *area_hits(const struct area_set *w, uint32_t hit, char *out)
{
    char sorted[AREAS_MAX][AREA_CODE_MAX + 1];
    size_t n = 0, len = 0;

    for (size_t i = 0; i < w->n; i++)
        if ((hit >> i & 1) != 0)
            memcpy(sorted[n++], w->codes[i], sizeof(sorted[0]));
    qsort(sorted, n, sizeof(sorted[0]), by_text);
    for (size_t i = 0; i < n; i++) {
        size_t m = strlen(sorted[i]);

        if (i > 0)
            out[len++] = ',';
        memcpy(out + len, sorted[i], m);
        len += m;
    }
    out[len] = '\0';
    return out;
}
