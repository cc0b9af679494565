#include "model/geometry.h"

#include <math.h>

#define EARTH_KM 6371.0088
#define RADIAN   (3.14159265358979323846 / 180)

static bool in_box(const struct cap_point *p, const struct geometry_box *b)
{
    return p->lon >= b->west && p->lon <= b->east && p->lat >= b->south && p->lat <= b->north;
}

/* Which side of the line from a to b: > 0 left, 0 on it. */
static double side(const struct cap_point *a, const struct cap_point *b, const struct cap_point *p)
{
    return (b->lon - a->lon) * (p->lat - a->lat) - (b->lat - a->lat) * (p->lon - a->lon);
}

static bool on_segment(const struct cap_point *a, const struct cap_point *b, const struct cap_point *p)
{
    struct geometry_box box = {fmin(a->lon, b->lon), fmin(a->lat, b->lat), fmax(a->lon, b->lon),
                               fmax(a->lat, b->lat)};

    return side(a, b, p) == 0 && in_box(p, &box);
}

static bool inside(const struct cap_polygon *g, const struct cap_point *p)
{
    bool in = false;

    for (size_t i = 0, k = g->n - 1; i < g->n; k = i++) {
        const struct cap_point *a = &g->points[i], *b = &g->points[k];

        if (on_segment(a, b, p))
            return true;
        if ((a->lat > p->lat) != (b->lat > p->lat) &&
            p->lon < (b->lon - a->lon) * (p->lat - a->lat) / (b->lat - a->lat) + a->lon)
            in = !in;
    }
    return in;
}

static bool cross(const struct cap_point *a, const struct cap_point *b, const struct cap_point *c,
                  const struct cap_point *d)
{
    return (side(a, b, c) > 0) != (side(a, b, d) > 0) && (side(c, d, a) > 0) != (side(c, d, b) > 0);
}

bool geometry_polygon_touches(const struct cap_polygon *g, const struct geometry_box *box)
{
    const struct cap_point corners[] = {
        {box->south, box->west},
        {box->south, box->east},
        {box->north, box->east},
        {box->north, box->west}
    };

    for (size_t i = 0; i < 4; i++)
        if (inside(g, &corners[i]))
            return true;
    for (size_t i = 0, k = g->n - 1; i < g->n; k = i++) {
        if (in_box(&g->points[i], box))
            return true;
        for (size_t c = 0; c < 4; c++)
            if (cross(&g->points[k], &g->points[i], &corners[c], &corners[(c + 1) % 4]))
                return true;
    }
    return false;
}

static double distance_km(const struct cap_point *a, const struct cap_point *b)
{
    double lat = sin((b->lat - a->lat) * RADIAN / 2), lon = sin((b->lon - a->lon) * RADIAN / 2);
    double h = lat * lat + cos(a->lat * RADIAN) * cos(b->lat * RADIAN) * lon * lon;

    return 2 * EARTH_KM * asin(fmin(1, sqrt(h)));
}

bool geometry_circle_touches(const struct cap_circle *c, const struct geometry_box *box)
{
    struct cap_point nearest = {fmin(fmax(c->centre.lat, box->south), box->north),
                                fmin(fmax(c->centre.lon, box->west), box->east)};

    return distance_km(&c->centre, &nearest) <= c->radius_km;
}
