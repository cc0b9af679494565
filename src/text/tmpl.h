/* Templates without logic: `{{name}}`, with a word for when it is empty `{{name|邻居}}`, and `\{{` for the braces themselves.
 *
 * Hides: parsing. A template is compiled once and rendered per recipient. Values are inserted as they are: escaping for
 * JSON, forms or XML is done by whoever builds the request around the finished text. */
#ifndef TEXT_TMPL_H
#define TEXT_TMPL_H

#include "base/buf.h"

struct tmpl;

/* NULL with code "bad-template" (unclosed braces, a name that is not [\w.-]{1,64} in any script). ${text} is copied. */
struct tmpl *tmpl_compile(const char *text, size_t n, struct err *e) MUSTCHECK;
void tmpl_free(struct tmpl *t);
/* Names used, in order of first use; borrowed. */
size_t tmpl_n_names(const struct tmpl *t);
const char *tmpl_name(const struct tmpl *t, size_t i);
/* The value of a name: bytes borrowed for the call, *n set; NULL or empty = the fallback, else nothing. */
typedef const char *(*tmpl_lookup)(void *arg, const char *name, size_t *n);
/* Append the rendered text. -1 when ${out} overflows. */
int tmpl_render(const struct tmpl *t, tmpl_lookup lookup, void *arg, struct buf *out);

#endif
