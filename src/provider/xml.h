/* The XML of WeChat's callbacks, as a flat list of fields.
 *
 * Hides: expat (only here). A document type declaration is refused, so that there are no entities but the five; size, depth and number of fields are limited. Pure. */
#ifndef PROVIDER_XML_H
#define PROVIDER_XML_H

#include "provider/form.h"

#define XML_BYTES_MAX 65536
#define XML_DEPTH_MAX 8 /* the root is 1 */

/* Every element without children becomes a field, named by its way below the root: "Content", "ScanCodeInfo/ScanResult". White space around children is dropped. 0, or -1
 * with code "bad-xml": malformed, not UTF-8, a DOCTYPE, too large, too deep, too many fields. form_fini frees. */
int xml_read(struct form *f, const char *s, size_t n, struct err *e) MUSTCHECK;

#endif
