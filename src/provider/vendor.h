/* Templates approved by a vendor: which one says what we want to say, and with which values.
 *
 * Chinese providers carry no free text: the office has the wording approved beforehand, and a message names the template's id and the values of its variables. crier goes the
 * other way round: a notice is written as text, and the text of each recipient is held against the approved wordings. So the same notice can go to any provider that has a
 * fitting one, and a notice that has none anywhere is known before it is sent. Pure. */
#ifndef PROVIDER_VENDOR_H
#define PROVIDER_VENDOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "provider/provider.h"

#define VENDOR_VARS_MAX 20

struct vendor_var {
    char *name;
    size_t max; /* most characters, 0 = no limit */
};
struct vendor_template {
    char *title; /* what the office calls it */
    char *id;    /* the vendor's */
    bool approved;
    bool promotion;                          /* approved for promotions; others for notices only */
    char *literals[VENDOR_VARS_MAX + 1];     /* the fixed text before each variable, and after the last one */
    struct vendor_var vars[VENDOR_VARS_MAX]; /* in order of appearance, each name once */
    size_t holes[VENDOR_VARS_MAX];           /* which variable stands between literals i and i + 1 */
    size_t n_vars, n_holes;
};
struct vendor_value {
    const char *s; /* borrowed from the text that was matched */
    size_t n;
};
struct vendor_match {
    const struct vendor_template *t;
    struct vendor_value values[VENDOR_VARS_MAX]; /* [t->n_vars] */
};

/* ${text}: the approved wording with {{name}} for its variables. ${limits}: "name 20" each, NULL terminated, may be NULL. -1 with code "bad-template": two variables side by
 * side, none of the name of a limit, more than VENDOR_VARS_MAX. Everything is copied. */
int vendor_template_init(struct vendor_template *t, const char *title, const char *id, const char *text,
                         char *const *limits, struct err *e) MUSTCHECK;
void vendor_template_fini(struct vendor_template *t);

/* Find the template among those of ${c} that says exactly ${text} and is approved for this purpose, every value within its limit. -1 with code "bad-message" and why none
 * does, the nearest miss first ("template water-cut fits, but {{name}} has 8 characters of at most 6"). */
int vendor_find(const struct provider_conf *c, const char *text, size_t n, enum provider_purpose purpose,
                struct vendor_match *m, struct err *e) MUSTCHECK;
/* The driver's `fits` of those that send by template only. */
int vendor_fits(const struct provider_conf *c, const struct provider_msg *m, struct err *e);

#endif
