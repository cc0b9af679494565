/* [response], [classes], [http]: what an answer means. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/spec_int.h"

/* Looks at nothing but the status, and would take 200. */
static bool is_status_only(const struct spec_conds *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct spec_cond *one = &c->list[i];
        bool takes_200 = one->op != OP_IN;

        if (!one->http)
            return false;
        for (char **v = one->values; one->op == OP_IN && *v != NULL; v++)
            takes_200 |= strcmp(*v, "200") == 0;
        if (!takes_200)
            return false;
    }
    return true;
}

static int check_ok(const struct spec_source *src, const struct spec_response *r)
{
    const struct spec_section *in = spec_section(src, "response");
    size_t at = 0;

    if (r->n_ok == 0)
        return spec_fail(src, in->line,
                         "no entry ok in [response]; allowed: what an answer says when all went well");
    for (size_t i = 0; i < in->n; i++) {
        if (strcmp(in->entries[i].key, "ok") != 0)
            continue;
        if (is_status_only(&r->ok[at++]))
            return spec_fail(
                src, in->entries[i].line,
                "HTTP status 200 as the only sign of success; allowed: a condition on the body with it");
    }
    return 0;
}

static int read_item_ok(const struct spec_source *src, struct spec_response *r)
{
    const struct spec_entry *e = spec_entry(src, "response", "item_ok"),
                            *items = spec_entry(src, "response", "items");

    if (e != NULL && spec_conds_parse(src, e, &r->item_ok) != 0)
        return -1;
    for (size_t i = 0; i < r->item_ok.n; i++)
        if (r->item_ok.list[i].http)
            return spec_fail(src, e->line, "http in item_ok; allowed: paths within an item");
    if (items != NULL && (items->value[0] != '/' || !spec_is_tree(r->format)))
        return spec_fail(src, items->line,
                         "items \"%.40s\"; allowed: the /path of a list, with format = json or xml",
                         items->value);
    if (items != NULL && (e == NULL || r->item_to.paths == NULL))
        return spec_fail(src, items->line, "items without item_ok and item_to; allowed: both of them");
    r->items = spec_text(src, "response", "items", NULL);
    return 0;
}

/* "5xx" is "5*". A status never says that all went well by itself. */
static int read_http(const struct spec_source *src, struct spec_response *r)
{
    const struct spec_section *in = spec_section(src, "http");

    for (size_t i = 0; in != NULL && i < in->n; i++) {
        size_t before = r->http.n;

        if (spec_classes_parse(src, &in->entries[i], &r->http) != 0)
            return -1;
        for (size_t k = before; k < r->http.n; k++) {
            char *t = r->http.list[k].pattern.text;
            size_t digits = strspn(t, "0123456789");

            if (r->http.list[k].pattern.re != NULL || t[0] < '1' || t[0] > '5' || strlen(t) != 3 ||
                (digits != 3 && strcmp(t + 1, "xx") != 0))
                return spec_fail(src, in->entries[i].line, "status \"%.20s\"; allowed: 429, 5xx and the like",
                                 t);
            if (r->http.list[k].row.verdict == VERDICT_SENT)
                return spec_fail(src, in->entries[i].line,
                                 "a status that means sent; allowed: an entry ok in [response]");
            if (digits == 1)
                memcpy(t + 1, "*", 2);
        }
    }
    return 0;
}

/* "default = CLASS": what nothing else says anything about. */
static int read_default(const struct spec_source *src, const struct spec_entry *e, struct class_row *rest)
{
    struct spec_classes one = {.list = xcalloc(1, sizeof(*one.list)), .n = 1};
    int rc = spec_verdict_parse(src, e, &one.list[0].row);

    if (rc == 0 && one.list[0].row.verdict == VERDICT_SENT)
        rc = spec_fail(src, e->line, "default \"%.40s\"; allowed: any class but sent", e->value);
    if (rc == 0) { /* the words of the old one are freed with ${one} */
        struct class_row old = *rest;

        *rest = one.list[0].row;
        one.list[0].row = old;
    }
    spec_classes_fini(&one);
    return rc;
}

static int read_classes(const struct spec_source *src, struct spec_response *r)
{
    const struct spec_section *in = spec_section(src, "classes");

    for (size_t i = 0; in != NULL && i < in->n; i++) {
        const struct spec_entry *e = &in->entries[i];
        int rc = strcmp(e->key, "default") == 0 ? read_default(src, e, &r->rest)
                                                : spec_classes_parse(src, e, &r->classes);

        if (rc != 0)
            return -1;
    }
    return 0;
}

int spec_compile_response(const struct spec_source *src, struct spec *s)
{
    static const char *const keys[] = {"format", "ok+",     "id",      "code",    "message",   "retry_after",
                                       "items",  "item_to", "item_id", "item_ok", "item_code", NULL};
    struct spec_response *r = &s->response;

    r->rest = (struct class_row){
        .code = "*", .verdict = VERDICT_UNKNOWN, .words = xstrdup("not a code that is known")};
    const struct {
        const char *key;
        struct spec_pick *to;
    } picks[] = {
        {"id",          &r->id         },
        {"code",        &r->code       },
        {"message",     &r->message    },
        {"retry_after", &r->retry_after},
        {"item_to",     &r->item_to    },
        {"item_id",     &r->item_id    },
        {"item_code",   &r->item_code  },
    };

    if (spec_section(src, "response") == NULL)
        return spec_fail(src, 1, "no section [response]; allowed: one that says when all went well");
    if (spec_keys(src, "response", keys) != 0 || spec_format_read(src, "response", false, &r->format) != 0 ||
        spec_conds_entries(src, "response", "ok", &r->ok, &r->n_ok) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(picks); i++)
        if (spec_pick_entry(src, "response", picks[i].key, picks[i].to) != 0)
            return -1;
    return read_item_ok(src, r) != 0 || check_ok(src, r) != 0 || read_classes(src, r) != 0 ||
                   read_http(src, r) != 0
               ? -1
               : 0;
}
