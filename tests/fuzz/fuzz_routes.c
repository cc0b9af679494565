/* Any bytes as method and path of a request, and as text to be masked: no crash; a match hands over parameters without '/'; no mobile number is left in a masked text. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/api_call.h"
#include "daemon/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void match(const char *method, const char *path)
{
    struct routes_match m;

    routes_match(method, path, &m);
    for (size_t i = 0; m.route != NULL && i < ROUTES_PARAMS; i++)
        if (m.params[i] != NULL && strstr(m.route->path, "...") == NULL &&
            (strchr(m.params[i], '/') != NULL || m.params[i][0] == '\0'))
            abort();
    routes_match_fini(&m);
}

static bool has_number(const char *s, size_t n)
{
    size_t run = 0;

    for (size_t i = 0; i <= n; i++) {
        if (i < n && s[i] >= '0' && s[i] <= '9') {
            run++;
            continue;
        }
        if (run == 11 && s[i - 11] == '1' && s[i - 10] >= '3')
            return true;
        run = 0;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const methods[] = {"GET", "POST", "DELETE", "PUT", ""};
    struct buf masked = BUF_INIT(1 << 20);
    char *path;

    if (n == 0 || n > 1 << 14)
        return 0;
    path = xmalloc(n);
    memcpy(path, data + 1, n - 1);
    path[n - 1] = '\0';
    match(methods[data[0] % ARRAY_LEN(methods)], path);
    api_call_mask_text(&masked, path, n - 1);
    if (masked.overflow || has_number(buf_cstr(&masked), masked.len))
        abort();
    buf_fini(&masked);
    free(path);
    return 0;
}
