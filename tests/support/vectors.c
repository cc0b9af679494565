#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

const char *vectors_str(const json_t *v, const char *name)
{
    const char *s = json_string_value(json_object_get(v, name));

    if (s == NULL)
        fail_msg("vector %s has no %s", json_string_value(json_object_get(v, "name")), name);
    return s;
}

void vectors_each(const char *kind, void (*check)(const json_t *v, const char *expect))
{
    json_error_t e;
    json_t *all = json_load_file("tests/golden/signatures.json", 0, &e), *v;
    size_t i, n = 0;

    if (all == NULL)
        fail_msg("tests/golden/signatures.json: %s", e.text);
    json_array_foreach(all, i, v)
    {
        if (strcmp(vectors_str(v, "kind"), kind) != 0)
            continue;
        check(v, vectors_str(v, "expect"));
        n++;
    }
    json_decref(all);
    assert_int_not_equal(n, 0);
}
