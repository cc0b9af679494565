/* Inside when*.c only. */
#ifndef MODEL_WHEN_INT_H
#define MODEL_WHEN_INT_H

#include "base/buf.h"
#include "model/rrule.h"
#include "model/when.h"

enum when_kind {
    WHEN_LUNAR, /* month, day */
    WHEN_SOLAR, /* month, day */
    WHEN_EVE,   /* the day before the next lunar year */
    WHEN_QINGMING,
    WHEN_SOLSTICE,
    WHEN_RRULE
};

struct when {
    enum when_kind kind;
    int month, day;
    enum lunar_leap leap;
    bool last;
    struct rrule rule; /* WHEN_RRULE */
    struct date start; /* WHEN_RRULE; year 0 = January 1 of the first year asked for */
};

#endif
