/* Times as text. What is taken can be shown, and shown and read again is the same second. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(int64_t at, const char *tz)
{
    char text[40];
    int64_t back = 0;

    /* "0000" and "10000" cannot be read again */
    if (at < -62135596800000 + 86400000 || at >= 253402300800000 - 86400000)
        return;
    clock_format_iso(at, tz, text, sizeof(text));
    if (clock_parse_iso(text, &back, NULL) < 0 || back > at || at - back >= 1000) {
        /* zones before standard time have offsets with seconds, which ISO 8601 cannot show */
        struct clock_local t;

        clock_local(at, tz, &t);
        if (t.offset_s % 60 == 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const zones[] = {"UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns",
                                        "Australia/Lord_Howe"};
    char *text = xstrndup((const char *)data, size);
    struct err e;
    int64_t at;

    if (clock_parse_iso(text, &at, &e) == 0)
        again(at, "UTC");
    for (size_t i = 0; i < ARRAY_LEN(zones); i++)
        if (clock_tz_check(zones[i]) && clock_parse_local(text, zones[i], &at, &e) == 0)
            again(at, zones[i]);
    clock_tz_check(text);
    free(text);
    return 0;
}
