/* Polygons, circles, and Chinese encodings. Part of cap.h. */
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "model/cap_int.h"

#define DECLARATION_MAX 200 /* bytes in which the encoding must be declared */

/* ---- shapes ---- */

/* A number at *${s}, inside ±${max}; what follows is left there. strtod takes words, hexadecimal and the locale's comma: not asked. */
static bool number(const char **s, double max, double *out)
{
    const char *p = *s + (**s == '-' || **s == '+');
    double v = 0, unit = 1;
    size_t n = strspn(p, "0123456789"), m;

    for (size_t i = 0; i < n; i++)
        v = v * 10 + (p[i] - '0');
    p += n;
    m = *p == '.' ? strspn(p + 1, "0123456789") : 0;
    for (size_t i = 0; i < m; i++)
        v += (unit /= 10) * (p[1 + i] - '0');
    if (n + m == 0 || !(v <= max))
        return false;
    *out = **s == '-' ? -v : v;
    *s = p + (*p == '.' ? 1 + m : 0);
    return true;
}

/* "lat,lon", also with blanks around the comma; latitude comes first. */
static bool point(const char **s, struct cap_point *out)
{
    if (!number(s, 90, &out->lat))
        return false;
    *s += strspn(*s, " ");
    if (*(*s)++ != ',')
        return false;
    *s += strspn(*s, " ");
    return number(s, 180, &out->lon);
}

/* Three different ones are enough. */
static bool encloses(const struct cap_point *p, size_t n)
{
    struct cap_point different[3];
    size_t found = 0;

    for (size_t i = 0; i < n && found < 3; i++) {
        bool known = false;

        for (size_t k = 0; k < found && !known; k++)
            known = different[k].lat == p[i].lat && different[k].lon == p[i].lon;
        if (!known)
            different[found++] = p[i];
    }
    return found == 3;
}

void cap_shape_polygon(struct cap_area *a, const char *text)
{
    struct cap_polygon p = {NULL, 0};
    struct cap_point at;

    while (*text != '\0' && point(&text, &at) && (*text == ' ' || *text == '\0')) {
        p.points = cap_more(p.points, &p.n, sizeof(*p.points));
        p.points[p.n - 1] = at;
        text += strspn(text, " ");
    }
    if (*text != '\0' || !encloses(p.points, p.n)) {
        a->unreadable = true;
        free(p.points);
        return;
    }
    a->polygons = cap_more(a->polygons, &a->n_polygons, sizeof(*a->polygons));
    a->polygons[a->n_polygons - 1] = p;
}

void cap_shape_circle(struct cap_area *a, const char *text)
{
    struct cap_circle c;

    if (!point(&text, &c.centre) || *text != ' ' || (text++, !number(&text, 20037.5, &c.radius_km)) ||
        *text != '\0' || c.radius_km < 0) {
        a->unreadable = true;
        return;
    }
    a->circles = cap_more(a->circles, &a->n_circles, sizeof(*a->circles));
    a->circles[a->n_circles - 1] = c;
}

/* ---- encodings ---- */

/* The encoding that the XML declaration names. */
static bool declared(const char *s, size_t n, char *out, size_t max)
{
    char head[DECLARATION_MAX + 1];
    size_t len = n < DECLARATION_MAX ? n : DECLARATION_MAX;
    char *end, *at;

    memcpy(head, s, len);
    head[len] = '\0';
    if (strncmp(head, "<?xml", 5) != 0 || (end = strstr(head, "?>")) == NULL)
        return false;
    *end = '\0';
    if ((at = strstr(head, "encoding")) == NULL)
        return false;
    at += strlen("encoding");
    at += strspn(at, " \t\r\n=\"'");
    len = strcspn(at, "\"' ");
    if (len >= max)
        return false;
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

int cap_from_gb(const char *s, size_t n, struct buf *out)
{
    static const char *const names[] = {"GBK", "GB2312", "GB18030", "CP936", "x-gbk", "EUC-CN"};
    char encoding[20], part[4096], *from = (char *)(uintptr_t)s;
    size_t left = n;
    bool is_gb = false, ok = true;
    iconv_t cd;

    if (n == 0 || !declared(s, n, encoding, sizeof(encoding)))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        is_gb = is_gb || strcasecmp(names[i], encoding) == 0;
    if (!is_gb)
        return 0;
    cd = iconv_open("UTF-8", "GB18030"); /* holds the others */
    if (cd == (iconv_t)-1)
        return -1;
    while (left > 0 && ok) {
        char *to = part;
        size_t room = sizeof(part), before = left;

        (void)!iconv(cd, &from, &left, &to, &room);
        ok = buf_add(out, part, sizeof(part) - room) == 0 && (left < before || room < sizeof(part));
    }
    iconv_close(cd);
    return ok ? 1 : -1;
}
