/* Addresses from a configuration: of Redis, and of providers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/http.h"
#include "net/redis.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xstrndup((const char *)data, size);
    enum http_reach reach;
    struct err e = {.code = ""};

    if (redis_check_url(text, &e) < 0 && strcmp(e.code, "bad-url") != 0)
        abort();
    for (int private = 0; private < 2; private ++) {
        if (http_check_url(text, private != 0, &reach, &e) < 0) {
            if (strcmp(e.code, "bad-url") != 0)
                abort();
            continue;
        }
        if (reach == HTTP_REACH_PUBLIC && (private != 0 || strncasecmp(text, "https://", 8) != 0))
            abort();
        if (reach == HTTP_REACH_PRIVATE && private == 0)
            abort();
        if (strpbrk(text, " \r\n\t#") != NULL)
            abort();
    }
    free(text);
    return 0;
}
