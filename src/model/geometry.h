/* Polygons and circles on the map against boxes. Latitude and longitude are taken as plane co-ordinates for polygons (a city is small, and nothing here crosses the date line);
 * circles are measured on the sphere. Pure. */
#ifndef MODEL_GEOMETRY_H
#define MODEL_GEOMETRY_H

#include "model/cap.h"

struct geometry_box {
    double west, south, east, north; /* a point: west = east, south = north */
};

/* Borders count. */
bool geometry_polygon_touches(const struct cap_polygon *p, const struct geometry_box *box);
bool geometry_circle_touches(const struct cap_circle *c, const struct geometry_box *box);

#endif
