/* A roster as a file: a table for spreadsheets, 接龙 lines, a sheet to print, a calendar. */
#ifndef DAEMON_ROSTER_EXPORT_H
#define DAEMON_ROSTER_EXPORT_H

#include "base/buf.h"
#include "queue/roster.h"

struct roster_export {
    const struct activity *activity;
    const struct roster_entry *entries; /* in the order in which they are shown */
    size_t n;
    bool full; /* whole numbers, not masked ones */
    const char *tz, *community;
    int64_t now_at;
};
struct roster_format {
    const char *name; /* of ?format= */
    const char *type, *file;
    void (*render)(struct buf *out, const struct roster_export *x);
};
/* NULL = csv; NULL when there is no such format. */
const struct roster_format *roster_format(const char *name);
#define ROSTER_FORMATS "csv, text, sheet and ics"

#endif
