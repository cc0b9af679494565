/* base/secret: where secrets come from, and that they are compared without telling how much was right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"

static char dir[] = "/tmp/crier-secret-XXXXXX";

static int setup(void **state)
{
    (void)state;
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    char *path = xasprintf("%s/s", dir);

    (void)state;
    if (unlink(path) < 0 && errno != ENOENT)
        return -1;
    free(path);
    return rmdir(dir);
}

static char *file_with(const char *bytes, size_t n)
{
    char *path = xasprintf("%s/s", dir), *spec = xasprintf("file:%s", path);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
    free(path);
    return spec;
}

static void nothing_named_is_an_empty_secret(void **state)
{
    struct secret s;
    struct err e;

    (void)state;
    assert_int_equal(secret_load(&s, NULL, &e), 0);
    assert_null(s.value);
    assert_int_equal(secret_load(&s, "", &e), 0);
    assert_false(secret_equal(&s, "", 0));
    secret_fini(&s);
}

static const struct {
    const char *name, *bytes;
    size_t n;
    const char *value; /* NULL = refused */
} file_rows[] = {
    {"one newline at the end goes", "geheim\n",   7, "geheim"  },
    {"only one",                    "geheim\n\n", 8, "geheim\n"},
    {"without newline",             "geheim",     6, "geheim"  },
    {"empty",                       "",           0, NULL      },
    {"only a newline",              "\n",         1, NULL      },
    {"a NUL byte",                  "ab\0c",      4, NULL      },
};

static void a_file_gives_its_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(file_rows); i++) {
        char *spec = file_with(file_rows[i].bytes, file_rows[i].n);
        struct secret s;
        struct err e = {.code = ""};
        bool good = secret_load(&s, spec, &e) == 0;

        if (good != (file_rows[i].value != NULL) || (good && strcmp(s.value, file_rows[i].value) != 0))
            fail_msg("%s: %s", file_rows[i].name, good ? s.value : e.msg);
        if (!good)
            assert_string_equal(e.code, "secret");
        secret_fini(&s);
        free(spec);
    }
}

static void a_file_has_at_most_64_kib(void **state)
{
    char *bytes = xcalloc(1, 65537), *spec;
    struct secret s;
    struct err e;

    (void)state;
    memset(bytes, 'x', 65537);
    spec = file_with(bytes, 65536);
    assert_int_equal(secret_load(&s, spec, &e), 0);
    assert_int_equal(s.len, 65536);
    secret_fini(&s);
    free(spec);
    spec = file_with(bytes, 65537);
    assert_int_equal(secret_load(&s, spec, &e), -1);
    free(spec);
    free(bytes);
}

static void credentials_come_from_systemds_directory(void **state)
{
    char *spec = file_with("pw\n", 3);
    struct secret s;
    struct err e;

    (void)state;
    free(spec);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(secret_load(&s, "credential:s", &e), -1);
    setenv("CREDENTIALS_DIRECTORY", dir, 1);
    assert_int_equal(secret_load(&s, "credential:s", &e), 0);
    assert_string_equal(s.value, "pw");
    secret_fini(&s);
    assert_int_equal(secret_load(&s, "credential:../s", &e), -1);
    assert_int_equal(secret_load(&s, "credential:..", &e), -1);
    assert_int_equal(secret_load(&s, "credential:", &e), -1);
    assert_int_equal(secret_load(&s, "credential:none", &e), -1);
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void the_environment_is_asked_by_name(void **state)
{
    struct secret s;
    struct err e;

    (void)state;
    setenv("CRIER_TEST_SECRET", "pw", 1);
    assert_int_equal(secret_load(&s, "env:CRIER_TEST_SECRET", &e), 0);
    assert_string_equal(s.value, "pw");
    secret_fini(&s);
    setenv("CRIER_TEST_SECRET", "", 1); /* forgotten in a unit file, not "no secret" */
    assert_int_equal(secret_load(&s, "env:CRIER_TEST_SECRET", &e), -1);
    assert_non_null(strstr(e.msg, "is empty"));
    unsetenv("CRIER_TEST_SECRET");
    assert_int_equal(secret_load(&s, "env:CRIER_TEST_SECRET", &e), -1);
    assert_int_equal(secret_load(&s, "env:", &e), -1);
}

static void a_literal_is_refused_and_not_repeated(void **state)
{
    struct secret s;
    struct err e;

    (void)state;
    assert_int_equal(secret_load(&s, "hunter2", &e), -1);
    assert_string_equal(e.code, "secret");
    assert_null(strstr(e.msg, "hunter2"));
}

static void comparing_needs_all_of_it(void **state)
{
    struct secret s = {.value = xstrdup("abcabc"), .len = 6};

    (void)state;
    assert_true(secret_equal(&s, "abcabc", 6));
    assert_false(secret_equal(&s, "abc", 3));
    assert_false(secret_equal(&s, "abcabcabcabc", 12)); /* repeats it */
    assert_false(secret_equal(&s, "abcabd", 6));
    assert_false(secret_equal(&s, "", 0));
    secret_fini(&s);
    assert_false(secret_equal(&s, "abcabc", 6));
}

static void random_bytes_are_hex_and_differ(void **state)
{
    char a[33], b[33];

    (void)state;
    secret_random_hex(a, 16);
    secret_random_hex(b, 16);
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "0123456789abcdef"), 32);
    assert_string_not_equal(a, b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(nothing_named_is_an_empty_secret), T(a_file_gives_its_content),
        T(a_file_has_at_most_64_kib),        T(credentials_come_from_systemds_directory),
        T(the_environment_is_asked_by_name), T(a_literal_is_refused_and_not_repeated),
        T(comparing_needs_all_of_it),        T(random_bytes_are_hex_and_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
