/* XML that comes from outside: WeChat's callbacks as a flat list of fields, answers and callbacks of other vendors as a tree.
 *
 * Hides: expat (only here). A document type declaration is refused, so that there are no entities but the five; size, depth and number of fields are limited. Pure. */
#ifndef PROVIDER_XML_H
#define PROVIDER_XML_H

#include <jansson.h>

#include "provider/form.h"

#define XML_BYTES_MAX 65536
#define XML_DEPTH_MAX 8 /* the root is 1 */

/* Every element without children becomes a field, named by its way below the root: "Content", "ScanCodeInfo/ScanResult". White space around children is dropped. 0, or -1
 * with code "bad-xml": malformed, not UTF-8, a DOCTYPE, too large, too deep, too many fields. form_fini frees. */
int xml_read(struct form *f, const char *s, size_t n, struct err *e) MUSTCHECK;

/* What is inside the root as JSON would say it: an element without children and attributes is its text, any other an object of what is in it; brothers of one name are a list.
 * Attributes are "@name", text beside children or attributes "#" (none when it is blank). As above; 0 with a new reference, or -1. */
int xml_tree(json_t **out, const char *s, size_t n, struct err *e) MUSTCHECK;

#endif
