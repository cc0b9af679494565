/* From a file to raw sections. The only file that knows libconfuse: every option is text to it, types are the table's matter.
 *
 * libconfuse's scanner is a global, so one parse at a time is all there can be; `parse` says which. */
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config/raw.h"

enum { FILE_MAX = 1024 * 1024, WHERE_MAX = 300 };

/* libconfuse takes the end of the file for the end of whatever section or comment is open. So that half a file is not
 * taken for a whole one, this option is put behind it and must be met at the top level. */
#define END "end-of-file"

static struct {
    const char *path;
    struct raw *raw;
    struct err *e;
    bool failed;
    bool ended;
    unsigned closed; /* a bit for each kind of section that stands at most once */
} parse;

static const char *where_is(const cfg_t *cfg, char *out)
{
    int n = snprintf(out, WHERE_MAX, "%s:%d", parse.path, cfg->line);

    /* a path this long is cut at its beginning, the line is what counts */
    if (n < 0 || n >= WHERE_MAX)
        n = snprintf(out, WHERE_MAX, "...%s:%d", parse.path + strlen(parse.path) - WHERE_MAX / 2, cfg->line);
    if (n < 0 || n >= WHERE_MAX)
        panic("no room for a file name");
    return out;
}

static const char *kind_of(const cfg_t *cfg)
{
    return strcmp(cfg->name, "root") == 0 ? "" : cfg->name;
}

/* What libconfuse found, and what could have stood there instead. */
static const struct {
    const char *found, *allowed;
} hints[] = {
    {"missing equal sign",           "an option is written name = value"                                   },
    {"missing title for section",    "a section of this kind has a name in quotes, provider \"p1\" { ... }"},
    {"missing opening brace",        "a section is written name { ... }"                                   },
    {"found duplicate title",        "each name once"                                                      },
    {"unexpected closing brace",     "a closing brace only ends a section or a list"                       },
    {"unexpected token",             "name = value, name = {\"a\", \"b\"} or name { ... }"                 },
    {"unterminated string constant", "a text ends with the quote it began with, on the same line"          },
    {"premature end of file",        "every section and list is closed"                                    },
};

static bool is_end(const char *found)
{
    return strstr(found, "'" END "'") != NULL;
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    char found[200], allowed[300] = "see crier.conf(5)", where[WHERE_MAX];

    if (parse.failed) /* the first failure is the cause, what follows are its consequences */
        return;
    parse.failed = true;
    if (vsnprintf(found, sizeof(found), fmt, ap) < 0)
        found[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(hints); i++)
        if (strncmp(found, hints[i].found, strlen(hints[i].found)) == 0 &&
            snprintf(allowed, sizeof(allowed), "%s", hints[i].allowed) < 0)
            allowed[0] = '\0';
    if (strncmp(found, "no such option", 14) == 0)
        option_names(kind_of(cfg), allowed, sizeof(allowed));
    if (is_end(found))
        err_set(parse.e, "config", NULL,
                "%s: section %s is open at the end; allowed: a closing brace before it", where_is(cfg, where),
                kind_of(cfg));
    else
        err_set(parse.e, "config", NULL, "%s: %s; allowed: %s", where_is(cfg, where), found, allowed);
}

static int fail(cfg_t *cfg, const char *what, const char *name, const char *allowed)
{
    char where[WHERE_MAX];

    if (!parse.failed)
        err_set(parse.e, "config", name, "%s: %s %s; allowed: %s", where_is(cfg, where), name, what, allowed);
    parse.failed = true;
    return -1;
}

static struct raw_section *section_of(const cfg_t *cfg)
{
    char where[WHERE_MAX];

    return raw_section(parse.raw, kind_of(cfg), cfg->title, where_is(cfg, where));
}

/* One value, or one item of a list, was read. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    struct raw_section *s = section_of(cfg);
    int i = option_index(kind_of(cfg), opt->name);
    char where[WHERE_MAX];
    const struct config_option *o;
    size_t n;

    if (i < 0)
        panic("libconfuse knows option %s, the table does not", opt->name);
    o = &config_options(&n)[i];
    where_is(cfg, where);
    if (o->type != CONFIG_LIST && s->values[i].where != NULL)
        return fail(cfg, "is set a second time", opt->name, "each option once");
    if (option_check(o, value, where, parse.e) != 0) {
        parse.failed = true;
        return -1;
    }
    if (o->type != CONFIG_LIST)
        raw_put(s, (size_t)i, value, where);
    else if (s->values[i].where == NULL)
        raw_clear(s, (size_t)i,
                  where); /* its items are read when the section is closed: they may be assigned anew */
    *(const char **)result = value;
    return 0;
}

static int on_end(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    (void)cfg;
    (void)opt;
    parse.ended = true;
    *(const char **)result = value;
    return 0;
}

static void copy_lists(cfg_t *sec, struct raw_section *s)
{
    size_t n;
    const struct config_option *o = config_options(&n);

    for (size_t i = 0; i < n; i++) {
        cfg_opt_t *list;

        if (o[i].type != CONFIG_LIST || strcmp(o[i].section, s->kind) != 0)
            continue;
        list = cfg_getopt(sec, o[i].name);
        for (unsigned k = 0; list != NULL && k < cfg_opt_size(list); k++)
            raw_append(s, i, cfg_opt_getnstr(list, k),
                       s->values[i].where != NULL ? s->values[i].where : s->where);
    }
}

