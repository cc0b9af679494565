/* XML as a tree. Part of xml.h. */
#include <expat.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "provider/xml.h"
#include "text/utf8.h"

#define NAME_MAX_BYTES 64

struct level {
    char name[NAME_MAX_BYTES + 1];
    json_t *members; /* NULL = text so far */
    struct buf text;
};
struct reader {
    XML_Parser parser;
    struct err *e;
    bool failed;
    size_t depth;
    struct level levels[XML_DEPTH_MAX];
    json_t *root;
};

static void fail(struct reader *r, const char *why)
{
    if (!r->failed)
        (void)err_set(r->e, "bad-xml", NULL, "%s", why);
    r->failed = true;
    XML_StopParser(r->parser, XML_FALSE);
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    fail(arg, "a document type declaration is not taken");
}

/* Into ${o}: alone, or as one more of its name. ${v} is taken over. */
static void put(json_t *o, const char *name, json_t *v)
{
    json_t *there = json_object_get(o, name);

    if (there == NULL) {
        json_object_set_new(o, name, v);
    } else if (json_is_array(there)) {
        json_array_append_new(there, v);
    } else {
        json_t *list = json_array();

        json_array_append(list, there);
        json_array_append_new(list, v);
        json_object_set_new(o, name, list);
    }
}

static json_t *members_of(struct level *l)
{
    if (l->members == NULL)
        l->members = json_object();
    return l->members;
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = arg;
    struct level *l = &r->levels[r->depth];
    size_t n = strlen(name);

    if (r->failed)
        return;
    if (r->depth == XML_DEPTH_MAX || n > NAME_MAX_BYTES) {
        fail(r, "elements too deep inside each other, or with a name that is too long");
        return;
    }
    if (r->depth > 0)
        (void)members_of(&r->levels[r->depth - 1]);
    memcpy(l->name, name, n + 1);
    l->members = NULL;
    buf_init(&l->text, XML_BYTES_MAX);
    r->depth++;
    for (; attributes[0] != NULL; attributes += 2) {
        char key[NAME_MAX_BYTES + 2] = "@";

        if (strlen(attributes[0]) > NAME_MAX_BYTES) {
            fail(r, "an attribute with a name that is too long");
            return;
        }
        memcpy(key + 1, attributes[0], strlen(attributes[0]) + 1);
        put(members_of(l), key, json_string(attributes[1]));
    }
}

static bool is_blank(const struct buf *b)
{
    return strspn(buf_cstr(b), " \t\r\n") == b->len;
}

static void on_end(void *arg, const XML_Char *name)
{
    struct reader *r = arg;
    struct level *l;
    json_t *v;

    (void)name;
    if (r->failed)
        return;
    l = &r->levels[--r->depth];
    v = l->members;
    if (v == NULL)
        v = json_stringn(buf_cstr(&l->text), l->text.len);
    else if (!is_blank(&l->text))
        put(v, "#", json_stringn(l->text.data, l->text.len));
    l->members = NULL;
    buf_fini(&l->text);
    if (r->depth == 0)
        r->root = v;
    else
        put(members_of(&r->levels[r->depth - 1]), l->name, v);
}

static void on_text(void *arg, const XML_Char *s, int n)
{
    struct reader *r = arg;

    if (!r->failed && r->depth > 0)
        buf_add(&r->levels[r->depth - 1].text, s, (size_t)n); /* not longer than the document */
}

static int parse(struct reader *r, const char *s, size_t n)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    if (XML_Parse(r->parser, s, (int)n, 1) != XML_STATUS_OK && !r->failed)
        fail(r, XML_ErrorString(XML_GetErrorCode(r->parser)));
    while (r->depth > 0) { /* it broke off inside */
        json_decref(r->levels[--r->depth].members);
        buf_fini(&r->levels[r->depth].text);
    }
    return r->failed ? -1 : 0;
}

int xml_tree(json_t **out, const char *s, size_t n, struct err *e)
{
    struct reader *r;
    int rc;

    *out = NULL;
    if (n > XML_BYTES_MAX)
        return err_set(e, "bad-xml", NULL, "%zu bytes; at most %d are read", n, XML_BYTES_MAX);
    if (n > 0 && !utf8_valid(s, n))
        return err_set(e, "bad-xml", NULL, "not UTF-8");
    r = xcalloc(1, sizeof(*r));
    r->e = e;
    r->parser = XML_ParserCreate("UTF-8"); /* whatever the document says of itself */
    if (r->parser == NULL)
        panic("no memory for a parser");
    rc = parse(r, n > 0 ? s : "", n);
    XML_ParserFree(r->parser);
    if (rc == 0)
        *out = r->root;
    else
        json_decref(r->root);
    free(r);
    return rc;
}
