#include "provider/xml.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/utf8.h"

#define NAME_MAX_BYTES 64 /* of one element's name */

struct reader {
    XML_Parser parser;
    struct err *e;
    bool failed;
    size_t depth;
    char path[XML_DEPTH_MAX][NAME_MAX_BYTES + 1];
    bool has_children[XML_DEPTH_MAX];
    struct buf text;                                     /* of the element that is open */
    struct buf out;                                      /* names and values, a NUL behind each */
    size_t at[FORM_FIELDS_MAX][2], len[FORM_FIELDS_MAX]; /* where in ${out}; lengths of the values */
    size_t n;
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

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = arg;
    size_t n = strlen(name);

    (void)attributes;
    if (r->depth == XML_DEPTH_MAX || n > NAME_MAX_BYTES) {
        fail(r, "elements too deep inside each other, or with a name that is too long");
        return;
    }
    if (r->depth > 0)
        r->has_children[r->depth - 1] = true;
    memcpy(r->path[r->depth], name, n + 1);
    r->has_children[r->depth++] = false;
    buf_reset(&r->text);
}

static void add_field(struct reader *r)
{
    if (r->n == FORM_FIELDS_MAX) {
        fail(r, "too many elements");
        return;
    }
    r->at[r->n][0] = r->out.len;
    for (size_t i = 1; i < r->depth; i++)
        buf_fmt(&r->out, "%s%s", i > 1 ? "/" : "", r->path[i]);
    buf_chr(&r->out, '\0');
    r->at[r->n][1] = r->out.len;
    r->len[r->n++] = r->text.len;
    buf_add(&r->out, buf_cstr(&r->text), r->text.len);
    buf_chr(&r->out, '\0');
}

static void on_end(void *arg, const XML_Char *name)
{
    struct reader *r = arg;

    (void)name;
    if (r->depth > 1 && !r->has_children[r->depth - 1])
        add_field(r);
    buf_reset(&r->text);
    r->depth--;
}

static void on_text(void *arg, const XML_Char *s, int n)
{
    struct reader *r = arg;

    buf_add(&r->text, s, (size_t)n); /* what is inside is not longer than the document */
}

static void take_fields(struct reader *r, struct form *f)
{
    f->n = r->n;
    f->bytes = buf_take(&r->out);
    for (size_t i = 0; i < r->n; i++)
        f->fields[i] = (struct form_field){
            .name = f->bytes + r->at[i][0], .value = f->bytes + r->at[i][1], .value_len = r->len[i]};
}

static int parse(struct reader *r, const char *s, size_t n)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    if (XML_Parse(r->parser, s, (int)n, 1) != XML_STATUS_OK && !r->failed)
        fail(r, XML_ErrorString(XML_GetErrorCode(r->parser)));
    if (r->text.overflow || r->out.overflow)
        fail(r, "too large");
    return r->failed ? -1 : 0;
}

int xml_read(struct form *f, const char *s, size_t n, struct err *e)
{
    struct reader *r;
    int rc = -1;

    *f = (struct form){.n = 0, .bytes = NULL};
    if (n > XML_BYTES_MAX)
        return err_set(e, "bad-xml", NULL, "%zu bytes; at most %d are read", n, XML_BYTES_MAX);
    if (n > 0 && !utf8_valid(s, n))
        return err_set(e, "bad-xml", NULL, "not UTF-8");
    r = xcalloc(1, sizeof(*r));
    r->e = e;
    buf_init(&r->text, XML_BYTES_MAX);
    buf_init(&r->out, 2 * XML_BYTES_MAX);
    r->parser = XML_ParserCreate("UTF-8"); /* whatever the document says of itself */
    if (r->parser == NULL)
        panic("no memory for a parser");
    if ((rc = parse(r, n > 0 ? s : "", n)) == 0)
        take_fields(r, f);
    XML_ParserFree(r->parser);
    buf_fini(&r->text);
    buf_fini(&r->out);
    free(r);
    return rc;
}