/* A section was closed. */
static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
    cfg_t *sec = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
    size_t n;
    const struct config_kind *kinds = config_kinds(&n);

    if (sec == NULL)
        panic("libconfuse closed a section %s that it does not have", opt->name);
    for (size_t i = 0; i < n; i++) {
        if (kinds[i].titled || strcmp(kinds[i].name, opt->name) != 0)
            continue;
        if (parse.closed & 1U << i)
            return fail(cfg, "is a section that stands here a second time", opt->name,
                        "one section of this kind");
        parse.closed |= 1U << i;
    }
    if (sec->title != NULL && !option_is_name(sec->title))
        return fail(cfg, "is called something else", opt->name, "a name of 1..32 letters, digits, - and _");
    copy_lists(sec, section_of(sec));
    return 0;
}

/* The rows of one kind as libconfuse wants them; the caller frees. */
static cfg_opt_t *confuse_options(const char *kind, size_t more)
{
    size_t n, used = 0;
    const struct config_option *o = config_options(&n);
    cfg_opt_t *opts = xcalloc(n + more + 1, sizeof(*opts));

    for (size_t i = 0; i < n; i++) {
        if (strcmp(o[i].section, kind) != 0)
            continue;
        if (o[i].type == CONFIG_LIST)
            opts[used++] = (cfg_opt_t)CFG_STR_LIST_CB(o[i].name, NULL, CFGF_NODEFAULT, on_value);
        else
            opts[used++] = (cfg_opt_t)CFG_STR_CB(o[i].name, NULL, CFGF_NODEFAULT, on_value);
    }
    opts[used] = (cfg_opt_t)CFG_END();
    return opts;
}

static size_t count(const cfg_opt_t *opts)
{
    size_t n = 0;

    while (opts[n].name != NULL)
        n++;
    return n;
}

/* The grammar: top level options, one section of each kind. */
static cfg_t *confuse_new(void)
{
    size_t n;
    const struct config_kind *kinds = config_kinds(&n);
    cfg_opt_t *top = confuse_options("", n + 1), *subs[16] = {NULL};
    size_t used = count(top);
    cfg_t *cfg;

    for (size_t i = 1; i < n; i++) {
        subs[i] = confuse_options(kinds[i].name, 0);
        top[used++] =
            (cfg_opt_t)CFG_SEC(kinds[i].name, subs[i],
                               kinds[i].titled ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE);
    }
    top[used++] = (cfg_opt_t)CFG_STR_CB(END, NULL, CFGF_NODEFAULT, on_end);
    top[used] = (cfg_opt_t)CFG_END();
    cfg = cfg_init(top, CFGF_NONE); /* copies */
    if (cfg == NULL)
        panic("cfg_init: %s", strerror(errno));
    cfg_set_error_function(cfg, on_error);
    for (size_t i = 1; i < n; i++) {
        cfg_set_validate_func(cfg, kinds[i].name, on_section);
        free(subs[i]);
    }
    free(top);
    return cfg;
}

static int read_file(const char *path, struct buf *b, struct err *e)
{
    struct stat st;
    char piece[4096];
    ssize_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return err_set(e, "config", NULL, "%s: %s; allowed: a readable file", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_set(e, "config", NULL, "%s: not a file; allowed: a readable file", path);
    }
    while ((got = read(fd, piece, sizeof(piece))) > 0)
        buf_add(b, piece, (size_t)got);
    close(fd);
    if (got < 0)
        return err_set(e, "config", NULL, "%s: %s; allowed: a readable file", path, strerror(errno));
    if (b->overflow)
        return err_set(e, "config", NULL, "%s: larger than 1 MiB; allowed: a configuration file", path);
    return 0;
}

/* Only UTF-8 text without NUL; a byte order mark and CR LF are what Windows editors leave, they become harmless. */
static int clean(const char *path, struct buf *b, struct err *e)
{
    const char *bytes = buf_cstr(b);
    int line = 1;

    for (size_t from = 0; from < b->len;) {
        const char *nl = memchr(bytes + from, '\n', b->len - from);
        size_t n = nl != NULL ? (size_t)(nl - bytes) + 1 - from : b->len - from;
        json_t *checked = json_stringn(bytes + from, n); /* NULL unless it is UTF-8 */

        if (checked == NULL || memchr(bytes + from, '\0', n) != NULL) {
            json_decref(checked);
            return err_set(e, "config", NULL, "%s:%d: bytes that are no text; allowed: UTF-8 without NUL",
                           path, line);
        }
        json_decref(checked);
        from += n;
        line++;
    }
    if (b->len >= 3 && memcmp(b->data, "\xEF\xBB\xBF", 3) == 0)
        memset(b->data, ' ', 3);
    for (size_t i = 0; i + 1 < b->len; i++)
        if (b->data[i] == '\r' && b->data[i + 1] == '\n')
            b->data[i] = ' ';
    return 0;
}

int load_file(struct raw *r, const char *path, struct err *e)
{
    struct buf text = BUF_INIT(FILE_MAX + sizeof(END) + 16);
    cfg_t *cfg;
    int rc = -1;

    memset(&parse, 0, sizeof(parse));
    parse.path = path;
    parse.raw = r;
    parse.e = e;
    if (read_file(path, &text, e) == 0 && clean(path, &text, e) == 0) {
        buf_str(&text, "\n" END " = 1\n");
        cfg = confuse_new();
        rc = cfg_parse_buf(cfg, buf_cstr(&text));
        if (rc != CFG_SUCCESS && !parse.failed)
            err_set(e, "config", NULL, "%s: cannot be read; allowed: see crier.conf(5)", path);
        else if (rc == CFG_SUCCESS && !parse.ended)
            rc = err_set(e, "config", NULL, "%s: a comment /* is open at the end; allowed: */ before it",
                         path);
        cfg_free(cfg);
        rc = rc == CFG_SUCCESS ? 0 : -1;
    }
    buf_wipe(&text);
    buf_fini(&text);
    return rc;
}
