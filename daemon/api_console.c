/* The console's files: embedded, or read from console_dir while somebody works on them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/api_call.h"
#include "daemon/api_handlers.h"

#define FILE_MAX (4u << 20)

#define ASSET(name, file, type) extern const char assets_##name[], assets_##name##_end[];
#include "daemon/assets.def"
#undef ASSET

static const struct {
    const char *name, *type, *begin, *end;
} files[] = {
#define ASSET(name, file, type) {file, type, assets_##name, assets_##name##_end},
#include "daemon/assets.def"
#undef ASSET
};

static void answer(struct api_call *c, const char *type, const char *bytes, size_t n)
{
    httpd_header_add(c->req, "Content-Security-Policy",
                     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src "
                     "'self'; frame-ancestors 'none'; "
                     "base-uri 'none'; form-action 'self'");
    httpd_header_add(c->req, "Referrer-Policy", "no-referrer");
    api_call_text(c, 200, type, bytes, n);
}

/* Only the names of the table reach the file system. */
static void answer_from(struct api_call *c, const char *dir, const char *name, const char *type)
{
    char *path = xasprintf("%s/%s", dir, name), part[16384];
    FILE *f = fopen(path, "rbe");
    struct buf b = BUF_INIT(FILE_MAX);
    size_t n;

    while (f != NULL && (n = fread(part, 1, sizeof(part), f)) > 0)
        buf_add(&b, part, n);
    if (f == NULL || ferror(f) || b.overflow)
        api_call_error(c, 500, "console", NULL, "%s of console_dir cannot be read: %s", name,
                       f == NULL ? strerror(errno) : "unreadable or too large");
    else
        answer(c, type, buf_cstr(&b), b.len);
    if (f != NULL)
        fclose(f);
    buf_fini(&b);
    free(path);
}

void api_console_file(struct api_call *c)
{
    const char *name = c->match.params[0], *dir = c->app->config->console_dir;

    if (name == NULL || *name == '\0')
        name = "index.html";
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (strcmp(files[i].name, name) != 0)
            continue;
        if (dir != NULL && *dir != '\0')
            answer_from(c, dir, name, files[i].type);
        else
            answer(c, files[i].type, files[i].begin, (size_t)(files[i].end - files[i].begin));
        return;
    }
    api_call_error(c, 404, "no-such-path", NULL, "the console has no such file");
}
