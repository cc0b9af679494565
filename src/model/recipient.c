/* One line of a frozen audience. */
#include <string.h>

#include "model/audience.h"

#define FIELDS 7

int recipient_line(struct buf *out, const struct recipient *r)
{
    const char *f[FIELDS] = {r->addresses, r->resident, r->name, r->building, r->lang, r->text, r->area};
    size_t start = out->len, last = 0;

    for (size_t i = 0; i < FIELDS; i++) {
        if (!f[i])
            f[i] = "";
        if (f[i][strcspn(f[i], "\t\n")] != '\0')
            return -1;
        if (f[i][0])
            last = i;
    }
    if (f[0][0] == '\0')
        return -1;
    for (size_t i = 0; i <= last; i++)
        if ((i > 0 && buf_chr(out, '\t') < 0) || buf_str(out, f[i]) < 0) {
            out->len = start;
            if (out->data)
                out->data[start] = '\0';
            return -1;
        }
    return 0;
}

int recipient_parse(char *line, struct recipient *out)
{
    const char **f[FIELDS] = {&out->addresses, &out->resident, &out->name, &out->building,
                              &out->lang,      &out->text,     &out->area};
    char *p = line;

    for (size_t i = 0; i < FIELDS; i++) {
        *f[i] = p;
        char *tab = strchr(p, '\t');
        if (!tab) {
            p += strlen(p);
            continue;
        }
        *tab = '\0';
        p = tab + 1;
    }
    return *p == '\0' && out->addresses[0] ? 0 : -1;
}

/* "sms" and "voice" reach a telephone; every other channel has addresses that begin with its name. */
static bool is_for(const char *address, size_t n, const char *channel, size_t *skip)
{
    size_t k = strlen(channel);

    *skip = 0;
    if (strcmp(channel, "sms") == 0 || strcmp(channel, "voice") == 0)
        return n > 0 && address[0] == '+';
    *skip = k + 1;
    return n > k + 1 && memcmp(address, channel, k) == 0 && address[k] == ':';
}

const char *recipient_address(const struct recipient *r, const char *channel, char *out, size_t n)
{
    for (const char *p = r->addresses; *p;) {
        size_t len = strcspn(p, " "), skip;
        if (is_for(p, len, channel, &skip) && len - skip < n) {
            memcpy(out, p + skip, len - skip);
            out[len - skip] = '\0';
            return out;
        }
        p += len + (p[len] == ' ');
    }
    return NULL;
}
