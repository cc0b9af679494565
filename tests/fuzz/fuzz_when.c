/* Rules of the calendar, as a producer or an .ics file writes them: no crash, no hang, days in order and inside the years. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/when.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void on_day(void *arg, const struct date *d, const char *note)
{
    long *last = arg;

    if (d == NULL)
        return;
    if (d->year < 2026 || d->year > 2029 || !date_valid(*d) || date_days(*d) <= *last || note == NULL)
        abort();
    *last = date_days(*d);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *rule = size > 0 ? xstrndup((const char *)data, size) : xstrdup("");
    struct err e;
    struct when *w = when_parse(rule, &e);
    long last = -1000000;

    if (w != NULL)
        (void)!when_resolve(w, 2026, 2029, on_day, &last, &e);
    when_free(w);
    free(rule);
    return 0;
}
