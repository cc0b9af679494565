/* An official warning as it concerns us: a CAP alert looked at by a community with its places. What decides about it (alert_decide.h) asks nothing else.
 *
 * Hides: which of several blocks counts, how long a warning holds that does not say so. Pure. */
#ifndef MODEL_WARNING_H
#define MODEL_WARNING_H

#include "model/alert_level.h"
#include "model/event_area.h"

#define WARNING_AREAS_MAX (AREAS_MAX * (AREA_CODE_MAX + 1))

struct warning {
    const struct cap_alert *cap; /* borrowed */
    const struct cap_info
        *info; /* the block that counts: the gravest of those that concern us; NULL = the message has none */
    const char *event; /* "typhoon", ..., or the message's own word; borrowed; "" without info */
    struct alert_level level;
    enum area_match match;
    char areas[WARNING_AREAS_MAX]; /* watched codes that it concerns, sorted, comma separated */
    int64_t expires_at;            /* said, or by the kind of event */
    bool life_assumed;             /* expires_at was not said */
    bool early_warning;
};

/* ${cap} must not be bad; it must outlive ${w}. */
void warning_of(const struct cap_alert *cap, const struct area_set *watched, struct warning *w);
/* How long a warning of this kind holds when it does not say. */
int64_t warning_life_ms(const char *event);

#endif
