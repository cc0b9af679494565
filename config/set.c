/* What is said besides the file: --set and --dev. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/raw.h"

enum { CONSOLE_PORT = 8025 };

static bool is_titled(const char *kind, bool *known)
{
    size_t n;
    const struct config_kind *kinds = config_kinds(&n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(kinds[i].name, kind) == 0) {
            *known = true;
            return kinds[i].titled;
        }
    *known = false;
    return false;
}

/* "option", "section.option" or "section.title.option", cut in place. */
static int cut(char *key, const char **kind, const char **title, const char **option)
{
    char *dot = strchr(key, '.'), *second;

    *title = NULL;
    if (dot == NULL) {
        *kind = "";
        *option = key;
        return 0;
    }
    *dot = '\0';
    *kind = key;
    second = strchr(dot + 1, '.');
    *option = dot + 1;
    if (second != NULL) {
        *second = '\0';
        *title = dot + 1;
        *option = second + 1;
    }
    return strchr(*option, '.') == NULL ? 0 : -1;
}

static struct raw_section *target(struct raw *r, const char *kind, const char *title, const char *set,
                                  struct err *e)
{
    struct raw_section *s;
    bool known, titled = is_titled(kind, &known);

    if (!known || (title != NULL && !titled)) {
        err_set(e, "config", NULL,
                "--set %s: no section %s; allowed: section.option=value, section.name.option=value", set,
                kind);
        return NULL;
    }
    if (!titled)
        return raw_section(r, kind, NULL, "--set");
    if (title == NULL && raw_count(r, kind) != 1) {
        err_set(e, "config", NULL, "--set %s: which %s is meant; allowed: %s.NAME.option=value", set, kind,
                kind);
        return NULL;
    }
    s = raw_find(r, kind, title);
    if (s == NULL)
        err_set(e, "config", NULL, "--set %s: no %s is called %s; allowed: one that the file has", set, kind,
                title);
    return s;
}

/* Items of a list are separated by commas. */
static int put(struct raw_section *s, size_t i, char *value, struct err *e)
{
    size_t n;
    const struct config_option *o = &config_options(&n)[i];

    if (o->type != CONFIG_LIST) {
        if (option_check(o, value, "--set", e) != 0)
            return -1;
        raw_put(s, i, value, "--set");
        return 0;
    }
    raw_clear(s, i, "--set");
    for (char *item = value, *next; item != NULL && item[0] != '\0'; item = next) {
        next = strchr(item, ',');
        if (next != NULL)
            *next++ = '\0';
        if (option_check(o, item, "--set", e) != 0)
            return -1;
        raw_append(s, i, item, "--set");
    }
    return 0;
}

int load_set(struct raw *r, const char *set, struct err *e)
{
    char *key = xstrdup(set), *value = strchr(key, '='), names[300];
    const char *kind, *title, *option;
    struct raw_section *s;
    int i, rc = -1;

    if (value == NULL || (*value++ = '\0', cut(key, &kind, &title, &option) != 0)) {
        err_set(e, "config", NULL,
                "--set %.80s: not understood; allowed: section.option=value, section.name.option=value", set);
    } else if ((s = target(r, kind, title, key, e)) != NULL) {
        i = option_index(kind, option);
        option_names(kind, names, sizeof(names));
        if (i < 0)
            err_set(e, "config", NULL, "--set: no such option '%s'; allowed: %s", option, names);
        else
            rc = put(s, (size_t)i, value, e);
    }
    free(key);
    return rc;
}

/* --dev: only where the file said nothing. */
static void offer(struct raw_section *s, const char *option, const char *value)
{
    int i = option_index(s->kind, option);

    if (i < 0)
        panic("--dev sets %s, which the table does not know", option);
    if (s->values[i].where == NULL)
        raw_put(s, (size_t)i, value, "--dev");
}

static bool port_is_free(int port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_free;

    if (fd < 0)
        return false;
    is_free = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
              bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
    close(fd);
    return is_free;
}

static char *absolute(const char *dir)
{
    char *cwd, *path;

    if (dir[0] == '/')
        return xstrdup(dir);
    cwd = getcwd(NULL, 0);
    path = xasprintf("%s/%s", cwd != NULL ? cwd : "", dir);
    free(cwd);
    return path;
}

void load_dev(struct raw *r, const char *dev_dir)
{
    char *dir = absolute(dev_dir), *admin = xasprintf("unix://%s/admin.sock", dir), http[32];
    struct raw_section *s;
    int n;

    /* a second --dev daemon on the same machine takes any port: it prints which */
    n = snprintf(http, sizeof(http), "127.0.0.1:%d", port_is_free(CONSOLE_PORT) ? CONSOLE_PORT : 0);
    if (n < 0 || (size_t)n >= sizeof(http))
        panic("no room for an address");
    offer(raw_section(r, "", NULL, "--dev"), "state_dir", dir);
    offer(raw_section(r, "redis", NULL, "--dev"), "url", "embedded");
    s = raw_section(r, "listen", NULL, "--dev");
    offer(s, "admin", admin);
    offer(s, "http", http);
    if (raw_count(r, "community") == 0)
        offer(raw_section(r, "community", "dev", "--dev"), "name", "示例社区");
    if (raw_count(r, "provider") == 0) {
        s = raw_section(r, "provider", "sandbox", "--dev");
        offer(s, "driver", "sandbox");
        offer(s, "url", "sandbox:");
        if (raw_count(r, "community") > 1)
            offer(s, "community", raw_find(r, "community", NULL)->title);
    }
    free(admin);
    free(dir);
}
