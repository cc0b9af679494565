#include "provider/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* In place; the length, or -1. */
static long decode(char *s, size_t n)
{
    size_t out = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] == '+') {
            s[out++] = ' ';
        } else if (s[i] == '%') {
            int high = i + 2 < n ? digit(s[i + 1]) : -1, low = i + 2 < n ? digit(s[i + 2]) : -1;

            if (high < 0 || low < 0)
                return -1;
            s[out++] = (char)(high << 4 | low);
            i += 2;
        } else {
            s[out++] = s[i];
        }
    }
    s[out] = '\0';
    return utf8_valid(s, out) ? (long)out : -1;
}

/* "name=value" or "name"; the bytes behind it may be overwritten with a NUL. */
static int take(struct form *f, char *s, size_t n, struct err *e)
{
    char *equals = memchr(s, '=', n), *value = equals != NULL ? equals + 1 : s + n;
    size_t name_len = equals != NULL ? (size_t)(equals - s) : n,
           value_len = equals != NULL ? n - name_len - 1 : 0;
    long len;

    if (f->n == FORM_FIELDS_MAX)
        return err_set(e, "bad-form", NULL, "more than %d fields", FORM_FIELDS_MAX);
    len = decode(value, value_len);
    if (len < 0 || decode(s, name_len) < 0)
        return err_set(e, "bad-form", NULL, "field %zu is not well written", f->n + 1);
    f->fields[f->n++] = (struct form_field){.name = s, .value = value, .value_len = (size_t)len};
    return 0;
}

int form_parse(struct form *f, const char *s, size_t n, struct err *e)
{
    *f = (struct form){.n = 0, .bytes = xmalloc(n + 1)};
    memcpy(f->bytes, s != NULL ? s : "", n);
    f->bytes[n] = '\0';
    for (size_t at = 0; at < n;) {
        char *amp = memchr(f->bytes + at, '&', n - at);
        size_t len = amp != NULL ? (size_t)(amp - f->bytes) - at : n - at;

        if (len > 0 && take(f, f->bytes + at, len, e) != 0) {
            form_fini(f);
            return -1;
        }
        at += len + 1;
    }
    return 0;
}

void form_fini(struct form *f)
{
    free(f->bytes);
    *f = (struct form){.n = 0};
}

const char *form_get(const struct form *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->fields[i].name, name) == 0)
            return f->fields[i].value;
    return "";
}
