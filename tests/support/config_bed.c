#include "tests/support/config_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"

struct config_bed config_bed;

void config_bed_write(const char *bytes, size_t n)
{
    FILE *f = fopen(config_bed.file, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

struct config *config_bed_load(const char *text, const char *const *sets, const char *dev, struct err *e)
{
    memset(e, 0, sizeof(*e));
    config_bed_write(text, strlen(text));
    return config_load(config_bed.file, sets, dev, e);
}

int config_bed_setup(void **state)
{
    (void)state;
    memcpy(config_bed.dir, "/tmp/crier-config-XXXXXX", 25);
    assert_non_null(mkdtemp(config_bed.dir));
    assert_true(snprintf(config_bed.file, sizeof(config_bed.file), "%s/crier.conf", config_bed.dir) <
                (int)sizeof(config_bed.file));
    setenv("P1_SECRET", "geheim-1", 1);
    setenv("P1_HOOK", "geheim-2", 1);
    unsetenv("STATE_DIRECTORY");
    unsetenv("XDG_STATE_HOME");
    return 0;
}

int config_bed_teardown(void **state)
{
    (void)state;
    unlink(config_bed.file);
    return rmdir(config_bed.dir);
}
