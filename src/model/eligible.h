/* Whom an activity is for. Pure. */
#ifndef MODEL_ELIGIBLE_H
#define MODEL_ELIGIBLE_H

#include "model/activity.h"
#include "model/resident.h"

/* May ${r} register? With one of its tags, if it names any, and in one of its areas, if it names any; then a stranger (id 0) may not. */
bool eligible(const struct activity *a, const struct resident *r);

#endif
