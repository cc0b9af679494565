/* Any bytes as a template: no crash; what compiles renders to valid UTF-8, and never to more than its parts. */
#include <stdlib.h>
#include <string.h>

#include "text/segment.h"
#include "text/tmpl.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *lookup(void *arg, const char *name, size_t *n)
{
    (void)arg;
    if (name[0] & 1)
        return NULL;
    *n = 12;
    return "{{x}}陈\xF0\x9F\x98\x80";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf out = BUF_INIT(1 << 16);
    struct segment_measure m;
    struct err e;
    struct tmpl *t = n < 8000 ? tmpl_compile((const char *)data, n, &e) : NULL;

    if (t) {
        for (size_t i = 0; i < tmpl_n_names(t); i++)
            if (!tmpl_name(t, i)[0])
                abort();
        if (tmpl_render(t, lookup, NULL, &out) == 0) {
            if (!utf8_valid(buf_cstr(&out), out.len))
                abort();
            segment_measure(buf_cstr(&out), out.len, "龙华社区", SEGMENT_CN, &m);
            segment_measure(buf_cstr(&out), out.len, NULL, SEGMENT_INTL, &m);
            if ((m.parts == 0) != (out.len == 0))
                abort();
        }
    }
    tmpl_free(t);
    buf_fini(&out);
    return 0;
}
