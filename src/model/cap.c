/* The walk through the file. Part of cap.h. */
#include "model/cap.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/cap_int.h"

#define DEPTH_MAX    32
#define ELEMENTS_MAX 100000
#define SEPARATOR    '\n' /* between namespace and name */

struct reader {
    XML_Parser parser;
    struct err *e;
    bool failed;
    size_t depth, n_elements;
    enum cap_place places[DEPTH_MAX];
    const struct cap_field *field;
    struct cap_open open;
    struct cap_list *out;
    struct buf text, space; /* of the field; namespace of the alert */
};

static void fail(struct reader *r, const char *why)
{
    if (!r->failed)
        (void)err_set(r->e, "bad-cap", NULL, "%s", why);
    r->failed = true;
    XML_StopParser(r->parser, XML_FALSE);
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    fail(arg, "a document type declaration is not taken");
}

/* ---- names ---- */

static bool is_cap_space(const char *space, size_t n)
{
    static const char *const spaces[] = {
        "urn:oasis:names:tc:emergency:cap:1.2", "urn:oasis:names:tc:emergency:cap:1.1",
        "urn:oasis:names:tc:emergency:cap:1.0", "http://www.incident.com/cap/1.0"};

    for (size_t i = 0; i < ARRAY_LEN(spaces); i++)
        if (strlen(spaces[i]) == n && memcmp(spaces[i], space, n) == 0)
            return true;
    return false;
}

/* The namespace's length; *${name} is what follows. */
static size_t split(const char *full, const char **name)
{
    const char *at = strrchr(full, SEPARATOR);

    *name = at != NULL ? at + 1 : full;
    return at != NULL ? (size_t)(at - full) : 0;
}

/* Some issuers declare a wrong namespace, or a right one for half of their elements. */
static bool is_ours(const struct reader *r, const char *space, size_t n)
{
    return n == 0 || is_cap_space(space, n) ||
           (n == r->space.len && memcmp(space, buf_cstr(&r->space), n) == 0);
}

/* ---- elements ---- */

static enum cap_place open_alert(struct reader *r, const char *space, size_t n)
{
    struct cap_list *l = r->out;

    if (l->n == CAP_ALERTS_MAX) {
        fail(r, "too many alerts in one file");
        return CAP_SKIPPED;
    }
    buf_reset(&r->space);
    buf_add(&r->space, space, n);
    l->alerts = cap_more(l->alerts, &l->n, sizeof(*l->alerts));
    r->open = (struct cap_open){.alert = &l->alerts[l->n - 1]};
    r->open.alert->foreign = !is_cap_space(space, n);
    return CAP_IN_ALERT;
}

static enum cap_place open_info(struct reader *r)
{
    struct cap_alert *a = r->open.alert;

    a->infos = cap_more(a->infos, &a->n_infos, sizeof(*a->infos));
    r->open.info = &a->infos[a->n_infos - 1];
    return CAP_IN_INFO;
}

static enum cap_place open_area(struct reader *r)
{
    struct cap_info *i = r->open.info;

    i->areas = cap_more(i->areas, &i->n_areas, sizeof(*i->areas));
    r->open.area = &i->areas[i->n_areas - 1];
    return CAP_IN_AREA;
}

static enum cap_place open_pair(struct reader *r, struct cap_pair **pairs, size_t *n, enum cap_place p)
{
    *pairs = cap_more(*pairs, n, sizeof(**pairs));
    r->open.pair = &(*pairs)[*n - 1];
    return p;
}

/* Elements that hold elements; everything else is a field, or nothing of ours. */
static enum cap_place open_element(struct reader *r, enum cap_place in, const char *name)
{
    struct cap_info *i = r->open.info;
    struct cap_area *a = r->open.area;

    if (in == CAP_IN_ALERT && strcmp(name, "info") == 0)
        return open_info(r);
    if (in == CAP_IN_INFO && strcmp(name, "area") == 0)
        return open_area(r);
    if (in == CAP_IN_INFO && strcmp(name, "eventCode") == 0)
        return open_pair(r, &i->codes, &i->n_codes, CAP_IN_EVENT_CODE);
    if (in == CAP_IN_INFO && strcmp(name, "parameter") == 0)
        return open_pair(r, &i->parameters, &i->n_parameters, CAP_IN_PARAMETER);
    if (in == CAP_IN_AREA && strcmp(name, "geocode") == 0)
        return open_pair(r, &a->geocodes, &a->n_geocodes, CAP_IN_GEOCODE);
    r->field = cap_field_find(in, name);
    return r->field != NULL ? CAP_IN_FIELD : CAP_SKIPPED;
}

