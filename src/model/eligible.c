#include "model/eligible.h"

static bool has_tag(const struct activity *a, const struct resident *r)
{
    for (size_t i = 0; i < a->n_tags; i++)
        if (resident_has_tag(r, a->tags[i]))
            return true;
    return a->n_tags == 0;
}

static bool lives_there(const struct activity *a, const struct resident *r)
{
    for (size_t i = 0; i < a->n_areas; i++)
        if (resident_in_area(r, a->areas[i]))
            return true;
    return a->n_areas == 0;
}

bool eligible(const struct activity *a, const struct resident *r)
{
    if (a->n_tags == 0 && a->n_areas == 0)
        return true;
    return r->id != 0 && has_tag(a, r) && lives_there(a, r);
}
