#include "daemon/templates.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "text/tmpl.h"
#include "text/utf8.h"

static char *read_file(const char *dir, const char *name, struct err *e)
{
    char *path = xasprintf("%s/%s", dir, name), *text = xmalloc(NOTICE_TEXT_MAX + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, NOTICE_TEXT_MAX + 1) : -1;
    struct tmpl *t;

    if (n < 0)
        err_set(e, "bad-template", "template", "%s cannot be read: %s", name, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(path);
    if (n < 0)
        goto bad;
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    if (n == 0 || n > NOTICE_TEXT_MAX || !utf8_valid(text, (size_t)n)) {
        err_set(e, "bad-template", "template", "%s is empty, longer than %d bytes or not UTF-8", name,
                NOTICE_TEXT_MAX);
        goto bad;
    }
    text[n] = '\0';
    t = tmpl_compile(text, (size_t)n, e);
    if (t == NULL)
        goto bad;
    tmpl_free(t);
    return text;
bad:
    free(text);
    return NULL;
}

/* Is ${file} NAME.txt or NAME.LANG.txt? Then the language ("" for the first form) is in ${lang}. */
static bool belongs(const char *file, const char *name, char lang[16])
{
    size_t n = strlen(name), len = strlen(file);

    if (strncmp(file, name, n) != 0 || len < n + 4 || strcmp(file + len - 4, ".txt") != 0)
        return false;
    if (len == n + 4) {
        lang[0] = '\0';
        return true;
    }
    if (file[n] != '.' || len - 4 - n - 1 >= 16 || len - 4 - n - 1 == 0)
        return false;
    memcpy(lang, file + n + 1, len - 4 - n - 1);
    lang[len - 4 - n - 1] = '\0';
    return strchr(lang, '.') == NULL;
}

static int add_text(struct notice *n, const char *dir, const char *file, const char *lang, struct err *e)
{
    char *text = read_file(dir, file, e);
    struct notice_text *t;

    if (text == NULL)
        return -1;
    n->texts = xrealloc(n->texts, (n->n_texts + 1) * sizeof(*n->texts));
    t = &n->texts[n->n_texts++];
    memset(t, 0, sizeof(*t));
    memcpy(t->lang, lang, strlen(lang));
    t->text = text;
    return 0;
}

int templates_fill(const char *dir, struct notice *n, struct err *e)
{
    struct dirent **list = NULL;
    int found, rc = 0;
    char lang[16];

    if (n->template_name[0] == '\0' || n->n_texts != 0)
        return 0;
    found = dir != NULL && dir[0] != '\0' ? scandir(dir, &list, NULL, alphasort) : 0;
    for (int i = 0; i < found; i++) {
        if (rc == 0 && n->n_texts < NOTICE_LANGS_MAX && belongs(list[i]->d_name, n->template_name, lang))
            rc = add_text(n, dir, list[i]->d_name, lang, e);
        free(list[i]);
    }
    free(list);
    if (rc == 0 && n->n_texts == 0)
        return err_set(
            e, "unknown-template", "template",
            "there is no template \"%s\"; templates are files NAME.txt or NAME.LANGUAGE.txt in template_dir",
            n->template_name);
    return rc;
}

int templates_check(const char *dir, void (*each)(void *arg, const char *file, const char *text), void *arg,
                    struct err *e)
{
    struct dirent **list = NULL;
    int found = dir != NULL && dir[0] != '\0' ? scandir(dir, &list, NULL, alphasort) : 0, rc = 0;

    for (int i = 0; i < found; i++) {
        size_t len = strlen(list[i]->d_name);

        if (rc == 0 && len > 4 && strcmp(list[i]->d_name + len - 4, ".txt") == 0) {
            char *text = read_file(dir, list[i]->d_name, e);

            rc = text != NULL ? 0 : -1;
            if (text != NULL && each != NULL)
                each(arg, list[i]->d_name, text);
            free(text);
        }
        free(list[i]);
    }
    free(list);
    return rc;
}