static enum cap_place place_of(struct reader *r, enum cap_place in, const char *full)
{
    const char *name;
    size_t n = split(full, &name);

    switch (in) {
    case CAP_OUTSIDE:
        if (strcmp(name, "alert") == 0)
            return open_alert(r, full, n);
        return strcmp(name, "Signature") == 0 ? CAP_SKIPPED : CAP_OUTSIDE;
    case CAP_IN_FIELD: /* official words with a part taken out would be other words */
        cap_bad(r->open.alert, "elements inside the text of a field", NULL);
        return CAP_SKIPPED;
    case CAP_SKIPPED:
        return CAP_SKIPPED;
    case CAP_IN_ALERT:
    case CAP_IN_INFO:
    case CAP_IN_AREA:
    case CAP_IN_EVENT_CODE:
    case CAP_IN_PARAMETER:
    case CAP_IN_GEOCODE:
        break;
    }
    return is_ours(r, full, n) ? open_element(r, in, name) : CAP_SKIPPED;
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = arg;
    enum cap_place in;

    (void)attributes;
    if (r->failed)
        return;
    if (r->depth == DEPTH_MAX || ++r->n_elements > ELEMENTS_MAX) {
        fail(r, r->depth == DEPTH_MAX ? "elements too deep inside each other" : "too many elements");
        return;
    }
    in = r->depth > 0 ? r->places[r->depth - 1] : CAP_OUTSIDE;
    r->places[r->depth] = place_of(r, in, name);
    if (r->places[r->depth++] == CAP_IN_FIELD)
        buf_reset(&r->text);
}

static void on_end(void *arg, const XML_Char *name)
{
    struct reader *r = arg;
    enum cap_place was;

    (void)name;
    if (r->failed || r->depth == 0)
        return;
    was = r->places[--r->depth];
    if (was == CAP_IN_FIELD)
        cap_field_set(r->field, &r->open, buf_cstr(&r->text), r->text.len);
    else if (was == CAP_IN_ALERT)
        cap_alert_close(r->open.alert);
}

static void on_text(void *arg, const XML_Char *s, int n)
{
    struct reader *r = arg;

    if (r->depth > 0 && r->places[r->depth - 1] == CAP_IN_FIELD)
        buf_add(&r->text, s, (size_t)n); /* what is inside is not longer than three times the document */
}

/* ---- the file ---- */

static int parse(struct reader *r, const char *s, size_t n)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    if (XML_Parse(r->parser, s, (int)n, 1) != XML_STATUS_OK && !r->failed) {
        (void)err_set(r->e, "bad-cap", NULL, "line %lu: %s", XML_GetCurrentLineNumber(r->parser),
                      XML_ErrorString(XML_GetErrorCode(r->parser)));
        r->failed = true;
    }
    if (!r->failed && r->text.overflow)
        fail(r, "too large");
    if (!r->failed && r->out->n == 0)
        fail(r, "there is no CAP alert in it");
    return r->failed ? -1 : 0;
}

int cap_parse(struct cap_list *l, const char *s, size_t n, struct err *e)
{
    struct buf utf8 = BUF_INIT(3 * (size_t)CAP_BYTES_MAX);
    struct reader *r;
    int gb, rc;

    *l = (struct cap_list){.alerts = NULL, .n = 0};
    if (n > CAP_BYTES_MAX)
        return err_set(e, "bad-cap", NULL, "%zu bytes; at most 4 MiB are read", n);
    gb = cap_from_gb(s, n, &utf8);
    if (gb < 0) {
        buf_fini(&utf8);
        return err_set(e, "bad-cap", NULL, "it declares a Chinese encoding and does not keep to it");
    }
    r = xcalloc(1, sizeof(*r));
    r->e = e;
    r->out = l;
    buf_init(&r->text, 3 * (size_t)CAP_BYTES_MAX);
    buf_init(&r->space, 3 * (size_t)CAP_BYTES_MAX);
    r->parser = XML_ParserCreateNS(gb > 0 ? "UTF-8" : NULL, SEPARATOR);
    if (r->parser == NULL)
        panic("no memory for a parser");
    rc = gb > 0 ? parse(r, buf_cstr(&utf8), utf8.len) : parse(r, n > 0 ? s : "", n);
    XML_ParserFree(r->parser);
    buf_fini(&r->text);
    buf_fini(&r->space);
    buf_fini(&utf8);
    free(r);
    return rc;
}
