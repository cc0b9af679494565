/* For tests/lint/options: the option table as tab separated lines, or a file's effective configuration. */
#include <stdio.h>
#include <string.h>

#include "config/config.h"

static const char *const types[] = {"string", "int", "float", "bool", "list"};

static void print_line(void *arg, const char *text)
{
    (void)arg;
    puts(text);
}

int main(int argc, char **argv)
{
    size_t n;
    const struct config_option *o = config_options(&n);
    struct config *c;
    struct err e;

    if (argc == 1) {
        for (size_t i = 0; i < n; i++)
            printf("%s\t%s\t%s\t%s\t%.0f\t%.0f\t%d\t%s\n", o[i].section, o[i].name, types[o[i].type],
                   o[i].def, o[i].min, o[i].max, o[i].reloadable, o[i].help);
        return 0;
    }
    c = config_load(argv[1], NULL, NULL, &e);
    if (c == NULL) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    config_print(c, print_line, NULL);
    config_free(c);
    return 0;
}
