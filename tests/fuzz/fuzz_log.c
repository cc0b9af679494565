/* What a stranger may get into a log line: the line stays one line, visible and well formed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const never[] = {"\xc2\x80", "\xc2\x9b",     "\xe2\x80\xa8", "\xe2\x80\xae",
                                    "\xd8\x9c", "\xe2\x81\xa6", "\xe2\x80\x8b", "\xef\xbb\xbf"};

static void check(void *arg, const char *line)
{
    (void)arg;
    if (strlen(line) > 2047 || strncmp(line, "level=info event=fuzz.line v=", 29) != 0)
        abort();
    for (const unsigned char *p = (const unsigned char *)line; *p != '\0'; p++)
        if (*p < ' ' || *p == 0x7F || *p == 0xC0 || *p == 0xC1 || *p > 0xF4)
            abort();
    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        if (strstr(line, never[i]) != NULL)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_fd(-1); /* nothing is written */
    log_set_tap(check, NULL);
    log_info("fuzz.line", "v=%.*s", size > 5000 ? 5000 : (int)size, (const char *)data);
    return 0;
}
